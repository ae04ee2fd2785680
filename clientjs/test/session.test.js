'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const attach = require('..');
const { FINAL, RENEWED, fakeIo, mockTimers, open } = require('./fake');
const { fakeWindow } = require('./page');

function classic() {
  return attach(fakeIo(4));
}

/** Counts what a session tells. */
function listen(session) {
  const told = [];
  session.on('active', () => told.push('active'));
  session.on('invalid', (reason) => told.push(reason));
  return told;
}

test('the arguments are those of io.connect', async (t) => {
  const opts = { transports: ['websocket'] };
  const rows = [
    { name: 'none', args: [], uri: undefined, opts: {} },
    { name: 'options', args: [opts], uri: undefined, opts },
    { name: 'address', args: ['/chat?x=1'], uri: '/chat?x=1', opts: {} },
    { name: 'address and options', args: ['http://other.test/chat', opts], uri: 'http://other.test/chat', opts },
    { name: 'no address, but options', args: [undefined, opts], uri: undefined, opts },
    { name: 'null for the address', args: [null, opts], uri: undefined, opts },
  ];
  for (const row of rows) {
    await t.test(row.name, () => {
      const io = classic();
      const socket = io.connectWithSession(...row.args);
      assert.deepEqual(io.calls, [[row.uri, { ...row.opts, forceNew: true, autoConnect: false }]]);
      assert.equal(socket.io.handshakes, 1);
    });
  }
});

test('the options are copied', () => {
  const io = classic();
  const opts = Object.freeze({ query: Object.freeze({ x: 1 }) });
  const socket = io.connectWithSession('/chat', opts);
  assert.deepEqual(socket.opts.query, { x: 1 });
  assert.deepEqual(opts, { query: { x: 1 } });
});

test('the query of a handshake', async (t) => {
  const rows = [
    { name: 'none', uri: '/', query: undefined, want: {} },
    { name: 'an object', uri: '/', query: { a: '1&2', b: 'ü' }, want: { a: '1&2', b: 'ü' } },
    { name: 'a string', uri: '/', query: 'a=1%262', want: { a: '1&2' } },
    { name: "the address's", uri: '/?c=3', query: undefined, want: { c: '3' } },
    { name: "the address's, with a hash", uri: '/?c=3#d=4', query: undefined, want: { c: '3' } },
    { name: 'both', uri: '/?c=3', query: { a: 1 }, want: { a: '1', c: '3' } },
    { name: "both of one name: the address's counts, as in socket.io", uri: '/?c=3', query: 'c=4', want: { c: '3' } },
  ];
  for (const row of rows) {
    await t.test(row.name, () => {
      const socket = classic().connectWithSession(row.uri, { query: row.query });
      assert.deepEqual(parse(socket.io.query), { ...row.want, 'session-script': '1' });
      assert.deepEqual(socket.opts.query, row.query, 'left as it was');
      socket.io.opts.query = { later: 'yes' };
      socket.session.refresh();
      const { c } = row.want;
      assert.deepEqual(parse(socket.io.query), { later: 'yes', ...(c && { c }), 'session-script': '1' }, 'the page may change its own');
    });
  }

  function parse(query) {
    return Object.fromEntries(new URLSearchParams(query));
  }
});

test('autoConnect: false leaves the connect to the page', () => {
  const socket = classic().connectWithSession({ autoConnect: false });
  assert.equal(socket.io.handshakes, 0);
  assert.equal(socket.session.state, 'pending');
  socket.connect();
  assert.equal(socket.io.handshakes, 1);
});

