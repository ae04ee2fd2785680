// Two nodes on one Redis, behind a proxy that keeps each browser on one of them by a cookie: every client works in every mode.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { settled } from './matrix.mjs';
import { ends, startNodes } from './nodes.mjs';
import { Redis } from './redis.mjs';
import { isRefusal } from './refusal.mjs';
import { ways } from './visitor.mjs';
import { becomes, SECOND } from './wait.mjs';

describe('two nodes, sticky', () => {
  let redis, nodes;
  before(async () => {
    redis = await Redis.start();
    nodes = await startNodes(redis, { sticky: true });
  });
  after(async () => {
    await nodes?.end();
    await redis?.end();
  });

  for (const way of ways) {
    it(`${way.name}: the session follows what is done on the other node`, async (t) => {
      const visitor = await nodes.visit(t, 'alice');
      const elsewhere = visitor.elsewhere();
      const socket = await visitor.connect(way);
      await settled(socket.socket, way.mode);
      const { id } = await elsewhere.session();
      assert.deepEqual(await socket.ask('whoami'), { id, user: 'alice' });

      assert.equal(await elsewhere.put('color', 'teal'), 204);
      await becomes(SECOND, () => socket.ask('get', 'color'), 'teal');
      assert.equal((await socket.ask('message', '')).pings, 1);
      assert.equal(await elsewhere.value('pings'), 1);

      assert.equal(await elsewhere.logout(), 303);
      for (const why of await ends(SECOND, [socket])) isRefusal(why, 'destroyed');
      assert.deepEqual(socket.heard, ['connect', 'sinvalid', 'disconnect']);
    });
  }
});
