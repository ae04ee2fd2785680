// Clients that come and leave, and handshakes that nobody goes on with, leave nothing behind. MATRIX_CHURN is how many
// there are of each kind, where it is not 1,000.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { request } from './hostile.mjs';
import { open, settled, ways } from './matrix.mjs';
import { Mirror, texts } from './mirror.mjs';
import { SECOND, within } from './wait.mjs';

const COUNT = Number(process.env.MATRIX_CHURN || 1000);
const LANES = 20; // at a time
// Bytes of heap that are no leak: Go keeps the descriptor of every goroutine that ever was, half a kilobyte each, and a
// thousand connections at a time have four thousand of them.
const GROWTH = 4 << 20;

/** Runs does(i) for COUNT numbers, LANES at a time. */
async function many(does) {
  let next = 0;
  await Promise.all(Array.from({ length: LANES }, async (_, lane) => {
    while (next < COUNT) await does(next++, lane);
  }));
}

describe('churn', () => {
  let mirror;
  before(async () => { mirror = await Mirror.start(); });
  after(() => mirror?.stop());

  for (const way of ways.filter(({ version }) => ['2.5.0', '4.8.4'].includes(version))) {
    it(`${COUNT} clients ${way.name} come and leave`, async (t) => {
      await mirror.calm(t);
      const visitors = await Promise.all(Array.from({ length: LANES }, () => mirror.visit(t)));
      const start = await mirror.gc();
      await many((i, lane) => visit(visitors[lane], way, i));
      await mirror.returnsTo(start);
      const end = await mirror.gc();
      assert.equal(end.connects['/'] - start.connects['/'], COUNT);
      assert.ok(end.heap - start.heap < GROWTH, `${end.heap - start.heap} bytes more`);
    });
  }
});

/** Connects and leaves: by the socket or by its engine, and every other one that upgrades in the middle of it. */
async function visit(visitor, way, i) {
  const socket = open({ ...visitor, cookie: visitor.cookie, t: { after() {} } }, way);
  const { engine } = socket.io;
  const moved = settled(socket, way.mode);
  moved.catch(() => {});
  await within(10000, new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    for (const event of ['connect_error', 'error', 'disconnect']) socket.once(event, (err) => reject(new Error(`${event}: ${err?.message ?? err}`)));
  }), 'connect');
  const gone = new Promise((resolve) => engine.once('close', resolve));
  if (i % 2 === 0) await within(10000, moved, 'the upgrade');
  socket.removeAllListeners();
  if (i % 4 < 2) socket.disconnect();
  else engine.close();
  await within(10000, gone, 'the end of the connection');
}

describe('abandoned handshakes', () => {
  for (const version of [3, 4]) {
    it(`${COUNT} of Engine.IO ${version} leave nothing, and hold nobody up`, async (t) => {
      const mirror = await Mirror.start('-ping-interval', '300ms', '-ping-timeout', '400ms');
      t.after(() => mirror.stop());
      await mirror.calm(t);
      const visitor = await mirror.visit(t);
      const start = await mirror.gc();
      const url = `${mirror.url}/socket.io/?EIO=${version}&transport=polling`;
      await many(async () => {
        const { status, text } = await request(url, { headers: { cookie: visitor.cookie } });
        assert.equal(status, 200, text);
      });

      const live = open(visitor, ways.find(({ modern, mode }) => Boolean(modern) === (version === 4) && mode === 'websocket'));
      const ack = new Promise((resolve) => live.emit('up', 0, texts[0], resolve));
      assert.deepEqual(await within(SECOND, ack, 'the acknowledgement of another client'), { n: 0, text: texts[0] });
      live.disconnect();
      await mirror.returnsTo(start);
      const end = await mirror.gc();
      assert.ok(end.heap - start.heap < GROWTH, `${end.heap - start.heap} bytes more`);
    });
  }
});
