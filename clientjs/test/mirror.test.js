'use strict';

// The script with real clients and our real server.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { CLIENTS, next } = require('./clients');
const { startMirror } = require('./mirror');
const { browserFetch } = require('./page');

let mirror;
before(async () => { mirror = await startMirror(); });
after(() => mirror.stop());

for (const [version, io] of Object.entries(CLIENTS)) {
  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    test(`socket.io-client ${version}, ${transports}`, async (t) => {
      for (const [name, body] of Object.entries(cases)) {
        await t.test(name, { timeout: 10000 }, async (t) => body(visit(t, io, transports)));
      }
    });
  }
}

/** A browser without a session. */
function visit(t, io, transports) {
  const headers = {};
  browserFetch(t, mirror.uri, headers);
  t.mock.method(Math, 'random', () => 0.999); // half the delay of a retry

  async function request(method, path) {
    const res = await fetch(path, { method, redirect: 'manual' });
    await res.arrayBuffer();
    return res.status;
  }

  function connect(nsp = '/') {
    const opts = { transports, extraHeaders: headers, reconnectionDelay: 1 };
    const socket = io.connectWithSession(mirror.uri + nsp, opts);
    socket.opens = 0;
    socket.heard = [];
    socket.io.on('open', () => socket.opens++);
    for (const event of ['connect', 'disconnect', 'sinvalid']) socket.on(event, () => socket.heard.push(event));
    t.after(() => socket.disconnect());
    return socket;
  }
  return { headers, request, connect };
}

function up(socket, text) {
  return new Promise((resolve) => socket.emit('up', 1, text, resolve));
}

const cases = {
  async 'no session, then one'({ request, connect }) {
    const socket = connect();
    const reason = await next(socket.session, 'invalid');
    assert.deepEqual([reason.code, reason.reconnect], ['no_cookie', false]);
    assert.equal(await request('GET', '/'), 200);
    assert.deepEqual([socket.opens, socket.heard.includes('connect'), socket.session.state], [1, false, 'invalid']);
    socket.session.refresh();
    await next(socket.session, 'active');
    assert.deepEqual(await up(socket, 'hello'), { n: 1, text: 'hello' });
    assert.equal(socket.opens, 2);
  },

  async 'a login, and a logout'({ request, connect, headers }) {
    await request('GET', '/');
    const socket = connect();
    await next(socket.session, 'active');
    const old = headers.Cookie;
    const renewed = next(socket.session, 'invalid');
    await request('POST', '/login');
    assert.notEqual(headers.Cookie, old);
    assert.equal((await renewed).code, 'renewed');
    await next(socket.session, 'active');
    assert.deepEqual(await up(socket, 'hello'), { n: 1, text: 'hello' });
    assert.equal(socket.opens, 2);

    const destroyed = next(socket.session, 'invalid');
    await request('POST', '/logout');
    const reason = await destroyed;
    assert.deepEqual([reason.code, reason.reconnect], ['destroyed', false]);
    assert.equal(socket.session.state, 'invalid');
    await request('GET', '/');
    assert.equal(socket.opens, 2);
    assert.deepEqual(socket.heard.filter((event) => event === 'sinvalid').length, 2);
  },

  async 'a namespace that is refused beside one that is not'({ request, connect }) {
    await request('GET', '/');
    const vip = connect('/vip');
    const reason = await next(vip.session, 'invalid');
    assert.deepEqual([reason.code, reason.reconnect, reason.data.level], ['members_only', false, 3]);
    const root = connect();
    const chat = connect('/chat');
    await Promise.all([next(root.session, 'active'), next(chat.session, 'active')]);
    assert.deepEqual(await up(chat, 'hello'), { n: 1, text: 'hello' });
    assert.equal(vip.session.state, 'invalid');
  },

  async 'a login inside a socket, whose answer is lost once'({ request, connect, headers }) {
    await request('GET', '/');
    const socket = connect();
    const chat = connect('/chat');
    await Promise.all([next(socket.session, 'active'), next(chat.session, 'active')]);
    const old = headers.Cookie;
    const answers = watchClaims(headers, (n) => n === 1);
    socket.emit('login', 'alice');
    assert.equal((await next(chat.session, 'invalid')).code, 'renewed');
    while (await who(chat) !== 'alice') await next(chat.session, 'active');
    assert.deepEqual(answers, [204, 204]);
    assert.notEqual(headers.Cookie, old);
    assert.equal(await who(socket), 'alice');
  },

  async 'the cookie alone'({ request, connect, headers }) {
    await request('GET', '/');
    const socket = connect();
    await next(socket.session, 'active');
    const old = headers.Cookie;
    const answers = watchClaims(headers, () => false);
    socket.io.emit('packet', { type: 2, nsp: '/', data: ['sclaim'] });
    while (!answers.length) await new Promise(setImmediate);
    assert.deepEqual(answers, [204]);
    assert.equal(await up(socket, headers.Cookie).then(({ text }) => text), old, 'it is the same, and nobody notices');
  },
};

/** The statuses of what is fetched from now on, where lost(n) tells whether the nth answer reaches nobody. */
function watchClaims(headers, lost) {
  const answers = [];
  const { fetch } = globalThis;
  globalThis.fetch = async (...args) => {
    const before = headers.Cookie;
    const res = await fetch(...args);
    if (!lost(answers.push(res.status))) return res;
    headers.Cookie = before;
    throw new TypeError('Failed to fetch');
  };
  return answers;
}

function who(socket) {
  return new Promise((resolve) => socket.emit('whoami', resolve));
}
