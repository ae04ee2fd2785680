// Measures a logout with 1,000 open sockets of one session among 2,000: node nodes-logout.mjs [rounds] [sockets]
// Run by hand: it judges nothing. Times are from the logout's request to the last socket, medians and worst in ms.

import { connect } from 'node:net';
import { Demo } from './demo.mjs';
import { frame, upgrading } from './hostile.mjs';
import { Redis } from './redis.mjs';
import { Visitor } from './visitor.mjs';
import { within } from './wait.mjs';

const [rounds = 10, sockets = 1000] = process.argv.slice(2).map(Number);
const LIMIT = 20000; // ms
const AT_ONCE = 50;  // handshakes

// A server's close frame, and the answer to it.
const CLOSE = Buffer.from([0x88, 2, 0x03, 0xe8]);
const CLOSED = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);

const test = { after() {} }; // a Visitor wants one

/** A websocket as it is: it notes when it was told of the end and when it was closed. */
class Wire {
  static async open(url, cookie, hangsUp) {
    const wire = new Wire();
    const { port, host } = new URL(url);
    wire.socket = connect(Number(port), '127.0.0.1').setNoDelay();
    const connected = wire.#receives('40');
    wire.told = wire.#receives('"sinvalid"').then(() => {
      if (hangsUp) wire.socket.write(frame('1'));
      return performance.now();
    });
    wire.#receives(CLOSE.toString('latin1')).then(() => wire.socket.end(CLOSED)); // as every client does
    wire.closed = new Promise((resolve) => wire.socket.on('close', () => resolve(performance.now())));
    wire.socket.on('error', () => {});
    const head = Object.entries({ host, cookie, ...upgrading }).map(([name, value]) => `${name}: ${value}\r\n`);
    wire.socket.write(`GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\n${head.join('')}\r\n`);
    await within(LIMIT, connected, 'connect');
    return wire;
  }

  #receives(text) {
    return new Promise((resolve) => {
      let seen = '';
      const look = (bytes) => {
        seen += bytes.toString('latin1');
        if (!seen.includes(text)) return;
        this.socket.off('data', look);
        resolve();
      };
      this.socket.on('data', look);
    });
  }

  /** Whether its server still answers. */
  async answers() {
    const echo = this.#receives('431["on"]');
    this.socket.write(frame('421["echo","on"]'));
    await within(LIMIT, echo, 'an echo');
  }
}

/** Does it count times, some at once. */
async function many(count, does) {
  const all = [];
  for (let begun = 0; begun < count; begun += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - begun) }, (_, i) => does(begun + i));
    all.push(...await Promise.all(some));
  }
  return all;
}

async function visit(url) {
  const visitor = new Visitor(test, url);
  await visitor.request('GET', '/');
  return visitor;
}

async function measure(name, urls, hangsUp) {
  const others = await many(sockets, async (i) => Wire.open(urls[i % urls.length], (await visit(urls[0])).cookie));
  const times = { answered: [], told: [], closed: [] };
  for (let round = 0; round < rounds; round++) {
    const visitor = await visit(urls[0]);
    const wires = await many(sockets, (i) => Wire.open(urls[i % urls.length], visitor.cookie, hangsUp));
    const begun = performance.now();
    const took = async (moments) => Math.max(...await within(LIMIT, Promise.all(moments), 'every socket')) - begun;
    const [answered, told, closed] = await Promise.all([
      took([visitor.logout().then(() => performance.now())]),
      took(wires.map((wire) => wire.told)),
      took(wires.map((wire) => wire.closed)),
    ]);
    for (const [what, ms] of Object.entries({ answered, told, closed })) times[what].push(ms);
  }
  await many(sockets, (i) => others[i].answers());
  for (const { socket } of others) socket.destroy();
  const figures = Object.entries(times).map(([what, ms]) => {
    ms.sort((a, b) => a - b);
    return `${what} ${ms[ms.length >> 1].toFixed(0)} (worst ${ms.at(-1).toFixed(0)})`;
  });
  console.log(`${name}, clients that ${hangsUp ? 'hang up' : 'wait'}: ${figures.join(', ')}`);
}

const redis = await Redis.start();
for (const [name, store, count] of [['in process', 'memory', 1], ['one process on Redis', redis.url(), 1], ['two processes on Redis', redis.url(), 2]]) {
  const demos = [];
  while (demos.length < count) demos.push(await Demo.start('-store', store));
  for (const hangsUp of [true, false]) await measure(name, demos.map(({ url }) => url), hangsUp);
  await Promise.all(demos.map((demo) => demo.stop()));
}
await redis.end();
