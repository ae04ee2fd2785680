'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const attach = require('..');
const { RENEWED, fakeIo, mockTimers } = require('./fake');
const { fakeFetch, settled } = require('./page');

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

const SECRET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** The secrets of the requests, '' for none. */
function posted(requests) {
  return requests.map(({ opts }) => new URLSearchParams(opts.body).get('claim') ?? '');
}

test('a claim is redeemed by a POST with the secret and the cookie, beside the transports', async (t) => {
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
      const plain = { method: 'POST', credentials: 'include' };
      socket.receive('sclaim', SECRET);
      await requests[0].answer(204);
      socket.receive('sclaim');
      assert.deepEqual(requests.map(({ url, opts }) => [url, opts]), [
        [origin + row.path, { ...plain, headers: FORM, body: `claim=${SECRET}` }],
        [origin + row.path, plain],
      ]);
      await requests[1].answer(204);
      assert.equal(socket.session.state, 'active', 'the page notices nothing');
    });
  }
});

test('a claim goes to where tickets come from, for there the cookie is', async (t) => {
  const rows = [
    { ticket: true, url: '/socket.io/session-claim' },
    { ticket: 'https://app.test/deep/session-ticket', url: 'https://app.test/deep/session-claim' },
    { ticket: 'https://app.test/tickets', url: 'http://page.test/socket.io/session-claim' },
    { ticket: () => 'a', url: 'http://page.test/socket.io/session-claim' },
  ];
  for (const { ticket, url } of rows) {
    await t.test(String(ticket), async (t) => {
      mockTimers(t);
      const requests = fakeFetch(t);
      const socket = attach(fakeIo()).connectWithSession('http://page.test', { ticket });
      t.mock.timers.tick(0);
      if (requests.length) await requests.shift().answer(200, { ticket: 'a' });
      socket.io.accept();
      socket.admit();
      socket.receive('sclaim', SECRET);
      assert.deepEqual(requests.map((request) => request.url), [url]);
      socket.receive('sinvalid', RENEWED);
      await requests.shift().answer(204);
      t.mock.timers.tick(0);
      if (requests.length) await requests.shift().answer(200, { ticket: 'b' });
      assert.equal(socket.io.handshakes, 2, 'it comes back at once');
    });
  }
});

