'use strict';

// The script with real clients and a real server, from the handshake on.

const assert = require('node:assert/strict');
const { once, setMaxListeners } = require('node:events');
const test = require('node:test');
const attach = require('..');
const { Browser, browserFetch } = require('./page');
const { startServer } = require('./server');

// What a browser has and Node has not.
const page = new EventTarget();
setMaxListeners(0, page); // 3.x adds one with every connection
globalThis.addEventListener = page.addEventListener.bind(page);
globalThis.removeEventListener = page.removeEventListener.bind(page);

const CLIENTS = {
  '1.7.4': attach(require('socket.io-client-1')),
  '2.0.4': attach(require('socket.io-client-2.0')),
  '2.5.0': attach(require('socket.io-client')),
  '3.1.3': attach(require('socket.io-client-3')),
  '4.8.4': attach(require('socket.io-client-4')),
};

const FINAL = { code: 'unknown', message: 'no such session', reconnect: false, data: null };
const RENEWED = { code: 'renewed', message: 'logged in', reconnect: true, data: null };
const BUSY = { code: 'busy', message: 'try again', reconnect: true, data: { load: 1 } };

for (const [version, io] of Object.entries(CLIENTS)) {
  test(`socket.io-client ${version}`, async (t) => {
    for (const [name, body] of Object.entries(cases)) {
      await t.test(name, { timeout: 5000 }, (t) => body(t, io, version < '3'));
    }
  });
}

/** The next event of a session, or of a socket. */
function next(emitter, event) {
  return new Promise((resolve) => {
    function f(value) {
      emitter.off(event, f);
      resolve(value);
    }
    emitter.on(event, f);
  });
}

function echo(socket, text) {
  return new Promise((resolve) => socket.emit('echo', text, resolve));
}

/** Waits until the connection is on its websocket. */
async function upgraded(socket) {
  const { engine } = socket.io;
  if (engine.transport.name !== 'websocket') await new Promise((resolve) => engine.once('upgrade', resolve));
}

/** Connects with a cookie that can be changed, as a browser's can; closed at the test's end. */
function connect(t, io, uri, { cookie, ...opts } = {}) {
  const extraHeaders = opts.extraHeaders || (cookie ? { Cookie: cookie } : {});
  const socket = io.connectWithSession(uri, { reconnectionDelay: 1, ...opts, extraHeaders });
  t.after(() => socket.disconnect());
  return socket;
}

function setCookie(socket, cookie) {
  socket.io.opts.extraHeaders.Cookie = cookie;
}

