'use strict';

const { fakeIo, mockTimers, open } = require('./fake');
const { Browser } = require('./page');

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

module.exports = { LOGIN, LOGOUT, REFUSED, admit, handshakes, openTab, openTabs, play };
