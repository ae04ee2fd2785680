// The client script with every client: it obeys what the demo says, by itself.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import attach from '../../../../clientjs/socket.io-sessions.js';
import { Demo } from './demo.mjs';
import { modes } from './matrix.mjs';
import { LIMIT } from './peer.mjs';
import { isRefusal } from './refusal.mjs';
import { few, ways } from './visitor.mjs';
import { sleep, within } from './wait.mjs';

const RETRY = 1200; // ms in which the script would have tried again

describe('the client script', { concurrency: 3 }, () => {
  let demo;
  before(async () => { demo = await Demo.start(); });
  after(() => demo?.stop());

  for (const way of ways) describe(way.name, { concurrency: true }, () => suite(() => demo, way));
  for (const way of few) restarting(way);
});

function suite(demo, way) {
  it('stops when it is refused, and refresh() lets it in with a cookie', async (t) => {
    const visitor = demo().visitor(t);
    const page = new Page(visitor, way);
    const root = page.open('/');
    isRefusal(await root.next('invalid'), 'no_cookie');
    await sleep(RETRY);
    assert.deepEqual(root.told, ['invalid']);
    assert.deepEqual(root.state(), ['invalid', 'no_cookie']);

    await visitor.login('alice');
    page.takeCookie();
    root.socket.session.refresh();
    await root.next('active');
    assert.equal((await root.ask('whoami')).user, 'alice');
    assert.equal(page.handshakes, 2);
  });

  it('stops after a logout', async (t) => {
    const visitor = await demo().visit(t, 'alice');
    const page = new Page(visitor, way);
    const both = [page.open('/'), page.open('/chat')];
    await Promise.all(both.map((one) => one.next('active')));
    const ended = both.map((one) => one.next('invalid'));
    await visitor.logout();
    for (const why of await Promise.all(ended)) isRefusal(why, 'destroyed');
    page.takeCookie();
    await sleep(RETRY);
    for (const one of both) {
      assert.deepEqual(one.told, ['active', 'invalid']);
      assert.deepEqual(one.state(), ['invalid', 'destroyed']);
    }
    assert.equal(page.handshakes, 1);
  });

  it('comes back after a login, in one handshake with the new cookie', async (t) => {
    const visitor = await demo().visit(t, 'alice');
    const page = new Page(visitor, way);
    const both = [page.open('/'), page.open('/chat')];
    await Promise.all(both.map((one) => one.next('active')));
    const back = both.map((one) => one.next('active'));
    await visitor.login('bob');
    page.takeCookie();
    await Promise.all(back);
    assert.equal((await both[0].ask('whoami')).user, 'bob');
    assert.equal(await both[1].ask('say', 'here'), true);
    for (const one of both) assert.deepEqual(one.state(), ['active', undefined]);
    assert.equal(page.handshakes, 2);
  });

  it('leaves the root alone when /chat is refused, and asks again on the same connection', async (t) => {
    const page = new Page(await demo().visit(t), way);
    const [root, chat] = [page.open('/'), page.open('/chat')];
    const [why] = await Promise.all([chat.next('invalid'), root.next('active')]);
    isRefusal(why, 'login_required');
    const again = chat.next('invalid');
    chat.socket.connect();
    isRefusal(await again, 'login_required');
    assert.equal(await root.ask('echo', 'on'), 'on');
    assert.deepEqual([root.told, chat.told, page.handshakes], [['active'], ['invalid', 'invalid'], 1]);
  });
}

function restarting(way) {
  it(`goes on after a restart, or stops when its session is gone, ${way.name}`, async (t) => {
    let demo = await Demo.start();
    t.after(() => demo.stop());
    const visitor = await demo.visit(t);
    const root = new Page(visitor, way).open('/');
    await root.next('active');
    const told = [root.next('invalid'), root.next('invalid', 2)];
    await demo.stop();
    isRefusal(await told[0], 'going_away');
    demo = await Demo.start('-addr', new URL(demo.url).host); // with nothing in its memory
    isRefusal(await told[1], 'unknown');
    assert.deepEqual(root.state(), ['invalid', 'unknown']);
  });
}

/** A page of a visitor, which connects by the script. */
class Page {
  handshakes = 0;
  #headers = {};

  constructor(visitor, way) {
    Object.assign(this, { visitor, way });
    this.takeCookie();
  }

  /** As a browser does at once. */
  takeCookie() {
    this.#headers.Cookie = this.visitor.token ? this.visitor.cookie : '';
  }

  open(namespace) {
    const { way, visitor } = this;
    const options = { extraHeaders: this.#headers, reconnectionDelay: 100 };
    if (modes[way.mode]) options.transports = modes[way.mode];
    // Its own connections, as a page has them, and not those of the other tests in this process.
    this.io ??= attach(Object.assign((...args) => way.io(...args), way.io));
    const socket = this.io.connectWithSession(visitor.url + namespace, options);
    if (!this.manager) {
      this.manager = socket.io;
      this.manager.on('open', () => this.handshakes++);
    }
    visitor.t.after(() => socket.disconnect());
    return new Side(socket);
  }
}

/** A socket of a page, with what its session has told. */
class Side {
  told = [];
  #waiting = [];

  constructor(socket) {
    this.socket = socket;
    for (const event of ['active', 'invalid']) {
      socket.session.on(event, (why) => {
        this.told.push(event);
        for (const one of this.#waiting) if (one.event === event && --one.left === 0) one.resolve(why);
      });
    }
  }

  /** The next event of the session of this name, or the one that is left - 1 after it. */
  next(event, left = 1) {
    const told = new Promise((resolve) => this.#waiting.push({ event, left, resolve }));
    return within(LIMIT, told, `${event} after ${this.told}`);
  }

  state = () => [this.socket.session.state, this.socket.session.reason?.code];

  ask(event, ...args) {
    return within(LIMIT, new Promise((resolve) => this.socket.emit(event, ...args, resolve)), event);
  }
}
