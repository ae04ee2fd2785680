'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const attach = require('..');
const { FINAL, RENEWED, fakeIo, mockTimers } = require('./fake');
const { fakeFetch, settled } = require('./page');

const PROTOCOLS = [4, 5];

/** A page that has asked for its first ticket. */
function openPage(t, ticket, opts = {}, protocol = 4) {
  mockTimers(t);
  const socket = attach(fakeIo(protocol)).connectWithSession('http://server.test/chat', { ticket, ...opts });
  const errors = [];
  socket.on('connect_error', (err) => errors.push(err));
  socket.io.on('error', (err) => errors.push(err));
  t.mock.timers.tick(0);
  return { socket, manager: socket.io, errors };
}

function ticketIn(manager) {
  return new URLSearchParams(manager.query).get('ticket');
}

/** A source of tickets that the test settles. */
function promises() {
  const source = () => new Promise((resolve, reject) => {
    source.asked++;
    source.give = (ticket) => { resolve(ticket); return settled(); };
    source.refuse = (err) => { reject(err); return settled(); };
  });
  source.asked = 0;
  return source;
}

test('where tickets come from', async (t) => {
  const opts = { method: 'POST', credentials: 'same-origin' };
  const rows = [
    { name: "the page's origin", ticket: true, url: '/socket.io/session-ticket', opts },
    { name: 'another path', ticket: true, path: '/deep/io/', url: '/deep/io/session-ticket', opts },
    { name: 'a path', ticket: '/tickets', url: '/tickets', opts },
    { name: 'a URL', ticket: 'https://app.test/t', url: 'https://app.test/t', opts: { ...opts, credentials: 'include' } },
    { name: 'a URL without a scheme', ticket: '//app.test/t', url: '//app.test/t', opts: { ...opts, credentials: 'include' } },
  ];
  for (const row of rows) {
    await t.test(row.name, async (t) => {
      const requests = fakeFetch(t);
      const { manager } = openPage(t, row.ticket, { path: row.path });
      assert.deepEqual(requests.map((request) => [request.url, request.opts]), [[row.url, row.opts]]);
      assert.equal(manager.handshakes, 0);
      await requests[0].answer(200, { ticket: 'a/b+c', expiresIn: 30 });
      assert.equal(manager.handshakes, 1);
      assert.equal(ticketIn(manager), 'a/b+c');
    });
  }

  await t.test('a function', (t) => {
    const { manager } = openPage(t, () => 'one');
    assert.equal(ticketIn(manager), 'one');
  });

  await t.test('a promise', async (t) => {
    const { manager } = openPage(t, async () => 'two');
    await settled();
    assert.equal(ticketIn(manager), 'two');
  });
});

test("the caller's query stays, and no ticket stays in it", async (t) => {
  for (const protocol of PROTOCOLS) {
    const query = Object.freeze({ room: '7' });
    const { socket, manager } = openPage(t, () => 'one', { query }, protocol);
    assert.equal(manager.query, 'room=7&session-script=2&ticket=one');
    assert.equal(socket.opts.query, query);
    assert.equal(manager.opts.query, query);
    t.mock.timers.reset();
    t.mock.restoreAll();
  }
});

test('every handshake has a new ticket', async (t) => {
  let count = 0;
  const { socket, manager } = openPage(t, () => String(++count));
  assert.equal(ticketIn(manager), '1');
  socket.session.refresh();
  t.mock.timers.tick(0);
  assert.equal(ticketIn(manager), '2');

  manager.accept();
  socket.admit();
  manager.drop('transport close');
  manager.open(); // as socket.io does to reconnect
  t.mock.timers.tick(0);
  assert.equal(ticketIn(manager), '3');

  manager.accept();
  socket.admit();
  socket.receive('sinvalid', RENEWED);
  t.mock.timers.tick(1000);
  t.mock.timers.tick(0);
  assert.equal(ticketIn(manager), '4');
});

test('a connection that is opening or open gets no second ticket', async (t) => {
  const source = promises();
  const { manager } = openPage(t, source);
  manager.open();
  manager.connect();
  t.mock.timers.tick(0);
  assert.equal(source.asked, 1);
  await source.give('one');
  manager.open();
  manager.accept();
  manager.open();
  t.mock.timers.tick(0);
  assert.equal(source.asked, 1);
  assert.equal(manager.handshakes, 1);
});

test('a page that thinks better of it at once asks for no ticket', (t) => {
  mockTimers(t);
  const source = promises();
  const socket = attach(fakeIo()).connectWithSession('/', { ticket: source });
  socket.session.refresh();
  t.mock.timers.tick(0);
  assert.equal(source.asked, 1);
  socket.session.refresh();
  socket.disconnect();
  t.mock.timers.tick(0);
  assert.equal(source.asked, 1);
});

test('a handshake may take longer than a ticket', (t) => {
  const { manager } = openPage(t, () => 'one');
  t.mock.timers.tick(60000);
  assert.deepEqual([manager.readyState, manager.handshakes, manager.retries], ['opening', 1, 0]);
});

