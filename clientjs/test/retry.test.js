'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const attach = require('..');
const { FINAL, RENEWED, classic, delayOfRetry, fakeIo, mockTimers, open } = require('./fake');

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

test('a handshake that came for another reason is new enough', (t) => {
  mockTimers(t);
  for (const io of [classic(), attach(fakeIo(5))]) {
    const [root, chat] = open(io, '/', '/chat');
    chat.receive('sinvalid', RENEWED);
    root.io.drop('transport error'); // and socket.io reconnects what it knows of
    root.io.open();
    root.io.accept();
    root.admit();
    t.mock.timers.tick(1000);
    assert.equal(chat.asked, 2);
    chat.admit();
    assert.deepEqual([root.io.handshakes, root.session.state, chat.session.state], [2, 'active', 'active']);
  }
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
