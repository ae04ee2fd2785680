'use strict';

// The script with real clients and a real server, from the handshake on.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const test = require('node:test');
const attach = require('..');
const { startServer } = require('./server');

// What a browser has and Node has not.
const page = new EventTarget();
globalThis.addEventListener = page.addEventListener.bind(page);
globalThis.removeEventListener = page.removeEventListener.bind(page);

const CLIENTS = {
  '1.7.4': attach(require('socket.io-client-1')),
  '2.0.4': attach(require('socket.io-client-2.0')),
  '2.5.0': attach(require('socket.io-client')),
  '4.8.4': attach(require('socket.io-client-4')),
};

const FINAL = { code: 'unknown', message: 'no such session', reconnect: false, data: null };
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

/** Connects with a cookie that can be changed, as a browser's can; closed at the test's end. */
function connect(t, io, uri, { cookie, ...opts } = {}) {
  const socket = io.connectWithSession(uri, { extraHeaders: cookie ? { Cookie: cookie } : {}, reconnectionDelay: 1, ...opts });
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

  async 'a query in the address reaches every handshake'(t, io) {
    const server = await startServer(t, () => undefined);
    const queries = [];
    server.io.engine.on('connection', (conn) => queries.push(conn.request._query.room));
    const socket = connect(t, io, `${server.uri}/?room=7`);
    await next(socket.session, 'active');
    socket.session.refresh();
    await next(socket.session, 'active');
    assert.deepEqual(queries, ['7', '7']);
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
