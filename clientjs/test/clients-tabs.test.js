'use strict';

// Several tabs, other sockets of the page, and a page that is left, with real clients.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { FINAL, connect, echo, next, page, withClients } = require('./clients');
const { Browser } = require('./page');
const { startServer } = require('./server');

withClients({
  async 'a login in one tab brings back the other'(t, io) {
    const original = io.connectWithSession;
    t.after(() => { io.connectWithSession = io.SessionSocket = original; });
    const server = await startServer(t, (nsp, cookie) => (cookie ? undefined : FINAL));
    const browser = new Browser(t);
    const headers = {};
    const [one, two] = [1, 2].map(() => connect(t, browser.open(io), server.uri, { extraHeaders: headers }));
    await Promise.all([next(one.session, 'invalid'), next(two.session, 'invalid')]);
    headers.Cookie = 'session=alice';
    one.session.refresh();
    await next(one.session, 'active');
    browser.deliver();
    await next(two.session, 'active');
    browser.deliver();
    assert.equal(await echo(two, 'alice'), 'alice');
    assert.deepEqual(server.handshakes, [undefined, undefined, 'session=alice', 'session=alice']);
  },

  async 'a page that is loaded after a login brings back the other tab'(t, io) {
    const original = io.connectWithSession;
    t.after(() => { io.connectWithSession = io.SessionSocket = original; });
    const server = await startServer(t, (nsp, cookie) => (cookie ? undefined : { ...FINAL, at: 'connect' }));
    const browser = new Browser(t);
    const headers = {};
    const old = connect(t, browser.open(io), server.uri, { extraHeaders: headers });
    await next(old.session, 'invalid');
    headers.Cookie = 'session=alice';
    const loaded = connect(t, browser.open(io), server.uri, { extraHeaders: headers });
    await next(loaded.session, 'active');
    browser.deliver();
    await next(old.session, 'active');
    browser.deliver();
    assert.equal(await echo(old, 'alice'), 'alice');
    assert.deepEqual(server.handshakes, [undefined, 'session=alice', 'session=alice']);
    assert.equal(browser.messages.length, 1, 'who is back because of it does not tell it');
  },

  async 'a plain io() of the same page is not touched'(t, io) {
    const server = await startServer(t, (nsp, cookie) => (cookie === 'plain' ? undefined : FINAL));
    const socket = connect(t, io, server.uri);
    const plain = io.connect(server.uri, { extraHeaders: { Cookie: 'plain' } });
    t.after(() => plain.disconnect());
    await Promise.all([next(socket.session, 'invalid'), next(plain, 'connect')]);
    assert.notEqual(plain.io, socket.io);
    assert.equal(plain.session, undefined);
    assert.equal(await echo(plain, 'well'), 'well');
  },

  async 'a page that is left closes at once and comes back'(t, io) {
    const server = await startServer(t, () => undefined);
    const socket = connect(t, io, server.uri, { transports: ['websocket'] });
    await next(socket.session, 'active');
    const [conn] = Object.values(server.io.engine.clients);
    page.dispatchEvent(new Event('pagehide'));
    assert.equal(socket.connected, false);
    await once(conn, 'close');
    page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    await next(socket.session, 'active');
    assert.equal(server.handshakes.length, 2);
  },
});
