// What is acknowledged is not lost when the demo ends, be it well or not.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { Redis } from './redis.mjs';
import { isRefusal } from './refusal.mjs';
import { few, scopes } from './visitor.mjs';
import { becomes, within } from './wait.mjs';

const SOCKETS = 8;
const FLUSH = 1000; // ms that a change may wait in memory, in scope connection
const LOSSY = 2000; // ms of traffic, so that some of it is older than FLUSH

describe('the end of the demo', () => {
  let redis;
  before(async () => { redis = await Redis.start(); });
  after(() => redis?.end());

  for (const scope of scopes) {
    it(`SIGTERM in traffic loses nothing, in scope ${scope}`, async (t) => {
      const demo = await Demo.start('-store', redis.url(), '-scope', scope);
      t.after(() => demo.stop());
      const visitor = await demo.visit(t);
      const traffic = await new Traffic(visitor).begin();
      await becomes(10000, () => traffic.acked.length > 200, true);

      const begun = performance.now();
      await demo.stop('SIGTERM');
      const took = performance.now() - begun;
      traffic.end();
      assert.ok(took < 5000, `it took ${took} ms`);
      for (const socket of traffic.sockets) {
        isRefusal(await within(1000, socket.told, 'going_away'), 'going_away');
        assert.equal(socket.count('sinvalid'), 1);
      }
      await isKept(t, redis, visitor, traffic.acked.map(({ key }) => key));
    });

    it(`SIGKILL in traffic loses no more than it may, in scope ${scope}`, async (t) => {
      const demo = await Demo.start('-store', redis.url(), '-scope', scope);
      t.after(() => demo.kill());
      const visitor = await demo.visit(t);
      const traffic = await new Traffic(visitor).begin();
      const started = Date.now();
      await becomes(LOSSY + 1000, () => Date.now() - started > LOSSY, true);

      const killed = Date.now();
      await demo.kill();
      traffic.end();
      const safe = scope === 'message' ? killed : killed - FLUSH;
      const keys = traffic.acked.filter(({ at }) => at < safe).map(({ key }) => key);
      assert.ok(keys.length > 0, 'nothing was acknowledged in time');
      await isKept(t, redis, visitor, keys);
    });
  }
});

/** Sockets of one session, each of which puts one key after the other. */
class Traffic {
  sockets = [];
  acked = [];
  going = true;

  constructor(visitor) {
    this.visitor = visitor;
  }

  async begin() {
    for (let i = 0; i < SOCKETS; i++) {
      const socket = await this.visitor.connect(few[i % few.length]);
      this.sockets.push(socket);
      this.#next(socket, i, 0);
    }
    return this;
  }

  #next(socket, i, n) {
    if (!this.going) return;
    const key = `s${i}n${n}`;
    socket.socket.emit('put', key, 'v', (answer) => {
      if (answer !== true) return;
      this.acked.push({ key, at: Date.now() });
      this.#next(socket, i, n + 1);
    });
  }

  end() {
    this.going = false;
  }
}

/** Asks a new demo for what is in Redis. */
async function isKept(t, redis, visitor, keys) {
  const demo = await Demo.start('-store', redis.url());
  t.after(() => demo.stop());
  visitor.url = demo.url;
  const values = (await visitor.values()) || {};
  const lost = keys.filter((key) => values[key] !== 'v');
  assert.deepEqual(lost, [], `${lost.length} of ${keys.length} acknowledged puts are lost`);
}
