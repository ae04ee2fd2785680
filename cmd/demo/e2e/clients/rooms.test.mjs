// Real clients in one room, on two nodes and over every wire: what each of four senders says arrives once, in its order.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { clients, modes, open } from './matrix.mjs';
import { Mirror, texts } from './mirror.mjs';
import { Redis } from './redis.mjs';
import { becomes, within } from './wait.mjs';

const EACH = 500;    // events of each sender, every other one binary
const WINDOW = 20;   // of which so many are under way
const bytes = Buffer.from([0, 255, 4, 127, 10]);
const versions = ['1.7.4', '2.5.0', '4.8.4'];

describe('a room on two nodes', () => {
  let redis, mirrors;
  before(async () => {
    redis = await Redis.start();
    const address = `127.0.0.1:${redis.port}`;
    mirrors = await Promise.all([Mirror.start('-redis', address), Mirror.start('-redis', address)]);
  });
  after(async () => {
    await Promise.all((mirrors ?? []).map((mirror) => mirror.stop()));
    await redis?.end();
  });

  /** A member for every client in every mode, on the nodes in turn. */
  async function members(t, room) {
    const all = [];
    for (const version of versions) {
      for (const mode of Object.keys(modes)) all.push(join(t, room, mirrors[all.length % 2], version, mode));
    }
    return Promise.all(all);
  }

  async function join(t, room, mirror, version, mode) {
    const socket = open(await mirror.visit(t), { ...clients[version], mode });
    const member = { socket, name: `${version} by ${mode}`, heard: new Map(), faults: [] };
    socket.on('told', (sender, n, what) => {
      const numbers = member.heard.get(sender) ?? member.heard.set(sender, []).get(sender);
      numbers.push(n);
      const right = n % 2 ? Buffer.compare(Buffer.from(what), bytes) === 0 : what === texts[n % texts.length];
      if (!right) member.faults.push(`event ${n} of ${sender} carries ${what}`);
    });
    for (const event of ['disconnect', 'connect_error', 'error']) {
      socket.on(event, (why) => member.faults.push(`${event}: ${why?.message ?? why}`));
    }
    await within(10000, new Promise((resolve) => socket.on('connect', resolve)), `connect of ${member.name}`);
    // The default transports are in the middle of their upgrade now.
    member.ask = (...args) => within(20000, new Promise((resolve) => socket.emit(...args, resolve)), args[0]);
    assert.equal(await member.ask('join', room), true);
    return member;
  }

  /** Sends all that one sender says, and resolves with how much of it was refused. */
  async function say(room, member, sender, others) {
    const open = new Set();
    let refused = 0;
    for (let n = 0; n < EACH; n++) {
      const asked = n % 2 ? member.ask('tellBinary', room, sender, n, others, bytes) : member.ask('tell', room, sender, n, others);
      const answer = asked.then((failed) => { if (failed) refused++; open.delete(answer); });
      open.add(answer);
      if (open.size === WINDOW) await Promise.race(open);
    }
    await Promise.all(open);
    return refused;
  }

  const everything = Array.from({ length: EACH }, (_, n) => n);

  it('hears each event once and in order', async (t) => {
    const all = await members(t, 'whole');
    const senders = [all[0], all[1], all[5], all[8]];
    await Promise.all(senders.map((member, i) => say('whole', member, `sender ${i}`, i === 1)));
    for (const member of all) {
      for (let i = 0; i < senders.length; i++) {
        const left = i === 1 && member === senders[1]; // the second leaves itself out
        await becomes(5000, () => (member.heard.get(`sender ${i}`) ?? []).length, left ? 0 : EACH);
        if (!left) assert.deepEqual(member.heard.get(`sender ${i}`), everything, member.name);
      }
      assert.deepEqual(member.faults, [], member.name);
    }
  });

  it('doubles nothing, and says what was lost, when its line is cut in the middle', async (t) => {
    const all = await members(t, 'cut');
    const senders = [all[0], all[1], all[5], all[8]];
    const said = Promise.all(senders.map((member, i) => say('cut', member, `sender ${i}`, false)));
    await becomes(10000, () => (all[0].heard.get('sender 1') ?? []).length > 50, true);
    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    assert.deepEqual(await said, [0, 0, 0, 0]);
    // What is said from now on arrives, on both nodes.
    await Promise.all(senders.map((member, i) => member.ask('join', 'cut').then(() => member.ask('tell', 'cut', `last ${i}`, 0, false))));
    let lost = 0;
    for (const member of all) {
      for (let i = 0; i < senders.length; i++) {
        await becomes(5000, () => member.heard.get(`last ${i}`), [0]);
        const numbers = member.heard.get(`sender ${i}`);
        assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b), `${member.name}: twice, or not in order`);
        const near = all.indexOf(member) % 2 === all.indexOf(senders[i]) % 2;
        if (near) assert.equal(numbers.length, EACH, `${member.name}: its own node needs no line`);
        lost += EACH - numbers.length;
      }
      assert.deepEqual(member.faults, [], member.name);
    }
    const logged = mirrors.map((mirror) => mirror.stderr.match(/what was said elsewhere from [\d:]+ to [\d:]+ did not reach this node/g)?.length ?? 0);
    assert.deepEqual(logged, [1, 1], `${lost} were lost`);
  });
});

describe('a handler that emits much at once', () => {
  let mirror;
  before(async () => { mirror = await Mirror.start(); });
  after(() => mirror?.stop());

  for (const version of versions) {
    for (const mode of ['polling', 'websocket']) {
      it(`loses nothing: ${version} by ${mode}`, async (t) => {
        const socket = open(await mirror.visit(t), { ...clients[version], mode });
        const faults = [];
        socket.on('disconnect', (why) => faults.push(why));
        let heard = 0, size = 0, wrong = 0;
        socket.on('drop', (n, text) => {
          if (n !== heard++) wrong++;
          size += text.length;
        });
        await within(10000, new Promise((resolve) => socket.on('connect', resolve)), 'connect');
        for (const [times, each] of [[1, 5e6], [1, 50e6], [1000, 10e3], [3000, 10e3]]) {
          heard = size = 0;
          socket.emit('pour', times, each);
          await becomes(30000, () => ({ heard, size, wrong, faults }), { heard: times, size: times * each, wrong: 0, faults: [] });
        }
      });
    }
  }
});