test('who shares a connection', async (t) => {
  const rows = [
    { name: 'two namespaces', first: ['/'], second: ['/chat'], shared: true },
    { name: 'with a query', first: ['/?x=1'], second: ['/chat'], shared: true },
    { name: 'the same namespace again', first: ['/'], second: ['/'], shared: false },
    { name: 'another host', first: ['http://a.test/'], second: ['http://b.test/chat'], shared: false },
    { name: 'another path', first: ['/'], second: ['/chat', { path: '/ws' }], shared: false },
    { name: 'forceNew', first: ['/'], second: ['/chat', { forceNew: true }], shared: false },
    { name: 'forceNew at first', first: ['/', { forceNew: true }], second: ['/chat'], shared: false },
    { name: 'multiplex: false', first: ['/'], second: ['/chat', { multiplex: false }], shared: false },
  ];
  for (const row of rows) {
    await t.test(row.name, () => {
      const io = classic();
      const [one, two] = [io.connectWithSession(...row.first), io.connectWithSession(...row.second)];
      assert.equal(one.io === two.io, row.shared);
      assert.equal(two.io.handshakes, 1);
    });
  }
});

test('a namespace that is taken does not end the sharing of the others', () => {
  const io = classic();
  const first = io.connectWithSession('/');
  io.connectWithSession('/');
  assert.equal(io.connectWithSession('/chat').io, first.io);
});

test('the state follows the socket', () => {
  const io = classic();
  const socket = io.connectWithSession();
  const told = listen(socket.session);
  assert.equal(socket.session.state, 'pending');
  socket.io.accept();
  socket.admit();
  assert.equal(socket.session.state, 'active');
  socket.io.drop('transport close');
  assert.equal(socket.session.state, 'pending');
  socket.admit();
  assert.deepEqual(told, ['active', 'active']);
});

test('off ends a listener, and only that one', () => {
  const [socket] = open(classic(), '/');
  const told = listen(socket.session);
  const unwanted = () => assert.fail('called after off');
  socket.session.on('invalid', unwanted).off('invalid', unwanted).off('never', unwanted);
  socket.receive('sinvalid', FINAL);
  assert.deepEqual(told, [FINAL]);
});

test('a final reason: hung up, told, not retried', (t) => {
  mockTimers(t);
  const [socket, chat] = open(classic(), '/', '/chat');
  const told = listen(socket.session);
  const seen = [];
  socket.on('sinvalid', (reason) => seen.push(reason, socket.connected));
  socket.receive('sinvalid', FINAL);

  assert.equal(socket.session.state, 'invalid');
  assert.equal(socket.session.reason, FINAL);
  assert.deepEqual(told, [FINAL]);
  assert.deepEqual(seen, [FINAL, false], "the page's own listener hears it too, after the hang-up");
  t.mock.timers.tick(60000);
  assert.equal(socket.session.state, 'invalid');
  assert.equal(socket.connected, false);

  assert.equal(chat.session.state, 'active', 'the other namespace goes on');
  assert.equal(chat.io.handshakes, 1);
});

test('a sinvalid without a reason is final', () => {
  const [socket] = open(classic(), '/');
  socket.receive('sinvalid', undefined);
  assert.equal(socket.session.state, 'invalid');
  assert.equal(socket.session.reason.code, undefined);
});

test('a refusal at connect', async (t) => {
  const error = (data) => Object.assign(new Error('refused'), { data });
  const rows = [
    { name: '2.x: error packet', protocol: 4, event: 'error', value: FINAL, state: 'invalid' },
    { name: '2.x: error packet of the app', protocol: 4, event: 'error', value: 'no', state: 'pending' },
    { name: '2.x: network', protocol: 4, event: 'error', value: Object.assign(new Error(), { code: 'ECONNREFUSED' }), state: 'pending' },
    { name: '2.x: no connection', protocol: 4, event: 'connect_error', value: error(FINAL), state: 'pending' },
    { name: '4.x: CONNECT_ERROR', protocol: 5, event: 'connect_error', value: error(FINAL), state: 'invalid' },
    { name: '4.x: CONNECT_ERROR of the app', protocol: 5, event: 'connect_error', value: error({ why: 'no' }), state: 'pending' },
    { name: '4.x: network', protocol: 5, event: 'connect_error', value: new Error('xhr poll error'), state: 'pending' },
    { name: "4.x: the app's own event", protocol: 5, event: 'error', value: FINAL, state: 'pending' },
  ];
  for (const row of rows) {
    await t.test(row.name, () => {
      const socket = attach(fakeIo(row.protocol)).connectWithSession('/chat');
      socket.on('error', () => {});
      socket.io.accept();
      socket.emit(row.event, row.value);
      assert.equal(socket.session.state, row.state);
      assert.equal(socket.session.reason, row.state === 'invalid' ? FINAL : undefined);
      assert.equal(Boolean(socket.subs), row.state === 'pending', 'socket.io goes on only where it may');
    });
  }
});