test('a ticket that comes too late is not used', async (t) => {
  await t.test('the page has disconnected', async (t) => {
    const source = promises();
    const { socket, manager } = openPage(t, source);
    socket.disconnect();
    await source.give('one');
    assert.equal(manager.handshakes, 0);
  });

  await t.test('it is for the session before', async (t) => {
    const source = promises();
    const { socket, manager } = openPage(t, source);
    const { give } = source;
    socket.session.refresh();
    t.mock.timers.tick(0);
    assert.equal(source.asked, 2);
    await give('one');
    assert.equal(manager.handshakes, 0);
    await source.give('two');
    assert.equal(manager.handshakes, 1);
    assert.equal(ticketIn(manager), 'two');
  });
});

test('no session, no ticket, no handshake', async (t) => {
  for (const protocol of PROTOCOLS) {
    await t.test(`protocol ${protocol}`, async (t) => {
      const requests = fakeFetch(t);
      const { socket, manager, errors } = openPage(t, true, {}, protocol);
      await requests[0].answer(401, FINAL);
      assert.equal(socket.session.state, 'invalid');
      assert.deepEqual(socket.session.reason, FINAL);
      t.mock.timers.tick(60000);
      assert.deepEqual([manager.handshakes, manager.retries, requests.length, errors.length], [0, 0, 1, 0]);

      socket.session.refresh();
      t.mock.timers.tick(0);
      await requests[1].answer(200, { ticket: 'after the login' });
      assert.equal(ticketIn(manager), 'after the login');
    });
  }
});

test('a reason that says reconnect is retried, with a new ticket', async (t) => {
  const requests = fakeFetch(t);
  const { socket, manager } = openPage(t, true);
  await requests[0].answer(401, RENEWED);
  assert.equal(socket.session.state, 'pending');
  t.mock.timers.tick(1000);
  t.mock.timers.tick(0);
  await requests[1].answer(200, { ticket: 'two' });
  assert.equal(ticketIn(manager), 'two');
});

test('a function may give a reason too', async (t) => {
  const rows = [
    { name: 'rejected', ticket: () => Promise.reject(FINAL) },
    { name: 'thrown', ticket: () => { throw FINAL; } },
  ];
  for (const row of rows) {
    await t.test(row.name, async (t) => {
      const { socket, manager } = openPage(t, row.ticket);
      await settled();
      assert.equal(socket.session.reason, FINAL);
      assert.equal(socket.session.state, 'invalid');
      assert.equal(manager.handshakes, 0);
    });
  }
});

test('another failure is one of the connection, and socket.io tries again', async (t) => {
  const rows = [
    { name: 'no answer', request: (request) => request.fail() },
    { name: '401 without a reason', request: (request) => request.answer(401) },
    { name: '403', request: (request) => request.answer(403, 'forbidden') },
    { name: '503', request: (request) => request.answer(503, { code: 'store_error', reconnect: true }) },
    { name: '200 without a ticket', request: (request) => request.answer(200, { hello: 1 }) },
    { name: '200 with none', request: (request) => request.answer(200, { ticket: '' }) },
    { name: '200 without JSON', request: (request) => request.answer(200) },
    { name: 'a function that throws', ticket: () => { throw new Error('offline'); } },
    { name: 'a function that returns nothing', ticket: () => undefined },
    { name: 'a rejected promise', ticket: () => Promise.reject(new Error('offline')) },
    { name: 'a promise rejected without an error', ticket: () => Promise.reject() },
    { name: 'a promise of nothing', ticket: async () => null },
    { name: 'no answer at all', ticket: () => new Promise(() => {}), wait: 20000 },
  ];
  for (const row of rows) {
    for (const protocol of PROTOCOLS) {
      await t.test(`${row.name}, protocol ${protocol}`, async (t) => {
        const requests = fakeFetch(t);
        const { socket, manager, errors } = openPage(t, row.ticket || true, {}, protocol);
        if (row.request) await row.request(requests[0]);
        if (row.wait) t.mock.timers.tick(row.wait);
        await settled();
        assert.equal(socket.session.state, 'pending');
        assert.equal(manager.handshakes, 0);
        assert.equal(manager.retries, 1);
        assert.ok(errors.length && errors.every((err) => err instanceof Error), 'the page hears of it as of a network that fails');

        const tries = [];
        manager.open((err) => tries.push(err)); // as a reconnection does
        t.mock.timers.tick(0);
        if (row.request) await row.request(requests[1]);
        if (row.wait) t.mock.timers.tick(row.wait);
        await settled();
        assert.ok(tries.length === 1 && tries[0] instanceof Error);
        assert.equal(manager.retries, 1);
      });
    }
  }
});

test('a ticket after the time is up changes nothing', async (t) => {
  const source = promises();
  const { manager, errors } = openPage(t, source);
  t.mock.timers.tick(20000);
  assert.equal(manager.retries, 1);
  await source.give('one');
  assert.equal(manager.handshakes, 0);
  assert.equal(manager.retries, 1);
  assert.ok(errors.length);
});
