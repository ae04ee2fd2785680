// Two nodes on one Redis: what becomes of a session when a notification is lost, or a node.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { connectSome, ends, startNodes } from './nodes.mjs';
import { Redis } from './redis.mjs';
import { isRefusal } from './refusal.mjs';
import { BACK, goOn, Talk } from './talk.mjs';
import { waysOf } from './visitor.mjs';
import { becomes, SECOND, within } from './wait.mjs';

const PROBE = 11000 + SECOND; // ms: the longest interval of the probe, and its round trip
const LISTENERS = 4;          // each node has a connection for ends and changes, and one for what is said

// They come back by themselves when they were not told that it is over.
const patient = { options: { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 20 } };

describe('two nodes', { concurrency: true }, () => {
  describe('that miss a logout', { concurrency: true }, missing);
  describe('of which one ends', { concurrency: true }, ending);
});

function missing() {
  // At once, or first: then nobody listens when it is told, for 200 ms.
  const orders = {
    during: (cut, logout) => Promise.all([cut(), logout()]),
    before: async (cut, logout) => [await cut(), await logout()],
  };
  for (const [when, act] of Object.entries(orders)) {
    it(`end its sockets when the subscriptions are cut ${when} it`, async (t) => {
      const redis = await Redis.start();
      t.after(() => redis.end());
      const nodes = await startNodes(redis);
      t.after(() => nodes.end());
      const times = [];
      for (let round = 0; round < 5; round++) {
        const visitor = await nodes.visit(t, 'alice');
        const stranger = await nodes.visit(t, 'bob');
        const old = visitor.twin();
        const [sockets, others] = [await connectSome(visitor, 4), await connectSome(stranger, 2)];
        await becomes(SECOND, () => listeners(redis), LISTENERS);
        const begun = performance.now();
        const [cut] = await act(() => redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub'), visitor.logout);
        assert.equal(cut, String(LISTENERS));
        for (const why of await ends(PROBE, sockets)) isRefusal(why, 'destroyed');
        times.push(Math.round(performance.now() - begun));
        for (const { heard } of others) assert.deepEqual(heard, ['connect']);
        assert.deepEqual([await old.status('GET', '/session'), await old.status('GET', '/session')], [401, 401]);
      }
      t.diagnostic(`${times} ms`);
    });
  }

  it('end its sockets when the subscription is lost for good', async (t) => {
    const redis = await Redis.start();
    t.after(() => redis.end());
    await redis.command('ACL', 'SETUSER', 'deaf', 'on', 'nopass', '~*', '+@all', 'allchannels');
    const hears = await Demo.start('-store', redis.url());
    t.after(() => hears.stop());
    const deaf = await Demo.start('-store', redis.url().replace('//', '//deaf:any@'));
    t.after(() => deaf.stop());
    const visitor = await hears.visit(t, 'alice');
    const twin = Object.assign(visitor.twin(), { url: deaf.url });
    const sockets = await connectSome(twin, 2);
    const others = await connectSome(Object.assign((await hears.visit(t, 'bob')).twin(), { url: deaf.url }), 2);

    await redis.command('ACL', 'SETUSER', 'deaf', 'resetchannels');
    const begun = performance.now();
    assert.equal(await visitor.logout(), 303);
    for (const why of await ends(PROBE, sockets)) isRefusal(why, 'destroyed');
    t.diagnostic(`${Math.round(performance.now() - begun)} ms`);
    for (const { heard } of others) assert.deepEqual(heard, ['connect']);
    isRefusal(await twin.open().refusal(), 'destroyed', 'unknown');
  });
}

function ending() {
  let redis;
  before(async () => { redis = await Redis.start(); });
  after(() => redis?.end());

  it('bring the clients of a killed one back on the other', async (t) => {
    const nodes = await startNodes(redis, { sticky: true });
    t.after(() => nodes.end());
    const visitor = await nodes.visit(t, 'alice');
    const ways = waysOf('1.7.4 by websocket', '2.5.0 by polling', '2.5.0 by upgrade', '4.8.4 by polling', '4.8.4 by websocket', '4.8.4 by upgrade');
    const sockets = await Promise.all(ways.map((way) => visitor.connect({ ...way, ...patient })));
    const pings = Promise.all(sockets.map((socket) => socket.ask('message', '')));
    assert.deepEqual((await pings).map(({ pings }) => pings).sort(), [1, 2, 3, 4, 5, 6]);
    const { id } = await visitor.session();

    const back = sockets.map((socket) => socket.hears('connect'));
    await nodes.nodes[visitor.node].kill();
    await within(BACK, Promise.all(back), 'every client to come back');
    for (const socket of sockets) assert.deepEqual(await socket.ask('whoami'), { id, user: 'alice' });
    assert.equal((await sockets[0].ask('message', '')).pings, 7);
    assert.equal(await visitor.value('pings'), 7);
    assert.equal(await visitor.logout(), 303);
    await ends(SECOND, sockets);
  });

  it('let nothing that a killed one had in memory bring a session back', async (t) => {
    const nodes = await startNodes(redis);
    t.after(() => nodes.end());
    for (let round = 0; round < 3; round++) {
      const visitor = await nodes.visit(t, 'alice');
      const old = visitor.twin();
      const sockets = await connectSome(visitor, 4, patient);
      await Promise.all(sockets.map((socket, i) => socket.ask('put', 'k' + i, 'waits to be saved')));
      await nodes.nodes[round % 2].kill();
      assert.equal(await visitor.logout(), 303);
      await nodes.restart(round % 2);
      for (const socket of sockets) await within(BACK, Promise.any([socket.told, socket.refused]), 'an end');
      for (let i = 0; i < 2; i++) {
        assert.equal(await old.status('GET', '/session'), 401);
        isRefusal(await old.open().refusal(), 'destroyed', 'unknown');
      }
    }
  });

  it('lose nothing that was acknowledged while each is restarted', async (t) => {
    const nodes = await startNodes(redis);
    t.after(() => nodes.end());
    const visitor = await nodes.visit(t, 'alice');
    const sockets = await connectSome(visitor, 4, patient);
    const talks = sockets.map((socket, i) => new Talk(socket, 'key' + i));
    for (const index of [0, 1]) {
      await goOn(talks);
      await nodes.nodes[index].stop();
      await becomes(BACK, () => nodes.proxy.wires[1 - index], sockets.length);
      await nodes.restart(index);
    }
    await goOn(talks);
    await Promise.all(talks.map((talk) => talk.stop()));

    const answers = talks.flatMap(({ pings }) => pings);
    assert.equal(new Set(answers).size, answers.length);
    const { pings } = await visitor.values();
    const sent = talks.reduce((sum, talk) => sum + talk.sent, 0);
    assert.ok(pings >= answers.length && pings <= sent, `${pings} pings, ${answers.length} acknowledged of ${sent}`);
    // A put that was not acknowledged may have been made.
    for (const { key, puts } of talks) await becomes(SECOND, async () => Number(await visitor.value(key)) >= puts, true);
    t.diagnostic(`${answers.length} pings`);
  });
}

/** How many nodes hear what Redis tells. */
async function listeners(redis) {
  const list = await redis.command('CLIENT', 'LIST', 'TYPE', 'pubsub');
  return list === '' ? 0 : list.split('\n').length;
}
