'use strict';

// What a browser has and Node has not, or has otherwise.

const { fetch } = globalThis;

/** A window for the time of a test: what it dispatches, and how many listen. */
function fakeWindow(t) {
  const page = new EventTarget();
  let listeners = 0;
  globalThis.addEventListener = (...args) => { listeners++; page.addEventListener(...args); };
  globalThis.removeEventListener = (...args) => { listeners--; page.removeEventListener(...args); };
  t.after(() => { delete globalThis.addEventListener; delete globalThis.removeEventListener; });
  return {
    listeners: () => listeners,
    hide: () => page.dispatchEvent(new Event('pagehide')),
    show: (persisted) => page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted })),
  };
}

/**
 * A fetch for the time of a test, which answers when the test says so.
 *
 * @return {Array} the requests: {url, opts, signal, answer(status, body), fail()}
 */
function fakeFetch(t) {
  const requests = [];
  t.after(() => { globalThis.fetch = fetch; });
  globalThis.fetch = (url, { signal, ...opts }) => new Promise((resolve, reject) => {
    const answer = async (status, body) => {
      resolve(new Response(body === undefined ? null : JSON.stringify(body), { status }));
      await settled();
    };
    const fail = async () => {
      reject(new TypeError('Failed to fetch'));
      await settled();
    };
    if (signal) signal.onabort = () => reject(signal.reason);
    requests.push({ url, opts, signal, answer, fail });
  });
  return requests;
}

/**
 * A fetch with a cookie, as a page at the given origin has it.
 *
 * @param {Object} headers of the sockets' handshakes, which carry the same cookie
 */
function browserFetch(t, origin, headers) {
  t.after(() => { globalThis.fetch = fetch; });
  globalThis.fetch = async (url, opts) => {
    const res = await fetch(new URL(url, origin), { ...opts, headers: { ...opts.headers, ...headers } });
    for (const cookie of res.headers.getSetCookie()) headers.Cookie = cookie.split(';')[0];
    return res;
  };
}

/** Waits for the promises that are settled already, and for all that follows from them at once. */
function settled() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A browser whose tabs hear of one another when the test says so. */
class Browser {
  constructor(t) {
    const browser = this;
    this.channels = [];
    this.messages = []; // all that were sent
    this.queue = [];
    const original = globalThis.BroadcastChannel;
    globalThis.BroadcastChannel = class {
      constructor(name) {
        this.name = name;
        browser.channels.push(this);
      }

      postMessage(message) {
        const data = structuredClone(message);
        browser.messages.push(data);
        for (const other of browser.channels) {
          if (other !== this && other.name === this.name) browser.queue.push(() => other.onmessage({ data }));
        }
      }

      close() {
        browser.channels = browser.channels.filter((other) => other !== this);
      }
    };
    t.after(() => { globalThis.BroadcastChannel = original; });
  }

  /** A script of its own, as every tab has. */
  open(io) {
    const file = require.resolve('..');
    delete require.cache[file];
    return require(file)(io);
  }

  /** Delivers every message, and those that come of it. */
  deliver() {
    while (this.queue.length) this.queue.shift()();
  }

  /** Delivers what was sent, and starts to count anew. */
  forget() {
    this.deliver();
    this.messages = [];
  }
}

module.exports = { Browser, browserFetch, fakeFetch, fakeWindow, settled };
