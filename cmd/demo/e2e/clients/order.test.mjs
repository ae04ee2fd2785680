// In which order events are handled, and who waits for whom.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { few, scopes, ways } from './visitor.mjs';
import { within } from './wait.mjs';

const EVENTS = 100;
const PAIRS = 50;
const SLOW = 1000; // ms

for (const scope of scopes) {
  describe(`order in scope ${scope}`, () => {
    let demo;
    before(async () => { demo = await Demo.start('-scope', scope, '-faults'); });
    after(() => demo?.stop());

    for (const way of ways) describe(way.name, { concurrency: true }, () => suite(() => demo, way));
    describe('who waits', { concurrency: true }, () => {
      for (const way of few) waiting(() => demo, way);
    });
  });
}

function suite(demo, way) {
  it('events of one socket are acknowledged in order', async (t) => {
    const socket = await (await demo().visit(t)).connect(way);
    const sent = Array.from({ length: EVENTS }, (_, i) => 'text ' + i);
    const acked = [];
    const all = new Promise((resolve) => {
      for (const text of sent) {
        socket.socket.emit('echo', text, (answer) => acked.push(answer) === EVENTS && resolve());
      }
    });
    await within(10000, all, `${EVENTS} acknowledgements`);
    assert.deepEqual(acked, sent);
  });

  it('also behind a handler that emits', async (t) => {
    const socket = await (await demo().visit(t)).connect(way);
    const wrong = [];
    for (let i = 0; i < PAIRS; i++) {
      const acked = [];
      const blob = socket.ask('blob', Buffer.from([i])).then(() => acked.push('blob'));
      await Promise.all([blob, socket.ask('echo', '').then(() => acked.push('echo'))]);
      if (acked[0] !== 'blob') wrong.push(i);
    }
    assert.deepEqual(wrong, []);
  });

  it('events of one socket are handled in order', async (t) => {
    const socket = await (await demo().visit(t)).connect(way);
    for (let i = 1; i <= EVENTS; i++) socket.socket.emit('put', 'n', String(i));
    assert.equal(await socket.ask('get', 'n'), String(EVENTS));
  });

  it('what one socket changed, the next event of another sees', async (t) => {
    const visitor = await demo().visit(t);
    const sockets = [await visitor.connect(way), await visitor.connect(way)];
    for (let i = 0; i < 20; i++) {
      await sockets[i % 2].ask('put', 'turn', String(i));
      assert.equal(await sockets[(i + 1) % 2].ask('get', 'turn'), String(i));
      assert.deepEqual(await sockets[(i + 1) % 2].ask('message', ''), { pings: i + 1, user: '' });
    }
  });
}

function waiting(demo, way) {
  it(`slow holds up its own session, and no other, ${way.name}`, async (t) => {
    const visitor = await demo().visit(t);
    const [first, second] = [await visitor.connect(way), await visitor.connect(way)];
    const other = await (await demo().visit(t)).connect(way);

    let slow = true;
    const slept = first.ask('slow', SLOW).then(() => { slow = false; });
    // Asks for as long as slow lasts. Only the echo that comes while slow is at work is held up.
    const longest = async (socket) => {
      let held = 0;
      while (slow) {
        const begun = performance.now();
        await socket.ask('echo', '');
        held = Math.max(held, performance.now() - begun);
      }
      return held;
    };
    const [mine, theirs] = await Promise.all([longest(second), longest(other), slept]);
    assert.ok(mine > SLOW / 2, `the session's other socket waited ${mine} ms at most`);
    assert.ok(theirs < SLOW / 2, `another session's socket waited ${theirs} ms`);
  });
}
