// What every client hears when it is refused or its session ends, by every mode.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { open, settled, ways } from './matrix.mjs';
import { Mirror, texts } from './mirror.mjs';
import { isRefusal } from './refusal.mjs';
import { Visitor } from './visitor.mjs';
import { becomes, sleep, within } from './wait.mjs';

const LIMIT = 10000; // ms that nothing here takes
const SLOWNESS = 300; // ms that the OnConnect of /slow takes

for (const way of ways) {
  describe(`refusals, ${way.name}`, { concurrency: 4 }, () => {
    // One for each test: they compare its counts.
    const start = async (t, ...flags) => {
      const mirror = await Mirror.start(...flags);
      t.after(() => mirror.stop());
      return mirror;
    };
    entering(way, start);
    ending(way, start);
  });
}

function entering(way, start) {
  it('without a cookie it never connects, and hears why', async (t) => {
    const mirror = await start(t);
    const socket = new Listener(open(new Visitor(t, mirror.url), way), way);
    const answers = [];
    socket.socket.emit('up', 0, texts[0], (answer) => answers.push(answer));
    const closed = new Promise((resolve) => socket.socket.io.engine.once('close', resolve));
    isRefusal(await socket.refusal(), 'no_cookie');
    await within(LIMIT, closed, 'the end of the connection');
    assert.deepEqual([socket.count('connect'), socket.count('refused'), answers], [0, 1, []]);
    await becomes(LIMIT, async () => (await mirror.stats()).connections, 0);
    const { connects, disconnects } = await mirror.stats();
    assert.deepEqual([connects ?? {}, disconnects ?? {}], [{}, {}]);
  });

  it('/vip is refused with data, and / goes on', async (t) => {
    const mirror = await start(t);
    const root = new Listener(open(await mirror.visit(t), way), way);
    const vip = root.namespace('/vip');
    const why = await vip.refusal();
    isRefusal(why, 'members_only');
    assert.deepEqual([why.message, why.data], ['members only', { level: 3, why: texts[0] }]);
    await root.hears('connect');
    await within(LIMIT, settled(root.socket, way.mode), 'the upgrade');
    for (let n = 0; n < 3; n++) assert.deepEqual(await root.up(n), { n, text: texts[n] });
    assert.deepEqual([vip.count('connect'), vip.count('down'), root.count('disconnect'), root.count('refused')], [0, 0, 0, 0]);
    const { connects, disconnects } = await mirror.stats();
    assert.deepEqual([connects, disconnects ?? {}], [{ '/': 1 }, {}]);
  });

  it('/chat alone', async (t) => {
    const mirror = await start(t);
    const chat = new Listener(open(await mirror.visit(t), way, '/chat'), way);
    assert.deepEqual(await chat.up(0), { n: 0, text: texts[0] });
    const { connects } = await mirror.stats();
    assert.deepEqual(connects, way.modern ? { '/chat': 1 } : { '/': 1, '/chat': 1 }); // older clients are always in the root
    if (way.modern) {
      const root = chat.namespace('/');
      assert.deepEqual(await root.up(1), { n: 1, text: texts[1] });
    }
    assert.equal(chat.count('disconnect'), 0);
  });

  it('/slow connects when its OnConnect has returned', async (t) => {
    const mirror = await start(t);
    const begun = performance.now();
    const slow = new Listener(open(await mirror.visit(t), way, '/slow'), way);
    await slow.hears('connect');
    assert.ok(performance.now() - begun >= SLOWNESS - 5, `after ${performance.now() - begun} ms`);
    assert.equal(slow.heard[0], 'connect'); // what OnConnect emits comes after it
    assert.deepEqual(await slow.up(0), { n: 0, text: texts[0] });
  });

  it('who leaves /slow before that has been there, if at all, once', async (t) => {
    const mirror = await start(t);
    const before = await mirror.calm(t);
    const root = new Listener(open(await mirror.visit(t), way), way);
    await root.hears('connect');
    const slow = root.namespace('/slow');
    await becomes(LIMIT, async () => slow.socket.io.engine.writeBuffer.length, 0);
    slow.socket.io.engine.close();
    await mirror.returnsTo(before);
    assert.equal(slow.count('connect'), 0);
  });
}

