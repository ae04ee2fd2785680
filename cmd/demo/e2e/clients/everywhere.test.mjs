// A user who logs out everywhere: all sessions of theirs end on three nodes, with sockets and without, and nobody else's.
// SESSIONS and OTHERS say how many there are, and ROUNDS how often it is done.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Demo } from './demo.mjs';
import { Redis } from './redis.mjs';
import { isRefusal } from './refusal.mjs';
import { Visitor, waysOf } from './visitor.mjs';
import { SECOND, within } from './wait.mjs';

const { SESSIONS = 60, OTHERS = 200, ROUNDS = 3 } = process.env;
const NODES = 3;
const AT_ONCE = 50;
const ways = waysOf('4.8.4 by websocket', '2.5.0 by websocket');

it('all sessions of a user end on three nodes, and no other', async (t) => {
  const redis = await Redis.start();
  t.after(() => redis.end());
  const nodes = await Promise.all(Array.from({ length: NODES }, () => Demo.start('-store', redis.url())));
  t.after(() => Promise.all(nodes.map((node) => node.stop())));
  const login = async (user, i) => {
    const visitor = new Visitor(t, nodes[i % NODES].url);
    assert.equal(await visitor.login(user), 303);
    return visitor;
  };
  const others = await many(OTHERS, (i) => login('user' + i, i));
  const bystanders = await many(9, (i) => others[i].connect(ways[i % 2]));

  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const visitors = await many(SESSIONS, (i) => login('ann', i));
    const sockets = await many(SESSIONS / 2, (i) => at(visitors[2 * i], nodes[(i + 1) % NODES]).connect(ways[i % 2]));
    const asks = visitors.at(-1);
    const begun = performance.now();
    const told = Promise.all(sockets.map((socket) => socket.told));
    assert.equal(await asks.status('POST', '/logout-everywhere'), 303);
    for (const why of await within(10000, told, 'the last socket to hear')) isRefusal(why, 'destroyed');
    times.push(Math.round(performance.now() - begun));
    await within(10000, Promise.all(sockets.map((socket) => socket.closed)), 'the last socket to be closed');
    const alive = await many(SESSIONS, async (i) => (await visitors[i].status('GET', '/session')) !== 401);
    assert.equal(alive.filter(Boolean).length, 0, 'cookies that still work');
  }
  const gone = await many(OTHERS, async (i) => (await others[i].value('user')) !== 'user' + i);
  assert.equal(gone.filter(Boolean).length, 0, 'sessions of others that have ended');
  for (const { heard } of bystanders) assert.deepEqual(heard, ['connect']);
  assert.deepEqual((await redis.command('--scan', '--pattern', '*roll*')).split('\n').length, Number(OTHERS), 'rolls');
  times.sort((a, b) => a - b);
  t.diagnostic(`${SESSIONS} sessions, ${SESSIONS / 2} sockets, ${OTHERS} others: told after ${times} ms`);
  assert.ok(times[ROUNDS >> 1] <= SECOND, `the median of ${times} ms`);
});

/** The same browser, at another node. */
function at(visitor, node) {
  const there = visitor.twin();
  there.url = node.url;
  return there;
}

/** Does it count times, some at once, and resolves with all results. */
async function many(count, does) {
  const results = new Array(Number(count));
  let next = 0;
  const work = async () => {
    while (next < count) {
      const i = next++;
      results[i] = await does(i);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}
