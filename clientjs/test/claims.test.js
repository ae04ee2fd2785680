'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const attach = require('..');
const { RENEWED, fakeIo, mockTimers } = require('./fake');
const { fakeFetch } = require('./page');

/** A page of its own: its address is the test's, so that no claim of another test is under way. */
let pages = 0;
function openPage(uri = '/', opts = {}, protocol = 4) {
  const io = attach(fakeIo(protocol));
  const address = new URL(uri, `http://page-${++pages}.test`);
  const socket = io.connectWithSession(address.href, opts);
  socket.io.accept();
  socket.admit();
  return { io, socket, origin: address.origin };
}

test('a claim is redeemed by a POST with the cookie, beside the transports', async (t) => {
  const rows = [
    { name: 'default path', opts: {}, path: '/socket.io/session-claim' },
    { name: 'another path', opts: { path: '/deep/io/' }, path: '/deep/io/session-claim' },
    { name: 'a namespace', uri: '/chat?x=1', opts: {}, path: '/socket.io/session-claim' },
    { name: '4.x', opts: {}, protocol: 5, path: '/socket.io/session-claim' },
  ];
  for (const row of rows) {
    await t.test(row.name, async (t) => {
      const requests = fakeFetch(t);
      const { socket, origin } = openPage(row.uri, row.opts, row.protocol);
      socket.receive('sclaim');
      assert.deepEqual(requests.map(({ url, opts }) => [url, opts]), [
        [origin + row.path, { method: 'POST', credentials: 'include' }],
      ]);
      await requests[0].answer(204);
      assert.equal(socket.session.state, 'active', 'the page notices nothing');
    });
  }
});

test("a websocket's address is asked over HTTP", (t) => {
  const requests = fakeFetch(t);
  const socket = attach(fakeIo()).connectWithSession('wss://page.test/');
  socket.io.accept();
  socket.receive('sclaim');
  assert.equal(requests[0].url, 'https://page.test/socket.io/session-claim');
});

test("a redirect of the page's own origin gets no cookie of another", async (t) => {
  t.after(() => { delete globalThis.location; });
  const requests = fakeFetch(t);
  const { socket, origin } = openPage();
  const rows = [[origin, 'same-origin'], [`${origin}:8080`, 'include'], [origin.slice(0, -1), 'include']];
  for (const [page, credentials] of rows) {
    globalThis.location = { origin: page };
    socket.receive('sclaim');
    assert.equal(requests.at(-1).opts.credentials, credentials, page);
    await requests.at(-1).answer(204);
  }
});

test('claims of all sockets: one request is under way, and one more follows', async (t) => {
  const requests = fakeFetch(t);
  const { io, socket, origin } = openPage();
  const chat = io.connectWithSession(`${origin}/chat`);
  const alone = io.connectWithSession(origin, { forceNew: true });
  for (const one of [socket, chat, alone, chat, socket]) one.receive('sclaim');
  assert.equal(requests.length, 1);
  await requests[0].answer(204);
  assert.equal(requests.length, 2);
  chat.receive('sclaim');
  assert.equal(requests.length, 2);
  await requests[1].answer(204);
  assert.equal(requests.length, 3);
  await requests[2].answer(204);
  assert.equal(requests.length, 3);
});

test('servers do not wait for one another', (t) => {
  const requests = fakeFetch(t);
  for (const { socket } of [openPage(), openPage()]) socket.receive('sclaim');
  assert.equal(requests.length, 2);
});

test('a claim that fails is tried once more after a second', async (t) => {
  const rows = [
    { name: 'no answer', answer: (request) => request.fail() },
    { name: 'the store is away', answer: (request) => request.answer(503, { code: 'store_error' }) },
    { name: 'no session', answer: (request) => request.answer(401) },
  ];
  for (const row of rows) {
    await t.test(row.name, async (t) => {
      mockTimers(t);
      const requests = fakeFetch(t);
      const { socket } = openPage();
      socket.receive('sclaim');
      await row.answer(requests[0]);
      t.mock.timers.tick(999);
      assert.equal(requests.length, 1);
      t.mock.timers.tick(1);
      assert.equal(requests.length, 2);
      await row.answer(requests[1]);
      t.mock.timers.tick(60000);
      assert.equal(requests.length, 2);
      assert.equal(socket.session.state, 'active');

      socket.receive('sclaim');
      assert.equal(requests.length, 3, 'the next one is a claim like any other');
    });
  }
});

test('a socket that was told renewed comes back as soon as the new cookie is there', async (t) => {
  mockTimers(t);
  const requests = fakeFetch(t);
  const { socket } = openPage();
  const { socket: other } = openPage();
  for (const one of [socket, other]) one.receive('sclaim');
  for (const one of [socket, other]) one.receive('sinvalid', RENEWED);
  assert.equal(socket.io.handshakes, 1);
  await requests[0].answer(204);
  await requests[1].answer(503);
  assert.deepEqual([socket.io.handshakes, other.io.handshakes], [2, 1]);
  socket.io.accept();
  socket.admit();
  t.mock.timers.tick(1000);
  assert.deepEqual([socket.io.handshakes, other.io.handshakes], [2, 2], 'after the usual delay at the latest');
});

test('a claim that comes before the second try follows it', async (t) => {
  mockTimers(t);
  const requests = fakeFetch(t);
  const { socket } = openPage();
  socket.receive('sclaim');
  await requests[0].fail();
  socket.receive('sclaim');
  assert.equal(requests.length, 1);
  t.mock.timers.tick(1000);
  await requests[1].fail();
  assert.equal(requests.length, 3);
});

test('without fetch it is an XMLHttpRequest', async (t) => {
  const { fetch } = globalThis;
  t.after(() => {
    globalThis.fetch = fetch;
    delete globalThis.XMLHttpRequest;
  });
  const requests = [];
  delete globalThis.fetch;
  globalThis.XMLHttpRequest = class {
    open(...args) { requests.push(args); }
    send() { this.sent = true; requests.at(-1).push(this); }
  };
  const { socket, origin } = openPage();
  socket.receive('sclaim');
  socket.receive('sclaim');
  const [[method, url, xhr]] = requests;
  assert.deepEqual([method, url], ['POST', `${origin}/socket.io/session-claim`]);
  assert.ok(xhr.sent && xhr.withCredentials);
  assert.equal(requests.length, 1);
  Object.assign(xhr, { status: 204, responseText: '' }).onloadend();
  assert.equal(requests.length, 2);
});

test('in classic protocols a root hears of claims that the page has no socket of', (t) => {
  const requests = fakeFetch(t);
  const { socket } = openPage('/chat');
  socket.io.emit('packet', { type: 2, nsp: '/', data: ['news'] });
  socket.io.emit('packet', { type: 3, nsp: '/', data: ['sclaim'] }); // an acknowledgement
  socket.io.emit('packet', { type: 2, nsp: '/' });
  assert.equal(requests.length, 0);
  socket.io.emit('packet', { type: 2, nsp: '/', data: ['sclaim'] });
  assert.equal(requests.length, 1);
});
