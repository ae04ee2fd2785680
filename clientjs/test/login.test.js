'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { FINAL, RENEWED, fakeIo, open } = require('./fake');
const { LOGIN, REFUSED, admit, handshakes, openTab, openTabs } = require('./tabs');

test('a login', async (t) => {
  await t.test('brings back what it may mend', async (t) => {
    const codes = {
      no_cookie: true, unknown: true, destroyed: true, expired: true, superseded: true, login_required: true,
      too_many: false, disconnected: false, internal: false, of_the_app: false,
    };
    for (const [code, mends] of Object.entries(codes)) {
      await t.test(code, (t) => {
        const { browser, tabs: [one, two] } = openTabs(t, 2);
        two.receive('sinvalid', { ...FINAL, code });
        one.receive('sinvalid', RENEWED);
        browser.deliver();
        t.mock.timers.tick(1000);
        admit(one);
        browser.deliver();
        assert.equal(two.io.handshakes, mends ? 2 : 1);
        assert.equal(two.session.state, mends ? 'pending' : 'invalid');
        if (mends) admit(two);
        browser.deliver();
        assert.deepEqual(browser.messages.filter(({ word }) => word === 'login'), [LOGIN]);
      });
    }
  });

  await t.test('is told when a session that was lost is back', (t) => {
    const { browser, tabs: [one] } = openTabs(t, 1);
    one.receive('sinvalid', { ...FINAL, code: 'no_cookie' });
    one.session.refresh();
    admit(one);
    one.io.drop('transport close');
    admit(one);
    assert.deepEqual(browser.messages, [LOGIN]);
  });

  await t.test('is told once by all namespaces of a connection', (t) => {
    const { browser } = openTabs(t, 0);
    const sockets = openTab(browser, 4, '/', '/chat', '/news');
    for (const socket of sockets) socket.receive('sinvalid', RENEWED);
    t.mock.timers.tick(1000);
    admit(...sockets);
    assert.deepEqual(browser.messages, [LOGIN]);
  });

  await t.test('is told also when the server was busy at first', (t) => {
    const { browser, tabs: [one] } = openTabs(t, 1);
    one.receive('sinvalid', { ...FINAL, code: 'no_cookie' });
    one.session.refresh();
    one.io.accept();
    one.emit('error', { ...RENEWED, code: 'busy' });
    t.mock.timers.tick(1000);
    admit(one);
    assert.deepEqual(browser.messages, [LOGIN]);
  });

  await t.test('is not what ends a mere interruption', (t) => {
    const { browser, tabs: [one, two] } = openTabs(t, 2);
    two.receive('sinvalid', { ...FINAL, code: 'expired' });
    for (const code of ['store_error', 'busy', 'going_away']) {
      one.receive('sinvalid', { ...RENEWED, code });
      t.mock.timers.tick(4000);
      admit(one);
    }
    one.session.refresh();
    admit(one);
    browser.deliver();
    assert.deepEqual(browser.messages, []);
  });

  await t.test('leaves open what is open', (t) => {
    const { browser, tabs: [one] } = openTabs(t, 1);
    const [root, chat] = openTab(browser, 4, '/', '/chat');
    const [alone] = openTab(browser, 4, '/');
    chat.emit('error', REFUSED);
    one.receive('sinvalid', RENEWED);
    t.mock.timers.tick(1000);
    admit(one);
    browser.deliver();
    assert.equal(root.session.state, 'active');
    assert.deepEqual(handshakes([root, alone]), [1, 1]);
    assert.equal(chat.asked, 2);
    chat.admit();
    assert.equal(chat.session.state, 'active');
  });

  await t.test('is not in a handshake that came before it', (t) => {
    const { browser, tabs: [one] } = openTabs(t, 1);
    const [root, chat] = openTab(browser, 4, '/', '/chat');
    chat.emit('error', FINAL);
    root.io.drop('transport error');
    root.io.open();
    admit(root);
    one.receive('sinvalid', RENEWED);
    t.mock.timers.tick(1000);
    admit(one);
    browser.deliver();
    assert.equal(root.io.handshakes, 3);
  });

  await t.test('brings back no socket that the page has closed', (t) => {
    const { browser, tabs: [one, two] } = openTabs(t, 2);
    const [root, chat] = openTab(browser, 4, '/', '/chat');
    two.receive('sinvalid', FINAL);
    two.disconnect();
    chat.emit('error', REFUSED);
    chat.disconnect();
    one.receive('sinvalid', RENEWED);
    t.mock.timers.tick(1000);
    admit(one);
    browser.deliver();
    assert.deepEqual(handshakes([two, root]), [1, 1]);
    assert.equal(chat.asked, 1);
  });

  await t.test('brings back one that the page has opened again', (t) => {
    const { browser, tabs: [one, two] } = openTabs(t, 2);
    two.disconnect();
    two.connect();
    two.io.accept();
    two.emit('error', REFUSED);
    one.receive('sinvalid', RENEWED);
    t.mock.timers.tick(1000);
    admit(one);
    browser.deliver();
    assert.equal(two.io.handshakes, 3);
  });

  await t.test('finds a socket that the page has opened beside another', (t) => {
    const { browser, tabs: [one] } = openTabs(t, 1, 5);
    const [root, chat] = openTab(browser, 5, '/', '/chat');
    chat.receive('sinvalid', FINAL);
    chat.connect();
    root.session.refresh();
    assert.equal(chat.session.state, 'pending');
    one.receive('sinvalid', RENEWED);
    t.mock.timers.tick(1000);
    admit(one);
    browser.deliver();
    assert.equal(root.io.handshakes, 2);
  });

  await t.test('is nothing to sockets of another server or path', (t) => {
    const { browser, tabs: [one] } = openTabs(t, 1);
    const others = [
      browser.open(fakeIo()).connectWithSession('http://other.test/'),
      browser.open(fakeIo()).connectWithSession('https://page.test/'),
      browser.open(fakeIo()).connectWithSession('/', { path: '/ws' }),
    ];
    const same = browser.open(fakeIo()).connectWithSession('ws://page.test/chat', { path: '/socket.io/', forceNew: true });
    for (const socket of [...others, same]) {
      socket.io.accept();
      socket.emit('error', REFUSED);
    }
    one.receive('sinvalid', RENEWED);
    t.mock.timers.tick(1000);
    admit(one);
    browser.deliver();
    assert.deepEqual(handshakes([...others, same]), [1, 1, 1, 2]);
  });
});
