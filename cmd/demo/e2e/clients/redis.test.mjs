// Sessions in Redis: what survives, and what goes on while Redis is gone.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { Redis } from './redis.mjs';
import { isRefusal } from './refusal.mjs';
import { few, scopes, ways, waysOf } from './visitor.mjs';
import { becomes, SECOND, sleep, within } from './wait.mjs';

const PATIENCE = 6000;    // ms; an event may have to wait for the timeout of another, and then for its own
const REFUSED = 3000;     // ms in which a new connection must be refused while Redis is gone
const BACK = 2000;        // ms after Redis's return in which all must work again

describe('Redis', () => {
  for (const [password, db] of [['', 0], ['', 3], ['s3cret', 0], ['s3cret', 5]]) {
    it(`sessions outlive the demo (${password ? 'with' : 'without'} a password, database ${db})`, async (t) => {
      const redis = await Redis.start(password);
      t.after(() => redis.end());
      const first = await Demo.start('-store', redis.url(db));
      t.after(() => first.stop());
      const visitor = await first.visit(t, 'alice');
      const socket = await visitor.connect();
      await socket.ask('put', 'color', 'teal'); // saved at the latest when the demo ends
      await socket.ask('message', '');
      const session = await visitor.session();
      await first.stop();
      assert.equal(await redis.commandIn(db, 'EXISTS', 'scs:session:' + visitor.token), '1');

      const second = await Demo.start('-store', redis.url(db));
      t.after(() => second.stop());
      visitor.url = second.url;
      const again = await visitor.connect();
      assert.deepEqual(await again.ask('whoami'), { id: session.id, user: 'alice' });
      assert.deepEqual(await again.ask('message', ''), { pings: 2, user: 'alice' });
      assert.deepEqual(await visitor.values(), { user: 'alice', visits: 1, color: 'teal', pings: 2 });
      assert.ok(!(first.stderr + second.stderr).includes(visitor.token), 'the token is in the log');
      if (password) assert.ok(!(first.stderr + second.stderr).includes(password), 'the password is in the log');
    });
  }

  describe('that goes on running', () => {
    let redis;
    before(async () => { redis = await Redis.start(); });
    after(() => redis?.end());

    for (const scope of scopes) {
      it(`holds nothing of a client that was refused, in scope ${scope}`, async (t) => {
        const demo = await Demo.start('-store', redis.url(1), '-scope', scope);
        t.after(() => demo.stop());
        const stranger = demo.visitor(t);
        for (const token of [undefined, randomBytes(32).toString('base64url')]) {
          stranger.token = token;
          await Promise.all(ways.map(async (way) => {
            const socket = stranger.open(way);
            socket.socket.emit('put', 'k', 'v');
            await socket.over();
          }));
        }
        await demo.stop();
        assert.equal(await redis.commandIn(1, 'DBSIZE'), '0');
      });

      it(`holds nothing of a session that was logged out, in scope ${scope}`, async (t) => {
        const demo = await Demo.start('-store', redis.url(2), '-scope', scope);
        t.after(() => demo.stop());
        const visitor = await demo.visit(t);
        const key = 'scs:session:' + visitor.token;
        const socket = await visitor.connect();
        await socket.ask('put', 'k', 'v');
        const late = visitor.twin().put('k', 'late', { delay: '200ms' });
        await visitor.logout();
        socket.socket.emit('put', 'k', 'again');
        assert.equal(await late, 401);
        // Longer than what is in memory may wait to be saved.
        for (const end = Date.now() + SECOND; Date.now() < end; await sleep(50)) {
          assert.equal(await redis.commandIn(2, 'EXISTS', key), '0');
        }
        await demo.stop();
        assert.equal(await redis.commandIn(2, 'DBSIZE'), '0');
      });
    }
  });

  // Stopped, it refuses connections; frozen, it takes them and never answers.
  const outages = {
    stopped: [(redis) => redis.stop(), (redis) => redis.start()],
    frozen: [(redis) => redis.freeze(), (redis) => redis.thaw()],
  };
  describe('that goes away', { concurrency: true }, () => {
    for (const [how, [breaks, heals]] of Object.entries(outages)) {
      for (const scope of scopes) {
        it(`may be ${how} in scope ${scope}`, async (t) => {
          const redis = await Redis.start();
          t.after(() => redis.end());
          const demo = await Demo.start('-store', redis.url(), '-scope', scope);
          t.after(() => demo.stop());
          const visitor = await demo.visit(t, 'alice');
          const socket = await visitor.connect();
          const [way] = waysOf('4.8.4 by polling');
          const polling = await visitor.connect(way);
          await socket.ask('put', 'color', 'teal');
          await becomes(SECOND, () => visitor.value('color'), 'teal');

          await breaks(redis);
          await whileGone({ demo, visitor, socket, polling, scope, t });
          await heals(redis);
          await onceBack({ visitor, socket, polling, scope });
          assert.deepEqual([socket.heard, polling.heard], [['connect'], ['connect']]);
        });
      }
    }
  });
});

async function whileGone({ demo, visitor, socket, polling, scope, t }) {
  const soon = (promise, what) => within(PATIENCE, promise, what);
  assert.equal(await soon(visitor.status('GET', '/session'), 'GET /session'), 503);
  assert.equal(await soon(visitor.put('color', 'blue'), 'POST /session'), 503);
  assert.equal(await soon(visitor.status('GET', '/'), 'GET /'), 503);
  assert.equal(await soon(visitor.status('GET', '/healthz'), 'GET /healthz'), 200);

  const fails = (peer, ...event) => soon(peer.code(...event), event[0]).then((code) => assert.equal(code, 'store_error'));
  await fails(socket, 'message', '');
  if (scope === 'message') {
    await fails(socket, 'echo', 'on');
    await fails(socket, 'put', 'color', 'red');
    await fails(polling, 'get', 'color');
  } else {
    assert.equal(await soon(socket.ask('echo', 'on'), 'echo'), 'on');
    assert.equal(await soon(socket.ask('put', 'color', 'red'), 'put'), true);
    assert.equal(await soon(polling.ask('get', 'color'), 'get'), 'red');
    assert.equal(await soon(polling.ask('put', 'shape', 'round'), 'put'), true);
  }

  await Promise.all(few.map(async (way) => {
    const socket = visitor.open(way);
    isRefusal(await within(REFUSED, socket.refused, 'the refusal'), 'store_error');
    await socket.over();
    assert.equal(socket.count('connect'), 0);
  }));
  assert.equal(demo.child.exitCode, null);
}

/** Everything in here must be so BACK after Redis's return, not one thing after the other. */
async function onceBack({ visitor, socket, polling, scope }) {
  const changed = scope === 'message' ? { color: 'teal' } : { color: 'red', shape: 'round' };
  const answers = async (peer) => (await peer.ask('message', ''))?.error?.code;
  const connects = async () => {
    const fresh = visitor.open();
    const code = await Promise.race([fresh.refused.then((why) => why.code), fresh.connected.then(() => fresh.ask('whoami')).then(({ user }) => user)]);
    fresh.leave();
    return code;
  };
  await Promise.all([
    becomes(BACK, async () => {
      const { pings, ...values } = (await visitor.values()) || {};
      return values;
    }, { user: 'alice', visits: 1, ...changed }),
    becomes(BACK, () => answers(socket), undefined),
    becomes(BACK, () => answers(polling), undefined),
    becomes(BACK, connects, 'alice'),
    becomes(BACK, () => polling.ask('get', 'color'), changed.color),
  ]);
  const [{ pings }, now] = [await socket.ask('message', ''), await visitor.values()];
  assert.equal(now.pings, pings);
}