const cases = {
  async 'a final sinvalid: one handshake, while a plain client loops'(t, io) {
    const server = await startServer(t, () => FINAL);
    const socket = connect(t, io, server.uri, { transports: ['websocket'] });
    const seen = next(socket, 'sinvalid');
    const reason = await next(socket.session, 'invalid');
    assert.deepEqual(reason, FINAL);
    assert.deepEqual(await seen, FINAL);

    const opts = { forceNew: true, reconnectionDelay: 1, extraHeaders: { Cookie: 'plain' }, transports: ['websocket'] };
    const plain = io.connect(server.uri, opts);
    t.after(() => plain.disconnect());
    for (let i = 0; i < 3; i++) {
      await next(plain, 'sinvalid');
      plain.emit('heard');
    }
    assert.deepEqual(server.handshakes, [undefined, 'plain', 'plain', 'plain']);
    assert.deepEqual(server.gone[0], ['/', 'client namespace disconnect'], 'the server was told');
    assert.equal(socket.session.state, 'invalid');
  },

  async 'a refusal at connect'(t, io) {
    const server = await startServer(t, () => ({ ...FINAL, at: 'connect' }));
    const socket = connect(t, io, server.uri);
    socket.session.on('active', () => assert.fail('it was never connected'));
    const reason = await next(socket.session, 'invalid');
    assert.equal(reason.code, 'unknown');
    assert.equal(socket.session.state, 'invalid');
    assert.equal(server.handshakes.length, 1);
  },

  async 'reconnect: true comes back by itself'(t, io) {
    t.mock.method(Math, 'random', () => 0.999);
    const reasons = [BUSY, undefined];
    const server = await startServer(t, () => reasons.shift());
    const socket = connect(t, io, server.uri, { transports: ['websocket'] });
    assert.deepEqual(await next(socket.session, 'invalid'), BUSY);
    await next(socket.session, 'active');
    assert.equal(await echo(socket, 'back'), 'back');
    assert.equal(server.handshakes.length, 2);
  },

  async '/chat is refused while / stays'(t, io) {
    for (const at of ['connect', 'later']) {
      const server = await startServer(t, (nsp) => (nsp === '/chat' ? { ...FINAL, at, alone: true } : undefined));
      const socket = connect(t, io, server.uri);
      const chat = connect(t, io, `${server.uri}/chat`);
      await next(chat.session, 'invalid');
      assert.equal(chat.io, socket.io);
      assert.equal(await echo(socket, 'still here'), 'still here');
      assert.equal(socket.session.state, 'active');
      assert.equal(chat.session.state, 'invalid');
      assert.equal(server.handshakes.length, 1);
      socket.disconnect();
    }
  },

  async 'a root that is refused ends its connection'(t, io, classic) {
    const server = await startServer(t, (nsp) => (nsp === '/' ? FINAL : undefined));
    const chat = connect(t, io, `${server.uri}/chat`);
    const socket = connect(t, io, server.uri);
    await next(socket.session, 'invalid');
    if (classic) {
      assert.deepEqual(await next(chat.session, 'invalid'), FINAL);
      assert.equal(server.handshakes.length, 1);
    } else { // here /chat stands alone
      await next(chat, 'disconnect');
      await next(chat.session, 'active');
    }
  },

  async 'refresh after a login'(t, io) {
    const server = await startServer(t, (nsp, cookie) => (cookie ? undefined : FINAL));
    const socket = connect(t, io, server.uri);
    await next(socket.session, 'invalid');
    setCookie(socket, 'session=alice');
    socket.session.refresh();
    assert.equal(socket.session.state, 'pending');
    await next(socket.session, 'active');
    assert.equal(await echo(socket, 'alice'), 'alice');
    assert.deepEqual(server.handshakes, [undefined, 'session=alice']);
  },

  async 'refresh in the invalid listener itself'(t, io) {
    const server = await startServer(t, (nsp, cookie) => (cookie ? undefined : FINAL));
    const socket = connect(t, io, server.uri);
    socket.session.on('invalid', () => {
      setCookie(socket, 'session=alice');
      socket.session.refresh();
    });
    await next(socket.session, 'invalid');
    await next(socket.session, 'active');
    assert.equal(await echo(socket, 'alice'), 'alice');
    assert.deepEqual(server.handshakes, [undefined, 'session=alice']);
  },

  async 'refresh of open sockets takes the current cookie'(t, io) {
    const server = await startServer(t, () => undefined);
    const socket = connect(t, io, server.uri, { cookie: 'session=alice' });
    const chat = connect(t, io, `${server.uri}/chat`);
    await Promise.all([next(socket.session, 'active'), next(chat.session, 'active')]);
    setCookie(socket, 'session=bob');
    socket.emit('echo', 'unsent', () => {});
    socket.session.refresh();
    await Promise.all([next(socket.session, 'active'), next(chat.session, 'active')]);
    assert.equal(await echo(socket, 'bob'), 'bob');
    assert.equal(await echo(chat, 'bob'), 'bob');
    assert.deepEqual(server.handshakes, ['session=alice', 'session=bob']);
  },

  async 'refresh in the middle of an upgrade'(t, io) {
    const server = await startServer(t, () => undefined);
    const socket = connect(t, io, server.uri, { cookie: 'session=alice' });
    await next(socket.session, 'active');
    for (const cookie of ['session=bob', 'session=carol']) {
      setCookie(socket, cookie);
      socket.session.refresh();
      await next(socket.session, 'active');
    }
    await upgraded(socket);
    assert.equal(await echo(socket, 'carol'), 'carol');
    assert.equal(socket.session.state, 'active');
    assert.deepEqual(server.handshakes, ['session=alice', 'session=bob', 'session=carol']);
    assert.equal(server.io.engine.clientsCount, 1, 'the old connections have ended');
  },

  async 'it still reconnects after the network failed, and again'(t, io) {
    const server = await startServer(t, () => undefined);
    const socket = connect(t, io, server.uri, { transports: ['websocket'] });
    socket.session.on('invalid', () => assert.fail('the session was well'));
    await next(socket.session, 'active');
    socket.session.refresh();
    for (let handshakes = 2; handshakes < 5; handshakes++) {
      await next(socket.session, 'active');
      assert.equal(server.handshakes.length, handshakes);
      socket.io.engine.transport.ws.close();
      await next(socket, 'disconnect');
      assert.equal(socket.session.state, 'pending');
    }
  },

  async 'the root joins a connection that is open'(t, io) {
    const server = await startServer(t, () => undefined);
    const chat = connect(t, io, `${server.uri}/chat`);
    await next(chat.session, 'active');
    const socket = connect(t, io, server.uri);
    await next(socket.session, 'active');
    assert.equal(await echo(socket, 'here'), 'here');
    if (chat.session.state !== 'active') await next(chat.session, 'active');
    assert.equal(await echo(chat, 'too'), 'too');
    assert.equal(socket.io, chat.io);
  },

  async 'the queries of the address, the page and the script reach every handshake'(t, io) {
    const rows = [
      { query: { token: 'a&b=c' }, want: ['a&b=c'] },
      { query: 'token=a%26b%3Dc', want: ['a&b=c'] },
      { query: undefined, want: [undefined] },
    ];
    for (const transport of ['polling', 'websocket']) {
      for (const { query, want: [token] } of rows) {
        const server = await startServer(t, () => undefined);
        const queries = [];
        server.io.engine.on('connection', ({ request: { _query: query } }) => {
          if (query['session-script']) queries.push([query.room, query.token, query['session-script']]);
        });
        const opts = { transports: [transport], ...(query && { query }) };
        const socket = connect(t, io, `${server.uri}/?room=7`, opts);
        await next(socket.session, 'active');
        socket.session.refresh();
        await next(socket.session, 'active');
        assert.deepEqual(queries, Array(2).fill(['7', token, '1']));
        assert.deepEqual(opts.query, query);
        socket.disconnect();
      }
    }
  },

  async 'a login inside a socket: its claim is redeemed, and it comes back with the new cookie'(t, io) {
    t.mock.method(Math, 'random', () => 0.999);
    const headers = { Cookie: 'session=before' };
    const claims = [];
    const server = await startServer(t, () => undefined, {
      'session-claim'(cookie) {
        claims.push(cookie);
        server.io.emit('sinvalid', RENEWED);
        server.io.of('/chat').emit('sinvalid', RENEWED);
        return [204, undefined, 'session=after'];
      },
    });
    browserFetch(t, server.uri, headers);
    const socket = connect(t, io, server.uri, { extraHeaders: headers });
    const chat = connect(t, io, `${server.uri}/chat`, { extraHeaders: headers });
    await Promise.all([next(socket.session, 'active'), next(chat.session, 'active')]);
    server.io.of('/chat').emit('sclaim');
    assert.deepEqual(await next(chat.session, 'invalid'), RENEWED);
    await Promise.all([next(socket.session, 'active'), next(chat.session, 'active')]);
    assert.deepEqual(claims, ['session=before']);
    assert.deepEqual(server.handshakes, ['session=before', 'session=after']);
    assert.equal(await echo(chat, 'alice'), 'alice');
  },

  async "unknown after 'renewed' is retried until the new cookie is there"(t, io) {
    t.mock.method(Math, 'random', () => 0.999);
    const reasons = [RENEWED, { ...FINAL, at: 'connect' }, undefined];
    const server = await startServer(t, () => reasons.shift());
    const socket = connect(t, io, server.uri, { transports: ['websocket'] });
    assert.equal((await next(socket.session, 'invalid')).code, 'renewed');
    assert.equal((await next(socket.session, 'invalid')).code, 'unknown');
    await next(socket.session, 'active');
    assert.equal(server.handshakes.length, 3);
  },

  async 'every handshake has a ticket of its own, and every request of its connection the same'(t, io) {
    for (const name of ['the page', 'a URL', 'a function']) {
      let count = 0;
      const seen = new Map(); // the tickets of each connection's requests
      const server = await startServer(t, () => undefined, {
        'session-ticket': (cookie) => [200, { ticket: `${cookie} ${++count}`, expiresIn: 30 }],
      });
      server.io.engine.on('connection', (conn) => seen.set(conn.id, new Set([conn.request._query.ticket])));
      server.io.engine.on('headers', (headers, { _query: { sid, ticket } }) => seen.get(sid)?.add(ticket));
      browserFetch(t, server.uri, { Cookie: 'alice' });
      const ticket = {
        'the page': true,
        'a URL': `${server.uri}/socket.io/session-ticket`,
        'a function': async () => `alice ${++count}`,
      }[name];
      const socket = connect(t, io, server.uri, { ticket });
      const chat = connect(t, io, `${server.uri}/chat`, { ticket });
      const active = () => Promise.all([next(socket.session, 'active'), next(chat.session, 'active')]);
      await active();
      await upgraded(socket);
      socket.io.engine.transport.ws.close(); // the network
      await active();
      socket.session.refresh();
      await active();
      const tickets = Array.from(seen.values(), (all) => Array.from(all));
      assert.deepEqual(tickets, [['alice 1'], ['alice 2'], ['alice 3']], name);
    }
  },

  async 'no ticket, no handshake'(t, io) {
    const answers = [[401, FINAL], [200, { ticket: 'alice' }]];
    const server = await startServer(t, () => undefined, { 'session-ticket': () => answers.shift() });
    browserFetch(t, server.uri, {});
    const socket = connect(t, io, server.uri, { ticket: true });
    const chat = connect(t, io, `${server.uri}/chat`, { ticket: true });
    socket.on('connect_error', () => assert.fail('nothing has failed'));
    const reasons = await Promise.all([next(socket.session, 'invalid'), next(chat.session, 'invalid')]);
    assert.deepEqual(reasons, [FINAL, FINAL]);
    assert.deepEqual([socket.session.state, server.handshakes.length, answers.length], ['invalid', 0, 1]);
    socket.session.refresh();
    await next(socket.session, 'active');
    assert.equal(server.handshakes.length, 1);
  },

  async 'a ticket that cannot be had is a connection that fails, and is tried again'(t, io) {
    let count = 0;
    const server = await startServer(t, () => undefined, {
      'session-ticket': () => (++count % 4 ? [503] : [200, { ticket: 'alice' }]),
    });
    browserFetch(t, server.uri, {});
    const socket = connect(t, io, server.uri, { ticket: true });
    const errors = [];
    socket.on('connect_error', (err) => errors.push(err.message));
    await next(socket.session, 'active');
    assert.deepEqual([count, server.handshakes.length], [4, 1]);
    assert.deepEqual(errors, Array(3).fill('no ticket: status 503'));

    await upgraded(socket);
    socket.io.engine.transport.ws.close();
    await next(socket.session, 'active');
    assert.deepEqual([count, server.handshakes.length], [8, 2]);

    socket.session.refresh();
    await next(socket.session, 'active');
    assert.deepEqual([count, server.handshakes.length], [12, 3]);
    assert.equal(await echo(socket, 'alice'), 'alice');
  },

  async 'it stops for good when the page disconnects while it waits for a ticket'(t, io) {
    const server = await startServer(t, () => undefined);
    let give;
    let asked;
    const called = new Promise((resolve) => { asked = resolve; });
    const socket = connect(t, io, server.uri, { ticket: () => new Promise((resolve) => { give = resolve; asked(); }) });
    await called;
    socket.disconnect();
    give('late');
    const other = connect(t, io, server.uri, { forceNew: true });
    await next(other.session, 'active');
    assert.equal(server.handshakes.length, 1, 'only the other one');
    assert.equal(socket.connected, false);
  },

  async 'a login in one tab brings back the other'(t, io) {
    const original = io.connectWithSession;
    t.after(() => { io.connectWithSession = io.SessionSocket = original; });
    const server = await startServer(t, (nsp, cookie) => (cookie ? undefined : FINAL));
    const browser = new Browser(t);
    const headers = {};
    const [one, two] = [1, 2].map(() => connect(t, browser.open(io), server.uri, { extraHeaders: headers }));
    await Promise.all([next(one.session, 'invalid'), next(two.session, 'invalid')]);
    headers.Cookie = 'session=alice';
    one.session.refresh();
    await next(one.session, 'active');
    browser.deliver();
    await next(two.session, 'active');
    browser.deliver();
    assert.equal(await echo(two, 'alice'), 'alice');
    assert.deepEqual(server.handshakes, [undefined, undefined, 'session=alice', 'session=alice']);
  },

  async 'a page that is loaded after a login brings back the other tab'(t, io) {
    const original = io.connectWithSession;
    t.after(() => { io.connectWithSession = io.SessionSocket = original; });
    const server = await startServer(t, (nsp, cookie) => (cookie ? undefined : { ...FINAL, at: 'connect' }));
    const browser = new Browser(t);
    const headers = {};
    const old = connect(t, browser.open(io), server.uri, { extraHeaders: headers });
    await next(old.session, 'invalid');
    headers.Cookie = 'session=alice';
    const loaded = connect(t, browser.open(io), server.uri, { extraHeaders: headers });
    await next(loaded.session, 'active');
    browser.deliver();
    await next(old.session, 'active');
    browser.deliver();
    assert.equal(await echo(old, 'alice'), 'alice');
    assert.deepEqual(server.handshakes, [undefined, 'session=alice', 'session=alice']);
    assert.equal(browser.messages.length, 1, 'who is back because of it does not tell it');
  },

  async 'a plain io() of the same page is not touched'(t, io) {
    const server = await startServer(t, (nsp, cookie) => (cookie === 'plain' ? undefined : FINAL));
    const socket = connect(t, io, server.uri);
    const plain = io.connect(server.uri, { extraHeaders: { Cookie: 'plain' } });
    t.after(() => plain.disconnect());
    await Promise.all([next(socket.session, 'invalid'), next(plain, 'connect')]);
    assert.notEqual(plain.io, socket.io);
    assert.equal(plain.session, undefined);
    assert.equal(await echo(plain, 'well'), 'well');
  },

  async 'a page that is left closes at once and comes back'(t, io) {
    const server = await startServer(t, () => undefined);
    const socket = connect(t, io, server.uri, { transports: ['websocket'] });
    await next(socket.session, 'active');
    const [conn] = Object.values(server.io.engine.clients);
    page.dispatchEvent(new Event('pagehide'));
    assert.equal(socket.connected, false);
    await once(conn, 'close');
    page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    await next(socket.session, 'active');
    assert.equal(server.handshakes.length, 2);
  },
};
