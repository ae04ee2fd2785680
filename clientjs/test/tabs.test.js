'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { FINAL, RENEWED, fakeIo, mockTimers, open } = require('./fake');
const { Browser, fakeWindow } = require('./page');

const REFUSED = { code: 'login_required', message: 'log in', reconnect: false, data: null };
const LOGIN = { address: 'http://page.test/socket.io', word: 'login' };
const LOGOUT = { address: 'http://page.test/socket.io', word: 'logout' };

/** The open sockets of a new tab, after the others have heard that it was loaded. */
function openTab(browser, protocol, ...uris) {
  const sockets = open(browser.open(fakeIo(protocol)), ...uris);
  browser.forget();
  return sockets;
}

/** Tabs with an open root each, and the browser that they are in. */
function openTabs(t, count, protocol = 4) {
  mockTimers(t);
  const browser = new Browser(t);
  const tabs = Array.from({ length: count }, () => openTab(browser, protocol, '/')[0]);
  return { browser, tabs };
}

function admit(...sockets) {
  for (const socket of sockets) {
    socket.io.accept();
    socket.admit();
  }
}

function handshakes(tabs) {
  return tabs.map((socket) => socket.io.handshakes);
}

/**
 * Plays the server for all tabs for so long that nothing happens any more: whoever shakes hands is answered.
 *
 * @param {Function} answer (socket) => the reason to refuse it with, or undefined
 * @param {Boolean} [quick=true] whether messages arrive before the server answers the next tab
 */
function play(t, browser, sockets, answer, quick = true) {
  for (let round = 0; round < 100; round++) {
    browser.deliver();
    t.mock.timers.tick(1000);
    for (const socket of sockets) {
      if (socket.io.readyState === 'opening') socket.io.accept();
      if (!socket.subs || socket.connected) continue;
      const reason = answer(socket);
      if (reason) socket.emit('error', reason);
      else socket.admit();
      if (quick) browser.deliver();
    }
  }
}

test('a logout', async (t) => {
  await t.test('is told once, without a word of the session', (t) => {
    const { browser, tabs: [tab] } = openTabs(t, 1);
    const [, chat] = openTab(browser, 4, '/', '/chat');
    tab.receive('sinvalid', FINAL);
    chat.receive('sinvalid', FINAL);
    chat.io.nsps['/'].receive('sinvalid', FINAL);
    assert.deepEqual(browser.messages, [LOGOUT, LOGOUT]);
  });

  await t.test('is what the server calls destroyed, nothing else', (t) => {
    const { browser, tabs: [tab] } = openTabs(t, 1);
    for (const code of ['unknown', 'no_cookie', 'expired', 'renewed', 'disconnected', 'going_away']) {
      tab.receive('sinvalid', { ...FINAL, code });
      tab.session.refresh();
      tab.io.accept();
    }
    assert.deepEqual(browser.messages, []);
  });

  await t.test('leaves an open tab to the server', (t) => {
    const { browser, tabs: [one, two] } = openTabs(t, 2);
    one.receive('sinvalid', FINAL);
    browser.deliver();
    t.mock.timers.tick(999);
    assert.equal(two.session.state, 'active');
    two.receive('sinvalid', FINAL);
    t.mock.timers.tick(60000);
    assert.deepEqual(handshakes([one, two]), [1, 1]);
    assert.equal(two.session.reason, FINAL);
  });

  await t.test('makes an open tab ask that hears nothing', (t) => {
    const { browser, tabs: [one, two] } = openTabs(t, 2);
    one.receive('sinvalid', FINAL);
    one.session.refresh(); // hears it again
    one.io.accept();
    one.emit('error', FINAL);
    browser.deliver();
    t.mock.timers.tick(1000);
    assert.equal(two.io.handshakes, 2);
    admit(two);
    t.mock.timers.tick(60000);
    assert.equal(two.io.handshakes, 2, 'once');
    assert.equal(two.session.state, 'active');
  });

  await t.test('is told again after the next login', (t) => {
    const { browser, tabs: [one, two] } = openTabs(t, 2);
    for (const [first, second] of [[one, two], [two, one], [one, two]]) {
      first.receive('sinvalid', FINAL);
      browser.deliver();
      second.receive('sinvalid', FINAL);
      first.session.refresh();
      admit(first);
      browser.deliver();
      admit(second);
    }
    assert.deepEqual(browser.messages, [LOGOUT, LOGIN, LOGOUT, LOGIN, LOGOUT, LOGIN]);
  });

  await t.test('is no news to a connection that is younger', (t) => {
    const { browser, tabs: [one, two] } = openTabs(t, 2);
    one.receive('sinvalid', FINAL);
    browser.deliver();
    two.session.refresh();
    admit(two);
    t.mock.timers.tick(60000);
    assert.equal(two.io.handshakes, 2);
  });

  await t.test('does not disturb the namespaces that outlive it', (t) => {
    const { browser, tabs: [one] } = openTabs(t, 1, 5);
    const [root, open5] = openTab(browser, 5, '/', '/open');
    one.receive('sinvalid', FINAL);
    browser.deliver();
    root.receive('sinvalid', FINAL);
    t.mock.timers.tick(60000);
    assert.equal(open5.session.state, 'active');
    assert.equal(open5.io.handshakes, 1);
  });

  await t.test('makes a tab ask at once that is not connected', async (t) => {
    const rows = [
      { name: 'reconnecting', lose: (tab) => tab.io.drop('transport close') },
      { name: 'waiting to retry', lose: (tab) => tab.receive('sinvalid', { ...RENEWED, code: 'busy' }) },
      { name: 'opening', lose: (tab) => tab.session.refresh() },
    ];
    for (const row of rows) {
      await t.test(row.name, (t) => {
        const { browser, tabs: [one, two] } = openTabs(t, 2);
        row.lose(two);
        const before = two.io.handshakes;
        one.receive('sinvalid', FINAL);
        browser.deliver();
        assert.equal(two.io.handshakes, before + 1);
        two.io.accept();
        two.emit('error', FINAL);
        assert.equal(two.session.state, 'invalid');
        browser.deliver();
        t.mock.timers.tick(60000);
        assert.deepEqual(handshakes([one, two]), [1, before + 1]);
        assert.deepEqual(browser.messages, [LOGOUT], 'it does not tell what it was told');
      });
    }
  });

  await t.test('is nothing to a tab that has stopped', (t) => {
    const { browser, tabs } = openTabs(t, 3);
    tabs[1].receive('sinvalid', { ...FINAL, code: 'too_many' });
    tabs[2].disconnect();
    tabs[0].receive('sinvalid', FINAL);
    browser.deliver();
    t.mock.timers.tick(60000);
    assert.deepEqual(handshakes(tabs), [1, 1, 1]);
  });
});

test('a login', async (t) => {
  await t.test('brings back what it may mend', async (t) => {
    const codes = {
      no_cookie: true, unknown: true, destroyed: true, expired: true, login_required: true,
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
