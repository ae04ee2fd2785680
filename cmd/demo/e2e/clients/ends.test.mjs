// How an end reaches sockets that send nothing, in the process of the request and in another one on the same Redis.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { Redis } from './redis.mjs';
import { isRefusal } from './refusal.mjs';
import { scopes } from './visitor.mjs';
import { SECOND, sleep, within } from './wait.mjs';

const LIFE = 2000; // ms, of the sessions that are to end by themselves
const QUIET = 600; // ms in which a session that is to be kept might be told of another's end

describe('ends', { concurrency: 3 }, () => {
  let redis;
  before(async () => { redis = await Redis.start(); });
  after(() => redis?.end());

  // Where the sessions are, in how many processes.
  const stores = { memory: [() => 'memory', 1], Redis: [() => redis.url(), 2] };
  for (const [name, [address, count]] of Object.entries(stores)) {
    for (const scope of scopes) {
      const start = async (t, ...flags) => {
        const args = ['-store', address(), '-scope', scope, ...flags];
        const demos = await Promise.all(Array.from({ length: count }, () => Demo.start(...args)));
        t.after(() => Promise.all(demos.map((demo) => demo.stop())));
        return demos;
      };
      describe(`in ${name}, scope ${scope}`, { concurrency: true }, () => {
        telling(start);
        expiring(start);
      });
    }
    keeping(name, address);
  }
});

/** The page of a visitor of the first process, and a socket by each transport in every process. All are idle. */
async function settle(t, demos) {
  const visitor = await demos[0].visit(t, 'alice');
  const sockets = await connectAll(visitor, demos);
  const others = await connectAll(await demos[0].visit(t, 'bob'), demos);
  return { visitor, sockets, others };
}

async function connectAll(visitor, demos) {
  const twins = demos.map((demo) => Object.assign(visitor.twin(), { url: demo.url }));
  return Promise.all(twins.flatMap((twin) => [twin.connect({ transport: 'polling' }), twin.connect({ transport: 'websocket' })]));
}

/** Each socket is told once, within a second, and then closed. */
async function areTold(sockets, code) {
  const whys = await within(SECOND, Promise.all(sockets.map(({ refused }) => refused)), `sinvalid ${code} at every socket`);
  for (const why of whys) isRefusal(why, code);
  await Promise.all(sockets.map((socket) => socket.end()));
  for (const { refusals } of sockets) assert.equal(refusals.length, 1);
}

async function areLeftAlone(sockets) {
  await sleep(QUIET);
  for (const { refusals, socket } of sockets) assert.ok(refusals.length === 0 && socket.connected);
}

function telling(start) {
  const does = {
    'a logout': ['destroyed', (visitor) => visitor.logout()],
    'a login': ['renewed', (visitor) => visitor.login('carol')],
  };
  for (const [what, [code, act]] of Object.entries(does)) {
    it(`${what} reaches every idle socket of the session, and no other`, async (t) => {
      const { visitor, sockets, others } = await settle(t, await start(t));
      assert.equal(await act(visitor), 303);
      await areTold(sockets, code);
      await areLeftAlone(others);
    });
  }
}

function expiring(start) {
  for (const flag of ['-lifetime', '-idle']) {
    it(`the end by ${flag} reaches every idle socket, in time`, async (t) => {
      const demos = await start(t, flag, LIFE + 'ms');
      const before = Date.now();
      const visitor = await demos[0].visit(t);
      const loaded = Date.now(); // the last request that counts
      const sockets = await connectAll(visitor, demos);
      const told = sockets.map(async ({ refused }) => {
        isRefusal(await refused, 'expired');
        return Date.now();
      });
      const late = loaded + LIFE + SECOND;
      for (const at of await within(late - Date.now(), Promise.all(told), 'sinvalid expired at every socket')) {
        assert.ok(at >= before + LIFE, `told ${before + LIFE - at} ms early`);
      }
      assert.equal(await visitor.status('GET', '/session'), 401);
    });
  }
}

/** In scope connection a change is acknowledged before it is saved. */
function keeping(name, address) {
  it(`a login at once after a put keeps it, in ${name}, scope connection`, async (t) => {
    const demo = await Demo.start('-store', address(), '-scope', 'connection');
    t.after(() => demo.stop());
    const visitor = await demo.visit(t);
    const wanted = { visits: 1 };
    for (let round = 0; round < 5; round++) {
      const sockets = await connectAll(visitor, [demo]);
      const puts = sockets.map((socket, i) => socket.ask('put', `k${round}.${i}`, 'kept'));
      assert.deepEqual(await Promise.all(puts), [true, true]);
      const old = visitor.twin();
      assert.equal(await visitor.login('user' + round), 303);
      Object.assign(wanted, { user: 'user' + round, [`k${round}.0`]: 'kept', [`k${round}.1`]: 'kept' });
      assert.deepEqual(await visitor.values(), wanted);
      assert.equal(await old.status('GET', '/session'), 401);
      await areTold(sockets, 'renewed');
    }
  });
}
