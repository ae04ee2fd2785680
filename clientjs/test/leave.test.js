'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { FINAL, RENEWED, classic, mockTimers, open } = require('./fake');
const { fakeWindow } = require('./page');

test('a page that is left hangs up, and comes back when it is shown again', (t) => {
  const page = fakeWindow(t);
  const [root, chat, news] = open(classic(), '/', '/chat', '/news');
  news.receive('sinvalid', FINAL);

  page.hide();
  assert.equal(root.io.engine.readyState, 'closed');
  assert.equal(root.session.state, 'pending');
  assert.equal(root.io.handshakes, 1);

  page.show(true);
  assert.equal(root.io.handshakes, 2);
  root.io.accept();
  assert.deepEqual([chat.asked, news.asked], [2, 1]);
  page.show(true);
  assert.equal(root.io.handshakes, 2, 'once');

  page.hide();
  page.show(false);
  assert.equal(root.io.handshakes, 2, 'not where the page was loaded anew');
});

test('a page that is left does not retry before it is shown again', (t) => {
  mockTimers(t);
  const page = fakeWindow(t);
  const [root, chat] = open(classic(), '/', '/chat');
  chat.receive('sinvalid', RENEWED);
  page.hide();
  t.mock.timers.tick(60000);
  assert.equal(root.io.handshakes, 1);
  page.show(true);
  root.io.accept();
  assert.equal(chat.asked, 2);
});

test('a closed connection leaves no listener with the page', (t) => {
  const page = fakeWindow(t);
  const [socket] = open(classic(), '/');
  assert.equal(page.listeners(), 1);
  socket.disconnect();
  assert.equal(page.listeners(), 0);
});
