'use strict';

// The script with real clients and a real server, from the handshake on.

const assert = require('node:assert/strict');
const { FINAL, connect, echo, next, setCookie, upgraded, withClients } = require('./clients');
const { startServer } = require('./server');

const BUSY = { code: 'busy', message: 'try again', reconnect: true, data: { load: 1 } };

withClients({
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
        assert.deepEqual(queries, Array(2).fill(['7', token, '2']));
        assert.deepEqual(opts.query, query);
        socket.disconnect();
      }
    }
  },
});
