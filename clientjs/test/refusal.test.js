'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const attach = require('..');
const { FINAL, RENEWED, classic, fakeIo, listen, mockTimers, open } = require('./fake');

test('a final reason: hung up, told, not retried', (t) => {
  mockTimers(t);
  const [socket, chat] = open(classic(), '/', '/chat');
  const told = listen(socket.session);
  const seen = [];
  socket.on('sinvalid', (reason) => seen.push(reason, socket.connected));
  socket.receive('sinvalid', FINAL);

  assert.equal(socket.session.state, 'invalid');
  assert.equal(socket.session.reason, FINAL);
  assert.deepEqual(told, [FINAL]);
  assert.deepEqual(seen, [FINAL, false], "the page's own listener hears it too, after the hang-up");
  t.mock.timers.tick(60000);
  assert.equal(socket.session.state, 'invalid');
  assert.equal(socket.connected, false);

  assert.equal(chat.session.state, 'active', 'the other namespace goes on');
  assert.equal(chat.io.handshakes, 1);
});

test('a sinvalid without a reason is final', () => {
  const [socket] = open(classic(), '/');
  socket.receive('sinvalid', undefined);
  assert.equal(socket.session.state, 'invalid');
  assert.equal(socket.session.reason.code, undefined);
});

test('a refusal at connect', async (t) => {
  const error = (data) => Object.assign(new Error('refused'), { data });
  const rows = [
    { name: '2.x: error packet', protocol: 4, event: 'error', value: FINAL, state: 'invalid' },
    { name: '2.x: error packet of the app', protocol: 4, event: 'error', value: 'no', state: 'pending' },
    { name: '2.x: network', protocol: 4, event: 'error', value: Object.assign(new Error(), { code: 'ECONNREFUSED' }), state: 'pending' },
    { name: '2.x: no connection', protocol: 4, event: 'connect_error', value: error(FINAL), state: 'pending' },
    { name: '4.x: CONNECT_ERROR', protocol: 5, event: 'connect_error', value: error(FINAL), state: 'invalid' },
    { name: '4.x: CONNECT_ERROR of the app', protocol: 5, event: 'connect_error', value: error({ why: 'no' }), state: 'pending' },
    { name: '4.x: network', protocol: 5, event: 'connect_error', value: new Error('xhr poll error'), state: 'pending' },
    { name: "4.x: the app's own event", protocol: 5, event: 'error', value: FINAL, state: 'pending' },
  ];
  for (const row of rows) {
    await t.test(row.name, () => {
      const socket = attach(fakeIo(row.protocol)).connectWithSession('/chat');
      socket.on('error', () => {});
      socket.io.accept();
      socket.emit(row.event, row.value);
      assert.equal(socket.session.state, row.state);
      assert.equal(socket.session.reason, row.state === 'invalid' ? FINAL : undefined);
      assert.equal(Boolean(socket.subs), row.state === 'pending', 'socket.io goes on only where it may');
    });
  }
});

test("unknown is not final within 30 s of 'renewed': the new cookie may be on its way", (t) => {
  mockTimers(t);
  const unknown = { ...FINAL, code: 'unknown' };
  const [socket] = open(classic(), '/');
  const told = listen(socket.session);
  socket.receive('sinvalid', RENEWED);
  for (const [wait, handshakes] of [[1000, 2], [2000, 3], [4000, 4], [8000, 5]]) {
    t.mock.timers.tick(wait);
    assert.equal(socket.io.handshakes, handshakes);
    socket.io.accept();
    socket.emit('error', unknown);
    assert.equal(socket.session.state, 'pending');
    assert.deepEqual(socket.session.reason, { ...unknown, reconnect: true }, 'as it is what the script does');
  }
  assert.deepEqual(told.length, 5);

  t.mock.timers.tick(16000); // 31 s in all
  assert.equal(socket.io.handshakes, 6);
  socket.io.accept();
  socket.emit('error', unknown);
  assert.equal(socket.session.state, 'invalid');
  assert.equal(socket.session.reason, unknown);
  t.mock.timers.tick(60000);
  assert.equal(socket.io.handshakes, 6);
});

test("'unknown' is final otherwise, and so are other reasons after 'renewed'", async (t) => {
  for (const [code, before] of [['unknown', 'busy'], ['destroyed', 'renewed'], ['no_cookie', 'renewed']]) {
    await t.test(`${code} after ${before}`, (t) => {
      mockTimers(t);
      const [socket] = open(classic(), '/');
      socket.receive('sinvalid', { ...RENEWED, code: before });
      t.mock.timers.tick(1000);
      socket.io.accept();
      socket.emit('error', { ...FINAL, code });
      assert.equal(socket.session.state, 'invalid');
      t.mock.timers.tick(60000);
      assert.equal(socket.io.handshakes, 2);
    });
  }
});

test('reconnect: true connects again by a new handshake, and says pending meanwhile', (t) => {
  mockTimers(t);
  const [socket] = open(classic(), '/');
  const told = listen(socket.session);
  let during;
  socket.session.on('invalid', () => { during = socket.session.state; });
  socket.receive('sinvalid', RENEWED);
  assert.equal(during, 'invalid');
  assert.equal(socket.session.state, 'pending');
  assert.equal(socket.session.reason, RENEWED);
  assert.equal(socket.connected, false);

  t.mock.timers.tick(999);
  assert.equal(socket.io.handshakes, 1);
  t.mock.timers.tick(1);
  assert.equal(socket.io.handshakes, 2);
  assert.equal(socket.session.reason, undefined);
  socket.io.accept();
  socket.admit();
  assert.deepEqual(told, [RENEWED, 'active']);
});
