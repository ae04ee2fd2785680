// Two nodes on one Redis, behind a proxy that sends each request to the next: all works over websockets alone.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connectSome, ends, startNodes } from './nodes.mjs';
import { Raw } from './hostile.mjs';
import { Redis } from './redis.mjs';
import { isRefusal } from './refusal.mjs';
import { scopes, waysOf } from './visitor.mjs';
import { becomes, SECOND, within } from './wait.mjs';

const PINGS = 40; // of each socket
const QUIET = 600; // ms in which a session that is to be kept might be told of another's end

describe('two nodes', () => {
  let redis;
  before(async () => { redis = await Redis.start(); });
  after(() => redis?.end());

  for (const scope of scopes) {
    describe(`in turn, in scope ${scope}`, () => {
      let nodes;
      before(async () => { nodes = await startNodes(redis, {}, '-scope', scope); });
      after(() => nodes?.end());
      websockets(() => nodes, scope);
    });
  }

  describe('in turn', () => {
    let nodes;
    before(async () => { nodes = await startNodes(redis); });
    after(() => nodes?.end());
    polling(() => nodes);
  });
});

function websockets(nodes, scope) {
  it('share a session', async (t) => {
    const visitor = await nodes().visit(t, 'alice');
    const [one, other] = await connectSome(visitor, 2, { options: { extraHeaders: { Origin: visitor.url } } });
    await becomes(SECOND, () => nodes().proxy.wires, [1, 1]);
    const { id } = await visitor.session();
    for (const socket of [one, other]) assert.deepEqual(await socket.ask('whoami'), { id, user: 'alice' });

    await one.ask('put', 'color', 'teal');
    assert.equal(await visitor.put('shape', 'round'), 204);
    const late = scope === 'message' ? 0 : 2 * SECOND; // saved within one, seen within another
    for (const socket of [one, other]) {
      await becomes(late, () => socket.ask('get', 'color'), 'teal');
      await becomes(late, () => socket.ask('get', 'shape'), 'round');
    }
    await becomes(late, visitor.values, { user: 'alice', visits: 1, color: 'teal', shape: 'round' });
  });

  it('count together', async (t) => {
    const visitor = await nodes().visit(t);
    const sockets = await connectSome(visitor, 4);
    await becomes(SECOND, () => nodes().proxy.wires, [2, 2]);
    const answers = await Promise.all(sockets.flatMap(({ ask }) => Array.from({ length: PINGS }, () => ask('message', ''))));
    const counts = answers.map(({ pings }) => pings).sort((a, b) => a - b);
    assert.deepEqual(counts, Array.from({ length: 4 * PINGS }, (_, i) => i + 1));
    assert.equal(await visitor.value('pings'), 4 * PINGS);
  });

  const acts = {
    'a logout': ['destroyed', (visitor) => visitor.logout()],
    'a login': ['renewed', (visitor) => visitor.login('carol')],
  };
  for (const [what, [code, act]] of Object.entries(acts)) {
    it(`${what} on one reaches the sockets of both`, async (t) => {
      const visitor = await nodes().visit(t, 'alice');
      const stranger = await nodes().visit(t, 'bob');
      const sockets = await connectSome(visitor, 4);
      const others = await connectSome(stranger, 2);
      await becomes(SECOND, () => nodes().proxy.wires, [3, 3]);
      const old = visitor.twin();

      assert.equal(await act(visitor), 303);
      for (const why of await ends(SECOND, sockets)) isRefusal(why, code);
      for (const socket of sockets) assert.equal(socket.count('sinvalid'), 1);
      await areLeftAlone(others);
      // The old cookie is dead on both.
      for (let i = 0; i < 2; i++) {
        assert.equal(await old.status('GET', '/session'), 401);
        isRefusal(await old.open().refusal(), code, 'unknown');
      }
      if (code !== 'renewed') return;
      for (const socket of await connectSome(visitor, 2)) assert.equal((await socket.ask('whoami')).user, 'carol');
    });
  }

  it('share a chat: each line arrives once, on both', async (t) => {
    const [alice, nobody] = [await nodes().visit(t, 'alice'), await nodes().visit(t)];
    const members = await connectSome(alice, 4, { namespace: '/chat' });
    const lines = members.map((_, i) => ({ user: 'alice', text: 'line ' + i }));
    for (const [i, member] of members.entries()) assert.equal(await member.ask('say', lines[i].text), true);
    for (const member of members) {
      await becomes(2000, () => [...member.said].sort((a, b) => a.text.localeCompare(b.text)), lines);
    }
    for (const root of await connectSome(nobody, 2)) isRefusal(await root.namespace('/chat').refusal(), 'login_required');
  });
}

async function areLeftAlone(sockets) {
  await assert.rejects(within(QUIET, Promise.race(sockets.flatMap(({ told, closed }) => [told, closed])), 'an end'), /waited/);
  for (const { socket } of sockets) assert.ok(socket.connected);
}

/** What needs stickiness, and has none. */
function polling(nodes) {
  it('a poll that comes to the other node is refused', async (t) => {
    const visitor = await nodes().visit(t);
    for (const version of [3, 4]) {
      const raw = new Raw(visitor.url, version, { cookie: visitor.cookie });
      assert.equal((await raw.handshake()).status, 200);
      const { status, text } = await raw.poll();
      assert.deepEqual([status, JSON.parse(text)], [400, { code: 1, message: 'Session ID unknown' }]);
      assert.equal((await raw.post(version === 4 ? '40' : '2')).status, 200); // it is the first one's turn again
      assert.equal((await raw.upgrade()).status, 400);
    }
  });

  for (const way of waysOf('2.5.0 by polling', '2.5.0 by upgrade', '4.8.4 by polling', '4.8.4 by upgrade')) {
    it(`${way.name} begins again and again, by websocket it stays`, async (t) => {
      const visitor = await nodes().visit(t);
      const options = { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 10 };
      const { socket } = visitor.open({ ...way, options });
      let handshakes = 0;
      const third = new Promise((resolve) => socket.io.on('open', () => { if (++handshakes === 3) resolve(); }));
      await within(10000, third, 'the third handshake');
      socket.close();

      const [steady] = await connectSome(visitor, 1, { ...way, mode: 'websocket' });
      assert.equal(await steady.ask('echo', 'on'), 'on');
    });
  }
}
