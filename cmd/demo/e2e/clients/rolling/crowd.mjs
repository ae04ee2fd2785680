// Some of the clients of a rolling restart, in a process of their own. It is told what to do by messages, and reports
// of each client what it has seen.

import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { createSecureContext } from 'node:tls';
import io25 from 'socket.io-client-2.5';
import io48 from 'socket.io-client-4.8';
import attach from '../../../../../clientjs/socket.io-sessions.js';
import { sleep } from '../wait.mjs';

// How long a browser keeps a connection that rests: less than nginx does (75 s), and more than a poll takes. On Node the
// client of 4.8.4 never sends a request that meets one which has just been closed; browsers send it again.
const IDLE = 40000;

const HANDSHAKE = /^\/socket\.io\/\?(?!.*\bsid=)/;
const [{ url, ca, first, count, each, every, script }] = process.argv.slice(2).map((arg) => JSON.parse(arg));
const secureContext = createSecureContext({ ca });
const connects = Object.entries({ '2.5.0': io25, '4.8.4': io48 }).map(([version, io]) => {
  const page = script && attach(Object.assign((...args) => io(...args), io));
  return { version, open: (...args) => (script ? page.connectWithSession(...args) : io(...args)) };
});

/** A browser: it has an address of its own, keeps cookies, and notes when its client begins a connection. */
class Browser extends Agent {
  cookies = new Map();
  handshakes = [];

  addRequest(req, options) {
    if (HANDSHAKE.test(req.path)) this.handshakes.push(Date.now());
    const fresh = [...this.cookies].filter(([, { until }]) => until > Date.now());
    req.setHeader('Cookie', fresh.map(([name, { value }]) => `${name}=${value}`).join('; '));
    req.once('response', ({ headers }) => {
      for (const line of headers['set-cookie'] ?? []) {
        const [, name, value] = /^([^=]*)=([^;]*)/.exec(line);
        const [, age = Infinity] = /max-age=(\d+)/i.exec(line) ?? [];
        this.cookies.set(name, { value, until: Date.now() + 1000 * age });
      }
    });
    super.addRequest(req, options);
  }

  /** A kept connection may be closed at that very moment; then it asks again, as browsers do. */
  async get(path) {
    const response = await new Promise((resolve, reject) => {
      const asked = request(url + path, { agent: this, timeout: 10000 }, resolve)
        .on('timeout', function late() { this.destroy(new Error('no answer to GET ' + path)); })
        .on('error', (err) => (asked.reusedSocket ? resolve(undefined) : reject(err)));
      asked.end();
    });
    if (!response) return this.get(path);
    return { status: response.statusCode, text: await text(response) };
  }
}

class Client {
  aways = [];    // from disconnect to connect: when, and for how long
  refusals = {}; // how often, by code
  failures = []; // what ended a connection, or kept one from being made, and when
  sent = 0;
  acks = 0;
  last = 0;      // of the count that was acknowledged
  backwards = 0; // acknowledgements that were not above the last

  constructor(number) {
    this.number = number;
    this.way = connects[number % 2];
    const localAddress = `127.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
    this.browser = new Browser({ localAddress, secureContext, keepAlive: true, timeout: IDLE });
  }

  /** Resolves when it has connected for the first time. */
  async come() {
    const { status } = await this.browser.get('/');
    if (status !== 200) throw new Error('GET / was answered ' + status);
    this.socket = this.way.open(url + '/', { forceNew: true, agent: this.browser });
    this.socket.on('disconnect', (why) => {
      this.fails(why);
      this.asking = false; // what is on its way is given up
      this.lost = Date.now();
    });
    this.socket.on('connect', () => {
      if (this.lost) this.aways.push([this.lost, Date.now() - this.lost]);
      this.lost = undefined;
    });
    const refused = (why) => {
      const code = why?.code ?? why?.data?.code;
      if (typeof code === 'string') this.refusals[code] = (this.refusals[code] ?? 0) + 1;
      this.fails(code ?? [why?.message ?? why, why?.context?.status, why?.description?.message ?? why?.description].filter(Boolean).join(' '));
    };
    for (const event of ['error', 'connect_error', 'sinvalid']) this.socket.on(event, refused);
    await new Promise((resolve) => this.socket.once('connect', resolve));
    this.talking = setTimeout(() => {
      this.talking = setInterval(() => this.ask(), every);
    }, Math.random() * every);
  }

  fails(why) { this.failures.push([Date.now(), String(why)]); }

  ask() {
    if (!this.socket.connected || this.asking) return;
    this.asking = true;
    this.sent++;
    this.socket.emit('message', '', (answer) => {
      this.asking = false;
      if (!answer?.pings) return;
      this.acks++;
      if (answer.pings <= this.last) this.backwards++;
      this.last = answer.pings;
    });
  }

  /** Stops talking, and resolves with what it has seen and what its session has counted. */
  async report() {
    clearInterval(this.talking);
    for (let tries = 0; this.asking && tries < 500; tries++) await sleep(10);
    const { status, text } = await this.browser.get('/session');
    const { number, way: { version }, aways, refusals, failures, sent, acks, backwards } = this;
    return {
      number, version, aways, refusals, failures, sent, acks, backwards, handshakes: this.browser.handshakes,
      connected: this.socket.connected, pings: status === 200 ? JSON.parse(text).values.pings ?? 0 : `GET /session was answered ${status}`,
    };
  }
}

const clients = Array.from({ length: count }, (_, i) => new Client(first + i));
const orders = {
  /** All come, one after the other. */
  async come() {
    const all = [];
    for (const client of clients) {
      all.push(client.come());
      await sleep(each);
    }
    await Promise.all(all);
  },
  missing: async () => clients.filter(({ socket }) => !socket.connected).length,
  async report() {
    const reports = [];
    for (let i = 0; i < count; i += 50) reports.push(...await Promise.all(clients.slice(i, i + 50).map((client) => client.report())));
    return reports;
  },
};
process.on('message', async (name) => {
  try {
    process.send({ answer: await orders[name]() });
  } catch (err) {
    process.send({ error: err.message });
  }
});
process.on('disconnect', () => process.exit());
