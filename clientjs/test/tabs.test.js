'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { FINAL, RENEWED, fakeIo, mockTimers, open } = require('./fake');
const { Browser, fakeWindow } = require('./page');
const { LOGIN, LOGOUT, REFUSED, admit, handshakes, openTab, openTabs, play } = require('./tabs');

test('a page load', async (t) => {
  for (const protocol of [4, 5]) {
    await t.test(`is told once, whatever it connects and however often, protocol ${protocol}`, (t) => {
      const { browser } = openTabs(t, 0);
      const io = browser.open(fakeIo(protocol));
      const [root, chat] = open(io, '/', '/chat');
      assert.deepEqual(browser.messages, [LOGIN]);
      io.connectWithSession('/late').admit();
      root.io.drop('transport close');
      admit(root, chat);
      root.session.refresh();
      admit(root, chat);
      assert.deepEqual(browser.messages, [LOGIN]);
    });

    await t.test(`brings back all tabs after a logout and a login, protocol ${protocol}`, (t) => {
      const { browser, tabs } = openTabs(t, 5, protocol);
      for (const tab of tabs) tab.receive('sinvalid', FINAL);
      browser.forget();
      const page = browser.open(fakeIo(protocol)).connectWithSession('/');
      play(t, browser, [page, ...tabs], () => undefined);
      assert.ok(tabs.every((tab) => tab.session.state === 'active'));
      assert.deepEqual(handshakes([page, ...tabs]), [1, 2, 2, 2, 2, 2]);
      assert.deepEqual(browser.messages, [LOGIN], 'who is back because of it does not tell it');
    });

    await t.test(`disturbs no tab that is active, protocol ${protocol}`, (t) => {
      const { browser } = openTabs(t, 0);
      const pages = [];
      for (let i = 0; i < 5; i++) {
        pages.push(open(browser.open(fakeIo(protocol)), '/', '/chat'));
        play(t, browser, pages.flat(), () => assert.fail('nobody asks'));
      }
      assert.deepEqual(pages.map(([root, chat]) => [root.io.handshakes, chat.asked]), Array(5).fill([1, 1]));
      assert.deepEqual(browser.messages, Array(5).fill(LOGIN));
    });

    for (const quick of [true, false]) {
      const name = quick ? 'one by one' : 'at the same time';
      await t.test(`of five at once takes a handshake each, and they are connected ${name}, protocol ${protocol}`, (t) => {
        const { browser } = openTabs(t, 0);
        const pages = Array.from({ length: 5 }, () => {
          const io = browser.open(fakeIo(protocol));
          return ['/', '/chat'].map((uri) => io.connectWithSession(uri));
        });
        play(t, browser, pages.flat(), () => undefined, quick);
        assert.ok(pages.flat().every((socket) => socket.session.state === 'active'));
        assert.deepEqual(pages.map(([root, chat]) => [root.io.handshakes, chat.asked]), Array(5).fill([1, 1]));
        assert.equal(browser.messages.length, quick ? 1 : 5, 'who has heard of it does not tell it');
      });
    }
  }

  await t.test('makes a tab ask once that no login helps', (t) => {
    const { browser, tabs } = openTabs(t, 5);
    for (const tab of tabs) tab.receive('sinvalid', FINAL);
    const page = browser.open(fakeIo()).connectWithSession('/');
    play(t, browser, [page, ...tabs], (socket) => (socket === page ? undefined : REFUSED));
    assert.ok(tabs.every((tab) => tab.session.state === 'invalid'));
    assert.deepEqual(handshakes([page, ...tabs]), [1, 2, 2, 2, 2, 2]);
  });

  await t.test('is told in vain where a server connects before it refuses, and that ends', (t) => {
    const { browser } = openTabs(t, 0);
    const pages = Array.from({ length: 5 }, () => browser.open(fakeIo()).connectWithSession('/'));
    for (let round = 0; round < 20; round++) {
      for (const page of pages.filter(({ subs }) => subs)) {
        admit(page);
        page.receive('sinvalid', REFUSED);
      }
      browser.deliver();
    }
    assert.deepEqual(handshakes(pages), [2, 2, 2, 2, 2]);
    assert.deepEqual(browser.messages, Array(5).fill(LOGIN));
  });

  await t.test('is nothing to tell before the server has connected it', (t) => {
    const { browser } = openTabs(t, 0);
    const [busy, refused] = [0, 0].map(() => browser.open(fakeIo()).connectWithSession('/'));
    busy.io.accept();
    busy.emit('error', { ...RENEWED, code: 'busy' });
    refused.io.accept();
    refused.emit('error', REFUSED);
    assert.deepEqual(browser.messages, []);
    t.mock.timers.tick(1000);
    admit(busy);
    assert.deepEqual(browser.messages, [LOGIN]);
  });

  await t.test('is not yet the login of what it found refused', async (t) => {
    for (const code of ['login_required', 'of_the_app']) {
      await t.test(code, (t) => {
        const { browser } = openTabs(t, 0);
        const io = browser.open(fakeIo());
        const [vip, root] = ['/vip', '/'].map((uri) => io.connectWithSession(uri));
        root.io.accept();
        vip.emit('error', { ...REFUSED, code });
        root.admit();
        assert.deepEqual(browser.messages, [LOGIN]);
        openTab(browser, 4, '/'); // may have mended it, but has not
        if (vip.asked > 1) vip.emit('error', { ...REFUSED, code });
        vip.session.refresh();
        admit(root, vip);
        assert.deepEqual(browser.messages, [LOGIN]);
      });
    }
  });
});