test("unknown is not final within 30 s of 'renewed': the new cookie may be on its way", (t) => {
  mockTimers(t);
  const unknown = { ...FINAL, code: 'unknown' };
  const [socket] = open(classic(), '/');
  const told = listen(socket.session);
  socket.receive('sinvalid', RENEWED);
  for (const [wait, handshakes] of [[1000, 2], [2000, 3], [4000, 4], [8000, 5]]) {
    t.mock.timers.tick(wait);
    assert.equal(socket.io.handshakes, handshakes);
    socket.io.accept();
    socket.emit('error', unknown);
    assert.equal(socket.session.state, 'pending');
    assert.deepEqual(socket.session.reason, { ...unknown, reconnect: true }, 'as it is what the script does');
  }
  assert.deepEqual(told.length, 5);

  t.mock.timers.tick(16000); // 31 s in all
  assert.equal(socket.io.handshakes, 6);
  socket.io.accept();
  socket.emit('error', unknown);
  assert.equal(socket.session.state, 'invalid');
  assert.equal(socket.session.reason, unknown);
  t.mock.timers.tick(60000);
  assert.equal(socket.io.handshakes, 6);
});

test("'unknown' is final otherwise, and so are other reasons after 'renewed'", async (t) => {
  for (const [code, before] of [['unknown', 'busy'], ['destroyed', 'renewed'], ['no_cookie', 'renewed']]) {
    await t.test(`${code} after ${before}`, (t) => {
      mockTimers(t);
      const [socket] = open(classic(), '/');
      socket.receive('sinvalid', { ...RENEWED, code: before });
      t.mock.timers.tick(1000);
      socket.io.accept();
      socket.emit('error', { ...FINAL, code });
      assert.equal(socket.session.state, 'invalid');
      t.mock.timers.tick(60000);
      assert.equal(socket.io.handshakes, 2);
    });
  }
});

test('reconnect: true connects again by a new handshake, and says pending meanwhile', (t) => {
  mockTimers(t);
  const [socket] = open(classic(), '/');
  const told = listen(socket.session);
  let during;
  socket.session.on('invalid', () => { during = socket.session.state; });
  socket.receive('sinvalid', RENEWED);
  assert.equal(during, 'invalid');
  assert.equal(socket.session.state, 'pending');
  assert.equal(socket.session.reason, RENEWED);
  assert.equal(socket.connected, false);

  t.mock.timers.tick(999);
  assert.equal(socket.io.handshakes, 1);
  t.mock.timers.tick(1);
  assert.equal(socket.io.handshakes, 2);
  assert.equal(socket.session.reason, undefined);
  socket.io.accept();
  socket.admit();
  assert.deepEqual(told, [RENEWED, 'active']);
});

/** The server admits the socket, refuses it after it has lasted some time, and it comes back: after how long? */
function delayOfRetry(t, socket, lasted) {
  socket.io.accept();
  socket.admit();
  t.mock.timers.tick(lasted);
  const before = socket.io.handshakes;
  socket.receive('sinvalid', RENEWED);
  for (let delay = 0; delay <= 60000; delay += 250) {
    if (socket.io.handshakes > before) return delay;
    t.mock.timers.tick(250);
  }
  return Infinity;
}

test('the delay doubles up to its cap, and starts anew after a connection that lasted', (t) => {
  mockTimers(t);
  const socket = classic().connectWithSession();
  const delays = [0, 0, 0, 0, 0, 0, 9999, 10000, 0].map((lasted) => delayOfRetry(t, socket, lasted));
  assert.deepEqual(delays, [1000, 2000, 4000, 8000, 16000, 30000, 30000, 1000, 2000]);
});

