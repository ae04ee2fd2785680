// Three nodes on one Redis, of which one loses its way there without being told so.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Hole } from './hole.mjs';
import { Mirror } from './mirror.mjs';
import { ends } from './nodes.mjs';
import { Redis } from './redis.mjs';
import { isRefusal } from './refusal.mjs';
import { few } from './visitor.mjs';
import { becomes, SECOND, within } from './wait.mjs';

const GRACE = 1000;     // StoreGrace, in ms
const DEPARTURE = 3000; // over which a node spreads the sockets that it sends away

it('a node in a black hole keeps a socket no longer than StoreGrace, and recovers', async (t) => {
  const redis = await Redis.start();
  t.after(() => redis.end());
  const hole = await Hole.start(redis.port);
  t.after(() => hole.end());
  const ways = [`127.0.0.1:${redis.port}`, `127.0.0.1:${redis.port}`, hole.address];
  const mirrors = await Promise.all(ways.map((redis) => Mirror.start('-redis', redis, '-store-grace', `${GRACE}ms`)));
  t.after(() => Promise.all(mirrors.map((mirror) => mirror.stop())));
  const [first, second, cut] = mirrors;
  const at = ({ url }, visitor) => Object.assign(visitor.twin(), { url });

  const alice = await first.visit(t);
  const near = await at(second, alice).connect();
  const there = at(cut, alice);
  const far = await Promise.all(few.map((way) => there.connect(way)));
  const bob = await first.visit(t);
  const stays = await at(second, bob).connect();

  const begun = performance.now();
  hole.open();
  assert.equal(await alice.logout(), 204);
  for (const why of await ends(SECOND, [near])) isRefusal(why, 'destroyed');
  // Somebody comes, as somebody does at every node: it learns that the store is gone.
  isRefusal(await within(3000, at(cut, bob).open().refusal(), 'the answer to a newcomer'), 'store_error');
  for (const why of await ends(GRACE + DEPARTURE + SECOND, far)) isRefusal(why, 'store_error');
  t.diagnostic(`the last socket has ended ${Math.round(performance.now() - begun)} ms after it lost its store`);
  assert.deepEqual(stays.heard, ['connect']);

  hole.close();
  await becomes(3000, () => at(cut, bob).connect().then(() => true, () => false), true);
  isRefusal(await there.open().refusal(), 'destroyed', 'unknown');
  const back = await at(cut, bob).connect();
  assert.deepEqual(await back.ask('up', 1, 'on'), { n: 1, text: 'on' });
  // It hears of a logout again, and at once.
  assert.equal(await bob.logout(), 204);
  for (const why of await ends(SECOND, [back, stays])) isRefusal(why, 'destroyed');
});
