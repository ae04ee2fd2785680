// How an end reaches sockets that send nothing, in the process of the request and in another one on the same Redis.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { Redis } from './redis.mjs';
import { isRefusal } from './refusal.mjs';
import { few, scopes } from './visitor.mjs';
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

/** The page of a visitor of the first process, and sockets of several clients in every process. All are idle. */
async function settle(t, demos) {
  const visitor = await demos[0].visit(t, 'alice');
  const sockets = await connectAll(visitor, demos);
  const others = await connectAll(await demos[0].visit(t, 'bob'), demos);
  return { visitor, sockets, others };
}

async function connectAll(visitor, demos) {
  const twins = demos.map((demo) => Object.assign(visitor.twin(), { url: demo.url }));
  return Promise.all(twins.flatMap((twin) => few.map((way) => twin.connect(way))));
}

/** Each socket is told once, within a second, and then closed; who is not to come back is told so. */
async function areTold(sockets, code) {
  const whys = await within(SECOND, Promise.all(sockets.map(({ told }) => told)), `sinvalid ${code} at every socket`);
  for (const why of whys) isRefusal(why, code);
  for (const socket of sockets) {
    assert.equal(await socket.end(), code === 'renewed' ? 'transport close' : 'io server disconnect');
    await socket.over();
    assert.deepEqual(socket.heard, ['connect', 'sinvalid', 'disconnect']);
  }
}

async function areLeftAlone(sockets) {
  await sleep(QUIET);
  for (const { heard, socket } of sockets) assert.ok(heard.length === 1 && socket.connected, String(heard));
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
      const told = sockets.map(async (socket) => {
        isRefusal(await socket.told, 'expired');
        return Date.now();
      });
      const late = loaded + LIFE + SECOND;
      for (const at of await within(late - Date.now(), Promise.all(told), 'sinvalid expired at every socket')) {
        assert.ok(at >= before + LIFE, `told ${before + LIFE - at} ms early`);
      }
      assert.equal(await visitor.status('GET', '/session'), 401);
      isRefusal(await visitor.open().refusal(), 'expired', 'unknown');
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
      assert.deepEqual(await Promise.all(puts), sockets.map(() => true));
      const old = visitor.twin();
      assert.equal(await visitor.login('user' + round), 303);
      wanted.user = 'user' + round;
      for (const i of sockets.keys()) wanted[`k${round}.${i}`] = 'kept';
      assert.deepEqual(await visitor.values(), wanted);
      assert.equal(await old.status('GET', '/session'), 401);
      await areTold(sockets, 'renewed');
    }
  });
}