test("a websocket's address is asked over HTTP", (t) => {
  mockTimers(t);
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

test('claims of all sockets: one request is under way, and the others follow, once each', async (t) => {
  const requests = fakeFetch(t);
  const { io, socket, origin } = openPage();
  const chat = io.connectWithSession(`${origin}/chat`);
  const alone = io.connectWithSession(origin, { forceNew: true });
  for (const one of [socket, chat, alone, chat, socket]) one.receive('sclaim');
  alone.receive('sclaim', 'TWO');
  chat.receive('sclaim', 'ONE');
  assert.equal(requests.length, 1);
  await requests[0].answer(204);
  assert.equal(requests.length, 2);
  chat.receive('sclaim', 'THREE');
  for (const n of [1, 2, 3, 4]) await requests[n].answer(n === 2 ? 403 : 204);
  assert.deepEqual(posted(requests), ['', '', 'TWO', 'ONE', 'THREE']);
});

test('servers do not wait for one another', (t) => {
  mockTimers(t);
  const requests = fakeFetch(t);
  for (const { socket } of [openPage(), openPage()]) socket.receive('sclaim');
  assert.equal(requests.length, 2);
});

const FAILURES = {
  'no answer': (request) => request.fail(),
  'the store is away': (request) => request.answer(503, { code: 'store_error' }),
  'no session': (request) => request.answer(401),
};

test('a claim that fails is tried again, in growing pauses, while the server keeps it', async (t) => {
  for (const [secret, pauses] of [['', [1000]], [SECRET, [1000, 2000, 4000, 8000]]]) {
    for (const [name, fail] of Object.entries(FAILURES)) {
      await t.test(`${secret || 'the cookie alone'}: ${name}`, async (t) => {
        mockTimers(t);
        const requests = fakeFetch(t);
        const { socket } = openPage();
        socket.receive('sclaim', secret);
        await fail(requests[0]);
        for (const [n, pause] of pauses.entries()) {
          t.mock.timers.tick(pause - 1);
          assert.equal(requests.length, n + 1);
          t.mock.timers.tick(1);
          assert.equal(requests.length, n + 2);
          await fail(requests.at(-1));
        }
        t.mock.timers.tick(60000);
        assert.deepEqual(posted(requests), Array(pauses.length + 1).fill(secret));
        assert.equal(socket.session.state, 'active');

        socket.receive('sclaim', 'NEXT');
        assert.equal(posted(requests).at(-1), 'NEXT', 'the next one is a claim like any other');
      });
    }
  }
});

test('one that the server refuses is not tried again', async (t) => {
  mockTimers(t);
  const requests = fakeFetch(t);
  const { socket } = openPage();
  socket.receive('sclaim', SECRET);
  await requests[0].answer(403);
  t.mock.timers.tick(60000);
  assert.equal(requests.length, 1);
});

test('one that is not answered is cut off and tried again', async (t) => {
  mockTimers(t);
  const requests = fakeFetch(t);
  const { socket } = openPage();
  socket.receive('sclaim', SECRET);
  t.mock.timers.tick(4999);
  assert.equal(requests[0].signal.aborted, false);
  t.mock.timers.tick(1);
  assert.equal(requests[0].signal.aborted, true);
  t.mock.timers.tick(1000);
  assert.deepEqual(posted(requests), [SECRET, SECRET]);
  await settled();
  await requests[1].answer(204);
  t.mock.timers.tick(60000);
  assert.equal(requests.length, 2);
});

test('a socket that was told renewed comes back as soon as the new cookie is there', async (t) => {
  mockTimers(t);
  const requests = fakeFetch(t);
  const { socket } = openPage();
  const { socket: other } = openPage();
  for (const one of [socket, other]) one.receive('sclaim', SECRET);
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
  mockTimers(t);
  const requests = [];
  delete globalThis.fetch;
  globalThis.XMLHttpRequest = class {
    constructor() { requests.push(this); this.headers = {}; }
    open(...args) { this.opened = args; }
    setRequestHeader(name, value) { this.headers[name] = value; }
    send(body) { this.sent = body; }
    answer(status) { Object.assign(this, { status, responseText: '' }).onloadend(); }
    abort() { this.aborted = true; this.answer(0); }
  };
  const { socket, origin } = openPage();
  socket.receive('sclaim');
  socket.receive('sclaim', SECRET);
  assert.equal(requests.length, 1);
  requests[0].answer(204);
  const [plain, form] = requests;
  for (const xhr of requests) {
    assert.deepEqual(xhr.opened, ['POST', `${origin}/socket.io/session-claim`]);
    assert.ok(xhr.withCredentials);
  }
  assert.deepEqual([plain.sent, plain.headers], [null, {}]);
  assert.deepEqual([form.sent, form.headers], [`claim=${SECRET}`, FORM]);
  t.mock.timers.tick(5000);
  assert.ok(form.aborted);
  t.mock.timers.tick(1000);
  assert.equal(requests.length, 3, 'once more, and no more');
});

test('in classic protocols a root hears of claims that the page has no socket of', (t) => {
  mockTimers(t);
  const requests = fakeFetch(t);
  const { socket } = openPage('/chat');
  socket.io.emit('packet', { type: 2, nsp: '/', data: ['news'] });
  socket.io.emit('packet', { type: 3, nsp: '/', data: ['sclaim'] }); // an acknowledgement
  socket.io.emit('packet', { type: 2, nsp: '/' });
  assert.equal(requests.length, 0);
  socket.io.emit('packet', { type: 2, nsp: '/', data: ['sclaim', SECRET] });
  assert.deepEqual(posted(requests), [SECRET]);
});
