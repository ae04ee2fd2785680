// Clients that take nothing, or hold back what they send, while much is said: the memory of the server keeps its bound,
// and whoever behaves is served within a second.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { frame, Raw, request, upgrading } from './hostile.mjs';
import { clients, open } from './matrix.mjs';
import { Mirror } from './mirror.mjs';
import { becomes, SECOND, sleep, within } from './wait.mjs';

const BOUND = 64 << 20;
const MORE = 128 << 20; // what the process may need beside it: 100, and what the garbage collector is late by on a busy machine
const MEMBERS = Number(process.env.FLOOD_MEMBERS || 2000);

describe('a flood', () => {
  let mirror, base;
  before(async () => { mirror = await Mirror.start('-max-waiting', BOUND); });
  after(() => mirror?.stop());

  /** Has one client say so much to the room, while another asks again and again and a third watches the memory. */
  async function endures(t, by, times, size) {
    const [sender, bystander] = await Promise.all([member(t), member(t)]);
    let most = 0, slowest = 0, over = false;
    const watch = (async () => {
      while (!over) {
        most = Math.max(most, (await mirror.stats()).rss);
        const asked = Date.now();
        await bystander('up', 1, 'text');
        slowest = Math.max(slowest, Date.now() - asked);
        await sleep(20);
      }
    })();
    try {
      assert.equal(await within(60000, sender('flood', 'flooded', by, times, size), 'the flood'), null);
    } finally {
      over = true;
      await watch;
    }
    t.diagnostic(`${most - base >> 20} MiB more, slowest answer ${slowest} ms`);
    assert.ok(most - base < BOUND + MORE, `${most - base >> 20} MiB more`);
    assert.ok(slowest < SECOND, `somebody else was answered after ${slowest} ms`);
  }

  /** A well-behaved client. */
  async function member(t) {
    const socket = open(await mirror.visit(t), { ...clients['4.8.4'], mode: 'websocket' });
    await within(10000, new Promise((resolve) => socket.on('connect', resolve)), 'connect');
    return (...args) => within(60000, new Promise((resolve) => socket.emit(...args, resolve)), args[0]);
  }

  /** A client that enters the room over a websocket of its own, and is paused then. */
  async function stopped(visitor) {
    const { socket } = await request(`${visitor.url}/socket.io/?EIO=4&transport=websocket`, { headers: { cookie: visitor.cookie, ...upgrading } });
    let text = '';
    const entered = new Promise((resolve, reject) => {
      socket.on('data', (bytes) => {
        if (text.length < 4096 && (text += bytes.toString('latin1')).includes('431[true]')) resolve();
      });
      socket.on('close', () => reject(new Error('closed')));
    });
    socket.on('error', () => {}); // it is dropped in the end
    socket.write(Buffer.concat([frame('40'), frame('421["join","flooded"]')]));
    await within(20000, entered, 'the room');
    return socket;
  }

  /** Lets all memory go that earlier tests have left, and notes what remains. */
  async function begin() {
    ({ rss: base } = await mirror.gc());
  }

  for (const by of ['the sessions', 'go-socket.io']) {
    it(`of ${by} to 400 handshakes that never poll`, async (t) => {
      await begin();
      await begin();
    const visitor = await mirror.visit(t);
      for (let i = 0; i < 400; i++) {
        const raw = new Raw(visitor.url, 4, { cookie: visitor.cookie });
        assert.equal((await raw.handshake()).status, 200);
        assert.equal((await raw.post('40\x1e42["join","flooded"]')).status, 200);
      }
      await endures(t, by, 1200, 10_000);
    });

    it(`of ${by} to 60 readers that have stopped`, async (t) => {
      await begin();
      await begin();
    const visitor = await mirror.visit(t);
      const sockets = await Promise.all(Array.from({ length: 60 }, () => stopped(visitor)));
      for (const socket of sockets) socket.pause();
      await endures(t, by, 2000, 10_000);
      for (const socket of sockets) socket.destroy();
    });
  }

  it('of attachments whose last is missing', async (t) => {
    await begin();
    const visitor = await mirror.visit(t);
    const asks = await member(t);
    const places = Array.from({ length: 40 }, (_, num) => JSON.stringify({ _placeholder: true, num })).join();
    const packet = [`4540-["blob",${places}]`, ...Array(39).fill('b' + Buffer.alloc(75_000).toString('base64'))].join('\x1e');
    let most = 0;
    for (let i = 0; i < 60; i++) {
      const raw = new Raw(visitor.url, 4, { cookie: visitor.cookie });
      await raw.handshake();
      await raw.post('40');
      await raw.post(packet).catch(() => {}); // it may be dropped
      most = Math.max(most, (await mirror.stats()).rss);
      const asked = Date.now();
      await asks('up', 1, 'text');
      assert.ok(Date.now() - asked < SECOND);
    }
    t.diagnostic(`${most - base >> 20} MiB more`);
    assert.ok(most - base < BOUND + MORE, `${most - base >> 20} MiB more`);
  });

  it(`of the sessions to ${MEMBERS} that read`, async (t) => {
    await begin();
    const visitor = await mirror.visit(t);
    const sockets = [];
    for (let i = 0; i < MEMBERS; i += 50) sockets.push(...await Promise.all(Array.from({ length: 50 }, () => stopped(visitor))));
    let bytes = 0;
    for (const socket of sockets) socket.on('data', (more) => { bytes += more.length; });
    await endures(t, 'the sessions', 20, 10_000);
    await becomes(20000, () => bytes >= MEMBERS * 20 * 10_000, true);
    for (const socket of sockets) socket.destroy();
  });
});
