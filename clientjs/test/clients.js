'use strict';

// Real clients, with the script.

const { setMaxListeners } = require('node:events');
const test = require('node:test');
const attach = require('..');

// What a browser has and Node has not.
const page = new EventTarget();
setMaxListeners(0, page); // 3.x adds one with every connection
globalThis.addEventListener = page.addEventListener.bind(page);
globalThis.removeEventListener = page.removeEventListener.bind(page);

const CLIENTS = {
  '1.7.4': attach(require('socket.io-client-1')),
  '2.0.4': attach(require('socket.io-client-2.0')),
  '2.5.0': attach(require('socket.io-client')),
  '3.1.3': attach(require('socket.io-client-3')),
  '4.8.4': attach(require('socket.io-client-4')),
};

const FINAL = { code: 'unknown', message: 'no such session', reconnect: false, data: null };
const RENEWED = { code: 'renewed', message: 'logged in', reconnect: true, data: null };

/**
 * Runs each case with each client.
 *
 * @param {Object} cases name => (t, io, classic), with what a client's socket.io.js exports
 */
function withClients(cases) {
  for (const [version, io] of Object.entries(CLIENTS)) {
    test(`socket.io-client ${version}`, async (t) => {
      for (const [name, body] of Object.entries(cases)) {
        await t.test(name, { timeout: 5000 }, (t) => body(t, io, version < '3'));
      }
    });
  }
}

/** The next event of a session, or of a socket. */
function next(emitter, event) {
  return new Promise((resolve) => {
    function f(value) {
      emitter.off(event, f);
      resolve(value);
    }
    emitter.on(event, f);
  });
}

function echo(socket, text) {
  return new Promise((resolve) => socket.emit('echo', text, resolve));
}

/** Waits until the connection is on its websocket. */
async function upgraded(socket) {
  const { engine } = socket.io;
  if (engine.transport.name !== 'websocket') await new Promise((resolve) => engine.once('upgrade', resolve));
}

/** Connects with a cookie that can be changed, as a browser's can; closed at the test's end. */
function connect(t, io, uri, { cookie, ...opts } = {}) {
  const extraHeaders = opts.extraHeaders || (cookie ? { Cookie: cookie } : {});
  const socket = io.connectWithSession(uri, { reconnectionDelay: 1, ...opts, extraHeaders });
  t.after(() => socket.disconnect());
  return socket;
}

function setCookie(socket, cookie) {
  socket.io.opts.extraHeaders.Cookie = cookie;
}

module.exports = { CLIENTS, FINAL, RENEWED, connect, echo, next, page, setCookie, upgraded, withClients };