test('half of the delay is random', (t) => {
  mockTimers(t, 1);
  const socket = classic().connectWithSession();
  assert.deepEqual([0, 0].map((lasted) => delayOfRetry(t, socket, lasted)), [500, 1000]);
});

test('a refusal at connect says nothing of how long the last connection lasted', (t) => {
  mockTimers(t);
  const busy = { code: 'busy', message: 'later', reconnect: true, data: null };
  const [, chat] = open(classic(), '/', '/chat');
  t.mock.timers.tick(10000);
  chat.emit('error', busy);
  t.mock.timers.tick(1000);
  assert.equal(chat.asked, 2);
  t.mock.timers.tick(10000);
  chat.emit('error', busy);
  t.mock.timers.tick(1999);
  assert.equal(chat.asked, 2);
  t.mock.timers.tick(1);
  assert.equal(chat.asked, 3);
});

test('a namespace that was refused for the cookie comes back by a new handshake', (t) => {
  mockTimers(t);
  const [root, chat] = open(classic(), '/', '/chat');
  chat.emit('error', RENEWED);
  t.mock.timers.tick(1000);
  assert.equal(root.io.handshakes, 2);
});

test('what ends a retry', async (t) => {
  const rows = [
    { name: 'disconnect of the page', end: (socket) => socket.disconnect() },
    { name: 'close of the page', end: (socket) => socket.close() },
    { name: 'disconnect in a listener', early: (socket) => socket.session.on('invalid', () => socket.disconnect()) },
    { name: 'reconnection: false', opts: { reconnection: false } },
  ];
  for (const row of rows) {
    await t.test(row.name, (t) => {
      mockTimers(t);
      const socket = classic().connectWithSession(row.opts);
      if (row.early) row.early(socket);
      socket.io.accept();
      socket.admit();
      socket.receive('sinvalid', RENEWED);
      if (row.end) assert.equal(row.end(socket), socket);
      t.mock.timers.tick(60000);
      assert.equal(socket.io.handshakes, 1);
    });
  }
});

test('a namespace that retries does not disturb the others', (t) => {
  mockTimers(t);
  const [root, chat] = open(classic(), '/', '/chat');
  chat.receive('sinvalid', { ...RENEWED, code: 'busy' });
  t.mock.timers.tick(1000);
  assert.equal(chat.asked, 2);
  assert.equal(root.io.handshakes, 1);
  assert.equal(root.session.state, 'active');
});

test('namespaces that are refused together retry together', (t) => {
  mockTimers(t);
  const [root, chat] = open(classic(), '/', '/chat');
  chat.receive('sinvalid', RENEWED);
  assert.equal(delayOfRetry(t, root, 0), 1000);
  assert.equal(delayOfRetry(t, root, 0), 2000);
});

test('a retry that the page has called off does not disturb the others', (t) => {
  mockTimers(t);
  const [root, chat] = open(classic(), '/', '/chat');
  chat.receive('sinvalid', RENEWED);
  chat.disconnect();
  root.io.drop('transport close'); // socket.io waits to reconnect
  t.mock.timers.tick(60000);
  assert.equal(root.io.handshakes, 1);
});

test('a retry that the page has done itself is not done again', (t) => {
  mockTimers(t);
  const [socket] = open(classic(), '/');
  socket.receive('sinvalid', RENEWED);
  socket.connect();
  socket.io.accept();
  socket.admit();
  assert.equal(socket.session.state, 'active');
  assert.equal(socket.session.reason, undefined);
  t.mock.timers.tick(60000);
  assert.equal(socket.io.handshakes, 2);
});