function ending(way, start) {
  it('disconnect, and connect again at once', async (t) => {
    const mirror = await start(t);
    const root = new Listener(open(await mirror.visit(t), way), way);
    const chat = root.namespace('/chat');
    assert.deepEqual(await chat.up(0), { n: 0, text: texts[0] });
    // Older clients have no packet to ask for the root, so there it stays.
    const again = way.modern ? [chat, root] : [chat];
    if (way.modern) assert.deepEqual(await root.up(0), { n: 0, text: texts[0] });
    for (const { socket } of again) {
      socket.disconnect();
      socket.connect();
    }
    for (const one of again) assert.deepEqual(await one.up(1), { n: 1, text: texts[1] });
    assert.deepEqual(await root.up(2), { n: 2, text: texts[2] });
    const wanted = way.modern ? [{ '/': 2, '/chat': 2 }, { '/': 1, '/chat': 1 }] : [{ '/': 1, '/chat': 2 }, { '/chat': 1 }];
    await becomes(LIMIT, async () => {
      const { connects, disconnects } = await mirror.stats();
      return [connects, disconnects];
    }, wanted);
  });

  for (const [path, code] of [['/logout', 'destroyed'], ['/login', 'renewed']]) {
    it(`POST ${path} tells both namespaces ${code}, and then closes`, async (t) => {
      const mirror = await start(t);
      const visitor = await mirror.visit(t);
      const root = new Listener(open(visitor, way), way);
      const chat = root.namespace('/chat');
      await Promise.all([root.up(0), chat.up(0)]);
      assert.equal((await visitor.request('POST', path)).status, 204);
      for (const one of [root, chat]) {
        isRefusal(await one.hears('sinvalid'), code);
        await one.hears('disconnect');
        assert.deepEqual(one.heard.filter((event) => event !== 'down'), ['connect', 'sinvalid', 'disconnect']);
      }
      await becomes(LIMIT, async () => (await mirror.stats()).connections, 0);
      const { connects, disconnects } = await mirror.stats();
      assert.deepEqual([connects, disconnects], [{ '/': 1, '/chat': 1 }, { '/': 1, '/chat': 1 }]);
    });
  }
}

/** A socket that remembers the order of what it hears. */
class Listener {
  heard = [];
  #first = {};
  #waiting = {};

  constructor(socket, way) {
    this.socket = socket;
    this.way = way;
    for (const event of ['connect', 'down', 'sinvalid', 'disconnect']) socket.on(event, (value) => this.#note(event, value));
    socket.on(way.modern ? 'connect_error' : 'error', (why) => this.#note('refused', why));
  }

  #note(event, value) {
    this.heard.push(event);
    this.#first[event] ??= { value };
    for (const resolve of this.#waiting[event] ?? []) resolve(value);
  }

  /** The first of these events, be it past or to come. */
  hears(event) {
    if (this.#first[event]) return Promise.resolve(this.#first[event].value);
    return within(LIMIT, new Promise((resolve) => (this.#waiting[event] ??= []).push(resolve)), this.#after(event));
  }

  /** Says what it waits for, and when it is asked, what was heard instead. */
  #after = (what) => ({ toString: () => `${what} at ${this.socket.nsp} after ${this.heard.join(' ').replace(/down( down)+/g, 'downs')}` });

  /** The object that says why it was refused. */
  async refusal() {
    const why = await this.hears('refused');
    if (!this.way.modern) return why;
    assert.ok(why instanceof Error);
    assert.equal(why.message, why.data?.message);
    return why.data;
  }

  count = (event) => this.heard.filter((one) => one === event).length;
  namespace = (name) => new Listener(this.socket.io.socket(name, this.socket.io.opts), this.way);
  up = (n) => within(LIMIT, new Promise((resolve) => this.socket.emit('up', n, texts[n], resolve)), this.#after('the acknowledgement of up'));
}

describe('a client without our script that is sent away for good makes no storm', { concurrency: true }, () => {
  const QUIET = 3000; // ms, in which a storm would be 60 handshakes by each
  const options = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 50, randomizationFactor: 0 };

  /** Each client gets a mirror of its own, which counts its handshakes. They are one, or two when one came in between. */
  const each = (t, does) => Promise.all(ways.map(async (way) => {
    const mirror = await Mirror.start();
    t.after(() => mirror.stop());
    const unheard = await does(mirror, way).then(() => '', (err) => ', ' + err.message);
    await sleep(QUIET);
    const { handshakes } = await mirror.stats();
    return handshakes > 2 || unheard ? `${way.name}: ${handshakes} handshakes${unheard}` : undefined;
  }));
  const none = async (storms) => assert.deepEqual((await storms).filter(Boolean), []);

  for (const namespace of ['/', '/chat']) {
    it(`refused at ${namespace}`, (t) => none(each(t, async (mirror, way) => {
      const listener = new Listener(open(new Visitor(t, mirror.url), way, namespace, options), way);
      isRefusal(await listener.refusal(), 'no_cookie');
    })));
  }

  for (const namespaces of [['/'], ['/chat'], ['/', '/chat']]) {
    it(`logged out at ${namespaces}`, (t) => none(each(t, async (mirror, way) => {
      const visitor = await mirror.visit(t);
      const first = new Listener(open(visitor, way, namespaces[0], options), way);
      const all = [first, ...namespaces.slice(1).map((name) => first.namespace(name))];
      await Promise.all(all.map((one) => one.up(0)));
      visitor.token = undefined; // what the page would send from now on
      const cookie = first.socket.io.opts.extraHeaders.Cookie;
      assert.equal((await visitor.request('POST', '/logout', undefined, { cookie })).status, 204);
      delete first.socket.io.opts.extraHeaders.Cookie;
      await Promise.all(all.map((one) => one.hears('sinvalid')));
    })));
  }
});