test('five tabs', async (t) => {
  for (const protocol of [4, 5]) {
    await t.test(`a login in one, after a logout, protocol ${protocol}`, (t) => {
      const { browser, tabs } = openTabs(t, 5, protocol);
      for (const tab of tabs) tab.receive('sinvalid', FINAL);
      play(t, browser, tabs, () => assert.fail('nobody asks'));
      assert.deepEqual(browser.messages, Array(5).fill(LOGOUT), 'each has heard it from the server');

      tabs[2].session.refresh();
      play(t, browser, tabs, () => undefined);
      assert.deepEqual(handshakes(tabs), [2, 2, 2, 2, 2]);
      assert.ok(tabs.every((tab) => tab.session.state === 'active'));
      assert.deepEqual(browser.messages.slice(5), [LOGIN]);
    });
  }

  await t.test('a login that helps only one', (t) => {
    const { browser, tabs } = openTabs(t, 5);
    for (const tab of tabs) tab.receive('sinvalid', FINAL);
    tabs[0].session.refresh();
    play(t, browser, tabs, (socket) => (socket === tabs[0] ? undefined : REFUSED));
    assert.deepEqual(handshakes(tabs), [2, 2, 2, 2, 2]);
    assert.deepEqual(tabs.map((tab) => tab.session.state), ['active', ...Array(4).fill('invalid')]);
  });

  for (const quick of [true, false]) {
    const name = quick ? 'one by one' : 'at the same time';
    await t.test(`a login that the server tells to all, and they are back ${name}; namespaces were refused`, (t) => {
      mockTimers(t);
      const browser = new Browser(t);
      const pages = Array.from({ length: 5 }, () => openTab(browser, 4, '/', '/chat', '/vip'));
      for (const [root, chat, vip] of pages) {
        chat.emit('error', REFUSED);
        vip.emit('error', REFUSED);
        root.receive('sinvalid', RENEWED);
      }
      play(t, browser, pages.flat(), (socket) => (socket.nsp === '/vip' ? REFUSED : undefined), quick);
      const logins = browser.messages.filter(({ word }) => word === 'login');
      assert.equal(logins.length, quick ? 1 : 5, 'who has heard of it does not tell it');
      for (const [root, chat, vip] of pages.slice(1)) {
        // The handshake that was under way may carry the cookie of before.
        assert.equal(root.io.handshakes, quick ? 3 : 2);
        assert.equal(root.session.state, 'active');
        assert.deepEqual([chat.session.state, vip.session.state], ['active', 'invalid']);
        assert.deepEqual([chat.asked, vip.asked], [2, 2], 'each was tried once');
      }
    });
  }

  await t.test('a logout while the network is away', (t) => {
    const { browser, tabs } = openTabs(t, 5);
    for (const tab of tabs.slice(1)) tab.io.drop('transport close');
    tabs[0].receive('sinvalid', FINAL);
    play(t, browser, tabs, () => FINAL);
    assert.ok(tabs.every((tab) => tab.session.state === 'invalid'));
    assert.deepEqual(handshakes(tabs), [1, 2, 2, 2, 2]);
    assert.deepEqual(browser.messages, [LOGOUT]);
  });
});

test('the channel', async (t) => {
  await t.test('is one for a page, and closed with its last socket', (t) => {
    const { browser, tabs: [one] } = openTabs(t, 1);
    const io = browser.open(fakeIo());
    const sockets = [io.connectWithSession('/'), io.connectWithSession('/chat'), io.connectWithSession('/', { forceNew: true })];
    assert.deepEqual(browser.channels.map(({ name }) => name), Array(2).fill('socket.io-sessions'));
    for (const socket of sockets) socket.disconnect();
    assert.equal(browser.channels.length, 1);
    sockets[1].connect();
    assert.equal(browser.channels.length, 2);
    sockets[1].io.accept();
    sockets[1].emit('error', REFUSED);
    one.receive('sinvalid', RENEWED);
    t.mock.timers.tick(1000);
    admit(one);
    browser.deliver();
    assert.equal(sockets[1].io.handshakes, 2 + 1);
  });

  await t.test('is not opened before a socket connects', (t) => {
    const { browser } = openTabs(t, 0);
    browser.open(fakeIo()).connectWithSession({ autoConnect: false });
    assert.equal(browser.channels.length, 0);
  });

  await t.test('is closed while the page is away', (t) => {
    const { browser } = openTabs(t, 0);
    const page = fakeWindow(t);
    const [socket] = openTab(browser, 4, '/');
    page.hide();
    assert.equal(browser.channels.length, 0);
    page.show(true);
    assert.equal(browser.channels.length, 1);
    assert.equal(socket.io.handshakes, 2);
  });

  await t.test('hears nonsense without harm', (t) => {
    const { browser, tabs: [one] } = openTabs(t, 1);
    for (const data of [null, undefined, 'x', {}, { address: LOGIN.address }]) browser.channels[0].onmessage({ data });
    assert.equal(one.session.state, 'active');
    assert.equal(one.io.handshakes, 1);
  });

  await t.test('may be missing, or forbidden', (t) => {
    const { browser } = openTabs(t, 0);
    const forbidden = class { constructor() { throw new Error('SecurityError'); } };
    for (const kind of [undefined, forbidden]) {
      globalThis.BroadcastChannel = kind;
      const [socket] = openTab(browser, 4, '/');
      socket.receive('sinvalid', FINAL);
      assert.equal(socket.session.state, 'invalid');
      socket.session.refresh();
      admit(socket);
      assert.equal(socket.session.state, 'active');
    }
  });
});
