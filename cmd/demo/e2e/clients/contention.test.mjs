// Many writers of one session: counts are exact, no key is lost, and nobody gets an error.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { Redis } from './redis.mjs';
import { few, scopes } from './visitor.mjs';
import { becomes, SECOND, within } from './wait.mjs';

const WRITERS = 8;            // sockets, and as many over HTTP
const PINGS = 1600 / WRITERS; // of each socket
const PUTS = 200 / WRITERS;   // of each socket, and of each HTTP writer
const LIMIT = 14000;          // ms

describe('contention', () => {
  let redis;
  before(async () => { redis = await Redis.start(); });
  after(() => redis?.end());

  for (const scope of scopes) {
    for (const [store, processes] of [['memory', 1], ['redis', 1], ['redis', 2]]) {
      it(`scope ${scope}, store ${store}, processes: ${processes}`, async (t) => {
        const demos = [];
        for (let i = 0; i < processes; i++) {
          demos.push(await Demo.start('-scope', scope, '-store', store === 'redis' ? redis.url() : store));
        }
        t.after(() => Promise.all(demos.map((demo) => demo.stop())));
        const visitor = await demos[0].visit(t);
        const twins = demos.map((demo) => Object.assign(visitor.twin(), { url: demo.url }));
        const sockets = [];
        for (let i = 0; i < WRITERS; i++) {
          sockets.push(await twins[i % processes].connect(few[i % few.length]));
        }

        const begun = performance.now();
        const counts = [];
        const wanted = { visits: 1, pings: PINGS * WRITERS };
        const work = sockets.flatMap((socket, i) => [
          pings(socket, counts),
          puts((key) => socket.ask('put', key, 'v'), true, 'socket' + i, wanted),
          puts((key) => twins[i % processes].put(key, 'v'), 204, 'http' + i, wanted),
        ]);
        await Promise.all(work);
        const took = performance.now() - begun;

        assert.deepEqual(counts.sort((a, b) => a - b), Array.from({ length: PINGS * WRITERS }, (_, i) => i + 1));
        await becomes(scope === 'message' ? 0 : SECOND, visitor.values, wanted);
        for (const socket of sockets) {
          await becomes(scope === 'message' ? 0 : SECOND, () => socket.ask('get', 'pings'), PINGS * WRITERS);
        }
        assert.ok(took < LIMIT, `it took ${Math.round(took)} ms`);
        t.diagnostic(`${Math.round(took)} ms`);
      });
    }
  }
});

/** All at once, as the contract sets no pace. */
async function pings(socket, counts) {
  let answered = 0;
  const all = new Promise((resolve, reject) => {
    for (let i = 0; i < PINGS; i++) {
      socket.socket.emit('message', '', (answer) => {
        counts.push(answer.pings);
        if (answer.error) reject(new Error(JSON.stringify(answer)));
        if (++answered === PINGS) resolve();
      });
    }
  });
  const ended = socket.closed.then((why) => { throw new Error(`disconnect: ${why}`); });
  await within(LIMIT, Promise.race([all, ended]), `${PINGS} pings`).catch((err) => {
    throw new Error(`${err.message}; ${answered} were answered`);
  });
}

async function puts(put, success, name, wanted) {
  for (let n = 0; n < PUTS; n++) {
    const key = name + '-' + n;
    wanted[key] = 'v';
    assert.equal(await put(key), success);
  }
}
