'use strict';

// What a page fetches for its connection, tickets and claims, with real clients.

const assert = require('node:assert/strict');
const { FINAL, RENEWED, connect, echo, next, upgraded, withClients } = require('./clients');
const { browserFetch } = require('./page');
const { startServer } = require('./server');

withClients({
  async 'a login inside a socket: its claim is redeemed, and it comes back with the new cookie'(t, io) {
    t.mock.method(Math, 'random', () => 0.999);
    const headers = { Cookie: 'session=before' };
    const claims = [];
    const server = await startServer(t, () => undefined, {
      'session-claim'(cookie, body) {
        claims.push([cookie, body]);
        server.io.emit('sinvalid', RENEWED);
        server.io.of('/chat').emit('sinvalid', RENEWED);
        return [204, undefined, 'session=after'];
      },
    });
    browserFetch(t, server.uri, headers);
    const socket = connect(t, io, server.uri, { extraHeaders: headers });
    const chat = connect(t, io, `${server.uri}/chat`, { extraHeaders: headers });
    await Promise.all([next(socket.session, 'active'), next(chat.session, 'active')]);
    server.io.of('/chat').emit('sclaim', 'SECRET');
    assert.deepEqual(await next(chat.session, 'invalid'), RENEWED);
    await Promise.all([next(socket.session, 'active'), next(chat.session, 'active')]);
    assert.deepEqual(claims, [['session=before', 'claim=SECRET']]);
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
});