test('refresh', async (t) => {
  await t.test('after a final reason', () => {
    const [socket] = open(classic(), '/');
    socket.receive('sinvalid', FINAL);
    socket.session.refresh();
    assert.equal(socket.session.state, 'pending');
    assert.equal(socket.session.reason, undefined);
    assert.equal(socket.io.handshakes, 2);
    socket.io.accept();
    socket.admit();
    assert.equal(socket.session.state, 'active');
  });

  await t.test('of an open socket closes it and comes back, with the namespaces that are well', () => {
    const [root, chat, news] = open(classic(), '/', '/chat', '/news');
    news.receive('sinvalid', FINAL);
    root.session.refresh();
    assert.deepEqual([root, chat, news].map((s) => s.connected), [false, false, false]);
    assert.equal(root.session.state, 'pending');
    assert.equal(root.io.handshakes, 2);
    root.io.accept();
    assert.deepEqual([chat.asked, news.asked], [2, 1]);
    assert.equal(news.session.state, 'invalid');
  });

  await t.test('of an opening socket does not wait for the old cookie', () => {
    const socket = classic().connectWithSession();
    socket.session.refresh();
    assert.equal(socket.io.handshakes, 2);
  });

  await t.test('leaves an engine behind that closes late, or never', () => {
    const [socket] = open(classic(), '/');
    const late = socket.io.engine;
    socket.io.unsent = true;
    socket.session.refresh();
    assert.equal(socket.connected, false);
    assert.equal(socket.io.handshakes, 2);
    socket.io.accept();
    socket.admit();
    late.emit('close', 'forced close');
    assert.equal(socket.session.state, 'active');
  });

  await t.test('tells the end of such an engine once', () => {
    for (const io of [fakeIo(4), fakeIo(5, true), fakeIo(5)]) {
      const [socket] = open(attach(io), '/');
      const whys = [];
      socket.on('disconnect', (why) => whys.push(why));
      socket.io.unsent = true;
      socket.session.refresh();
      assert.deepEqual(whys, ['forced close']);
    }
  });

  await t.test('starts the delays anew', (t) => {
    mockTimers(t);
    const [socket] = open(classic(), '/');
    delayOfRetry(t, socket, 0);
    socket.session.refresh();
    assert.equal(delayOfRetry(t, socket, 0), 1000);
  });

  await t.test('in a listener of a retry replaces it', (t) => {
    mockTimers(t);
    const [socket] = open(classic(), '/');
    socket.session.on('invalid', () => socket.session.refresh());
    socket.receive('sinvalid', RENEWED);
    assert.equal(socket.io.handshakes, 2);
    socket.io.accept();
    socket.admit();
    t.mock.timers.tick(60000);
    assert.equal(socket.io.handshakes, 2);
    assert.equal(socket.session.state, 'active');
  });

  await t.test('leaves alone what the page has disconnected', () => {
    const [root, chat] = open(classic(), '/', '/chat');
    chat.disconnect();
    root.session.refresh();
    root.io.accept();
    assert.equal(chat.asked, 1);
  });
});

