'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const attach = require('..');
const { FINAL, RENEWED, classic, fakeIo, listen, mockTimers, open } = require('./fake');

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
      assert.deepEqual(parse(socket.io.query), { ...row.want, 'session-script': '2' });
      assert.deepEqual(socket.opts.query, row.query, 'left as it was');
      socket.io.opts.query = { later: 'yes' };
      socket.session.refresh();
      const { c } = row.want;
      assert.deepEqual(parse(socket.io.query), { later: 'yes', ...(c && { c }), 'session-script': '2' }, 'the page may change its own');
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

test('once hears of the next event only, and off ends it before', (t) => {
  mockTimers(t);
  const [socket] = open(classic(), '/');
  const told = [];
  const unwanted = () => assert.fail('called after off');
  socket.session
    .once('invalid', (reason) => told.push(reason))
    .once('invalid', unwanted)
    .off('invalid', unwanted)
    .once('active', () => told.push('active'));
  for (const refused of [RENEWED, RENEWED]) {
    socket.receive('sinvalid', refused);
    t.mock.timers.tick(60000);
    socket.io.accept();
    socket.admit();
  }
  assert.deepEqual(told, [RENEWED, 'active']);
});

test('once does not take along the listeners that are called with it', () => {
  const [socket] = open(classic(), '/');
  const told = [];
  const both = () => told.push('both');
  socket.session.once('active', both).on('active', both).once('active', () => told.push('last'));
  socket.admit();
  socket.admit();
  assert.deepEqual(told, ['both', 'both', 'last', 'both']);
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
