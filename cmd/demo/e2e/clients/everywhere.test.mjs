// A user who logs out everywhere: all sessions of theirs end on three nodes, with sockets and without, and nobody else's.
// SESSIONS and OTHERS say how many there are, and ROUNDS how often it is done; RACES, how many other requests race with it.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Demo } from './demo.mjs';
import { Redis } from './redis.mjs';
import { isRefusal } from './refusal.mjs';
import { Visitor, waysOf } from './visitor.mjs';
import { SECOND, sleep, within } from './wait.mjs';

const { SESSIONS = 60, OTHERS = 200, ROUNDS = 3, RACES = 600 } = process.env;
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

// Whoever was logged in when it was asked for is out, whatever they did at that moment and on whatever node; nobody else is.
it('nobody who was logged in outlives it, whatever races with it', async (t) => {
  const redis = await Redis.start();
  t.after(() => redis.end());
  const nodes = await Promise.all(Array.from({ length: NODES }, () => Demo.start('-store', redis.url())));
  t.after(() => Promise.all(nodes.map((node) => node.stop())));
  const acts = [
    (visitor) => visitor.login('ann'), // renews the token, or is a new login if it comes too late
    (visitor) => visitor.put('color', 'teal'),
    (visitor) => visitor.status('GET', '/'), // counts a visit
    (visitor) => visitor.login('bob'),  // from then on another's
    (visitor) => visitor.logout(),
  ];
  const outcomes = { ended: 0, bob: 0, again: 0 };
  for (let races = 0, round = 0; races < RACES; races += 10, round++) {
    const all = await many(11, async (i) => {
      const visitor = new Visitor(t, nodes[(round + i) % NODES].url);
      assert.equal(await visitor.login(i < 10 ? 'ann' : 'bob'), 303);
      return at(visitor, nodes[(round + 2 * i) % NODES]);
    });
    const [bob] = all.splice(10);
    const asks = all.shift();
    const before = JSON.parse((await asks.request('GET', '/devices')).text).map(({ id }) => id);
    const racing = all.map(async (visitor, i) => {
      if (i % 3) await sleep(Math.random() * 4);
      return acts[(round + i) % acts.length](visitor);
    });
    const late = (async () => { // logs in while it runs: in or out, but not by halves
      const visitor = new Visitor(t, nodes[round % NODES].url);
      await visitor.login('ann');
      return visitor;
    })();
    await sleep(Math.random() * 3);
    assert.equal(await asks.status('POST', '/logout-everywhere'), 303);
    await Promise.all(racing);
    for (const visitor of all) {
      const session = visitor.token && (await at(visitor, nodes[(round + 1) % NODES]).session());
      if (session?.values.user === 'bob') outcomes.bob++;
      else if (session?.values.user) {
        const own = JSON.parse((await visitor.request('GET', '/devices')).text).find((device) => device.this);
        assert.ok(!before.includes(own.id), `round ${round}: a session of before is still there`);
        outcomes.again++;
      } else outcomes.ended++;
    }
    await late;
    assert.equal(await bob.value('user'), 'bob');
  }
  t.diagnostic(`${RACES} races on three processes: ${JSON.stringify(outcomes)}`);
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
