// Every client in every mode, many at a time, with events in both directions from the first moment on: complete, in
// order, right, and without a disconnect. MATRIX_K is how many connections there are, where it is not 30 (100 that upgrade).

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { open, settled, ways } from './matrix.mjs';
import { talk } from './matrix-talk.mjs';
import { Mirror, texts } from './mirror.mjs';
import { within } from './wait.mjs';

const count = (mode) => Number(process.env.MATRIX_K || (mode === 'upgrade' ? 100 : 30));
const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

describe('matrix', () => {
  const mirrors = [];
  after(() => Promise.all(mirrors.map(({ mirror }) => mirror.stop())));

  for (const way of ways) {
    it(`${count(way.mode)} clients ${way.name}`, async (t) => {
      const mirror = await Mirror.start();
      const started = { way, mirror };
      mirrors.push(started);
      const before = started.before = await mirror.calm(t);
      const visitors = await Promise.all(Array.from({ length: count(way.mode) }, () => mirror.visit(t)));
      const faults = await Promise.all(visitors.map((visitor) => converse(visitor, way)));
      assert.deepEqual(faults.flat(), []);
      const { connects } = await mirror.stats();
      assert.deepEqual({ '/': connects['/'] - before.connects['/'], '/chat': connects['/chat'] }, { '/': visitors.length, '/chat': visitors.length });
    });
  }

  it('nothing is left of them', async () => {
    await Promise.all(mirrors.map(async ({ way, mirror, before }) => {
      await mirror.returnsTo(before).catch((err) => { throw new Error(`${way.name}: ${err.message}`); });
    }));
  });
});

/** One connection, which talks in two namespaces. Resolves with the faults. */
async function converse(visitor, way) {
  const root = open(visitor, way);
  const upgraded = settled(root, way.mode).then(() => [], (err) => ['upgrade: ' + err.message]);
  const chat = root.io.socket('/chat', root.io.opts);
  const settings = { texts, bytes, buffersFirst: way.buffersFirst };
  const faults = (await Promise.all([talk(root, settings), talk(chat, settings)])).flat();
  if (faults.length === 0) faults.push(...await within(20000, upgraded, 'the upgrade').catch((err) => [err.message]));
  root.removeAllListeners();
  chat.removeAllListeners();
  root.io.engine.close();
  return faults;
}
