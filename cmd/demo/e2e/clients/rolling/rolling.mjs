// A rolling restart with real clients: node rolling/rolling.mjs [--clients 3000] …
// Three demos on one Redis behind nginx are restarted one after another, while clients count in acknowledged events. It prints
// what the clients saw, and exits with 1 when something acknowledged is lost, when a client is away for too long or does not
// come back, when they come back faster than the nodes send them away, or need too many handshakes.

import { fork } from 'node:child_process';
import { get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Demo } from '../demo.mjs';
import { Nginx } from '../nginx.mjs';
import { Redis } from '../redis.mjs';
import { becomes, sleep, within } from '../wait.mjs';
import { judge } from './judge.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: flags } = parseArgs({
  options: {
    clients: { type: 'string', default: '3000' },     // how many, 2.5.0 and 4.8.4 in turn
    process: { type: 'string', default: '750' },      // how many of them in a process
    come: { type: 'string', default: '100' },         // how many a second at first
    every: { type: 'string', default: '10000' },      // ms between two events of a client
    settle: { type: 'string', default: '62000' },     // ms between a node's return, with all clients there, and the next restart: as long as nginx's cookie lasts
    down: { type: 'string', default: '3000' },        // ms from the end of a node to its next start
    restarts: { type: 'string', default: '3' },       // how many of the nodes
    drain: { type: 'string', default: '0' },          // the demo's flag
    rate: { type: 'string', default: '180' },         // the same, and a limit: handshakes in one second
    leave: { type: 'string', default: '20s' },        // the same: enough for the rate, also where most clients are on one node
    script: { type: 'boolean', default: false },      // by connectWithSession, not the client alone
    port: { type: 'string', default: '23100' },       // and the two after it: not of those that connections take, so that a node gets its own again
    away: { type: 'string', default: '5000' },        // limits: ms from disconnect to connect,
    handshakes: { type: 'string', default: '2' },     // of a client, for all restarts
  },
});
const number = (name) => Number(flags[name]);
const BACK = 30000;  // ms after a restart in which all are there again, or never
const LEAVE = 30000; // ms beyond its drain that a node may take to end

/** Some of the clients, in a process of their own. */
class Crowd {
  constructor(settings) {
    this.child = fork(here('crowd.mjs'), [JSON.stringify(settings)]);
    this.ended = new Promise((_, reject) => {
      this.child.once('exit', (code) => reject(new Error(`a process of clients ended with ${code}`)));
    });
    this.ended.catch(() => {}); // for when nobody waits for it
  }

  /** Resolves with the answer to an order. */
  async does(order, ms) {
    const answered = new Promise((resolve, reject) => {
      this.child.once('message', ({ answer, error }) => (error ? reject(new Error(error)) : resolve(answer)));
    });
    this.child.send(order);
    return within(ms, Promise.race([answered, this.ended]), order);
  }
}

const ports = Array.from({ length: 3 }, (_, i) => number('port') + i);
const start = (redis, i) => Demo.start('-addr', `127.0.0.1:${ports[i]}`, '-store', redis.url(), '-leave', flags.leave, '-rate', flags.rate, ...(flags.drain === '0' ? [] : ['-drain', flags.drain]));

/** Restarts a node, and resolves with when what happened. */
async function restart(nodes, i, redis) {
  const phase = { node: i + 1, from: Date.now() };
  nodes[i].signal('SIGTERM');
  const { code, signal } = await within(LEAVE + seconds(flags.drain), nodes[i].ended, `the end of node ${i + 1}`);
  phase.ended = Date.now();
  if (code !== 0) throw new Error(`node ${i + 1} ended with ${signal ?? code}: ${nodes[i].stderr.slice(-2000)}`);
  await sleep(number('down'));
  nodes[i] = await start(redis, i);
  await becomes(10000, () => status(nodes[i].url + '/readyz'), 200);
  phase.ready = Date.now();
  return phase;
}

/** A Go duration in ms, as far as it is seconds. */
const seconds = (text) => (/^\d+s$/.test(text) ? parseInt(text, 10) * 1000 : 0);

const status = (url) => new Promise((resolve) => {
  get(url, { agent: false }, (answer) => { answer.resume(); resolve(answer.statusCode); }).on('error', () => resolve(0));
});

async function main() {
  const redis = await Redis.start();
  const nodes = await Promise.all([0, 1, 2].map((i) => start(redis, i)));
  const nginx = await Nginx.start(nodes);
  const [all, some] = [number('clients'), number('process')];
  const homes = Math.ceil(all / some);
  const crowds = Array.from({ length: homes }, (_, i) => new Crowd({
    url: nginx.url, ca: String(nginx.ca), script: flags.script, every: number('every'),
    first: 2 + i * some, count: Math.min(some, all - i * some), each: 1000 * homes / number('come'),
  }));
  const each = (order, ms) => Promise.all(crowds.map((crowd) => crowd.does(order, ms)));
  const missing = async () => (await each('missing', 10000)).reduce((sum, n) => sum + n, 0);
  console.log(`${all} clients in ${crowds.length} processes, ${flags.script ? 'by the script' : 'without the script'}, an event each ${flags.every} ms, behind ${nginx.url}`);

  const begun = Date.now();
  await each('come', 60000 + 2000 * all / number('come'));
  console.log(`all have come after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  await sleep(number('settle'));
  const phases = [];
  for (let i = 0; i < number('restarts'); i++) {
    const phase = await restart(nodes, i, redis);
    await becomes(BACK, missing, 0).catch(() => console.log(`node ${i + 1}: not all came back`));
    await sleep(number('settle'));
    phases.push(Object.assign(phase, { to: Date.now() }));
    console.log(`node ${i + 1} has been restarted`);
  }
  const reports = (await each('report', 120000)).flat();
  for (const { child } of crowds) child.kill();
  await nginx.end();
  for (const node of nodes) await node.kill(); // nobody is there to say goodbye to
  await redis.end();
  return judge(reports, phases, { away: number('away'), rate: number('rate'), handshakes: number('handshakes') });
}

process.exit(await main() ? 0 : 1);