test('1.x and 2.x: the root', async (t) => {
  await t.test('when it is refused, takes the others along as the server closes', () => {
    const [root, chat] = open(classic(), '/', '/chat');
    const told = listen(chat.session);
    root.receive('sinvalid', FINAL);
    assert.equal(chat.session.state, 'active');
    chat.io.drop('transport close');
    assert.deepEqual(told, [FINAL]);
    assert.equal(chat.session.state, 'invalid');
    assert.equal(Boolean(chat.subs), false);
  });

  await t.test('does so also where the page has no socket of it', async (t) => {
    const rows = [
      { name: 'sinvalid', packet: { type: 2, nsp: '/', data: ['sinvalid', FINAL] }, state: 'invalid' },
      { name: 'error packet', packet: { type: 4, nsp: '/', data: FINAL }, state: 'invalid' },
      { name: 'another event', packet: { type: 2, nsp: '/', data: ['news', FINAL] }, state: 'pending' },
      { name: 'another namespace', packet: { type: 2, nsp: '/news', data: ['sinvalid', FINAL] }, state: 'pending' },
    ];
    for (const row of rows) {
      await t.test(row.name, () => {
        const [chat] = open(classic(), '/chat');
        chat.io.emit('packet', row.packet);
        chat.io.drop('transport close');
        assert.equal(chat.session.state, row.state);
      });
    }
  });

  await t.test('is forgotten by the next connection', () => {
    const [chat] = open(classic(), '/chat');
    chat.io.emit('packet', { type: 2, nsp: '/', data: ['sinvalid', FINAL] });
    chat.io.drop('transport close');
    assert.equal(chat.session.state, 'invalid');
    chat.connect();
    chat.io.accept();
    chat.admit();
    chat.io.drop('transport close');
    assert.equal(chat.session.state, 'pending');
  });

  await t.test('does not hold what the page itself closes', (t) => {
    mockTimers(t);
    const [root, chat] = open(classic(), '/', '/chat');
    root.receive('sinvalid', FINAL);
    chat.disconnect();
    assert.equal(chat.session.reason, undefined);
  });

  await t.test('comes back by a new handshake, with those that were well', (t) => {
    mockTimers(t);
    const [root, chat] = open(classic(), '/', '/chat');
    chat.session.on('invalid', () => assert.fail('it was well'));
    root.receive('sinvalid', RENEWED);
    t.mock.timers.tick(1000);
    assert.equal(root.io.handshakes, 2);
    root.io.accept();
    assert.equal(chat.asked, 2);
  });

  await t.test('comes back in one handshake with those it took along', (t) => {
    mockTimers(t);
    const [root, chat] = open(classic(), '/', '/chat');
    root.receive('sinvalid', RENEWED);
    chat.io.drop('transport close');
    t.mock.timers.tick(1000);
    root.io.accept();
    assert.equal(chat.asked, 2);
    assert.equal(root.io.handshakes, 2);
    t.mock.timers.tick(60000);
    assert.equal(root.io.handshakes, 2);
  });

  await t.test('needs a handshake where a connection is open', () => {
    const io = classic();
    const [chat] = open(io, '/chat');
    const root = io.connectWithSession('/');
    assert.equal(root.io, chat.io);
    assert.equal(root.io.handshakes, 2);
    root.io.accept();
    assert.equal(chat.asked, 2);
  });
});

test('3.x and 4.x: the root is a namespace like any other', () => {
  const io = attach(fakeIo(5));
  const [chat] = open(io, '/chat');
  const root = io.connectWithSession('/');
  assert.equal(root.io.handshakes, 1);
  root.admit();
  root.receive('sinvalid', FINAL);
  chat.io.drop('transport close');
  assert.equal(chat.session.state, 'pending');
  assert.ok(chat.subs);
});

test('a page that is left hangs up, and comes back when it is shown again', (t) => {
  const page = fakeWindow(t);
  const [root, chat, news] = open(classic(), '/', '/chat', '/news');
  news.receive('sinvalid', FINAL);

  page.hide();
  assert.equal(root.io.engine.readyState, 'closed');
  assert.equal(root.session.state, 'pending');
  assert.equal(root.io.handshakes, 1);

  page.show(true);
  assert.equal(root.io.handshakes, 2);
  root.io.accept();
  assert.deepEqual([chat.asked, news.asked], [2, 1]);
  page.show(true);
  assert.equal(root.io.handshakes, 2, 'once');

  page.hide();
  page.show(false);
  assert.equal(root.io.handshakes, 2, 'not where the page was loaded anew');
});

test('a page that is left does not retry before it is shown again', (t) => {
  mockTimers(t);
  const page = fakeWindow(t);
  const [root, chat] = open(classic(), '/', '/chat');
  chat.receive('sinvalid', RENEWED);
  page.hide();
  t.mock.timers.tick(60000);
  assert.equal(root.io.handshakes, 1);
  page.show(true);
  root.io.accept();
  assert.equal(chat.asked, 2);
});

test('a closed connection leaves no listener with the page', (t) => {
  const page = fakeWindow(t);
  const [socket] = open(classic(), '/');
  assert.equal(page.listeners(), 1);
  socket.disconnect();
  assert.equal(page.listeners(), 0);
});
