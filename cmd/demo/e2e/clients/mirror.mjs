// Starts testdata/mirror: builds it once, runs it on a free port, and asks it who has come and gone.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Process } from './demo.mjs';
import { Visitor } from './visitor.mjs';
import { becomes, within } from './wait.mjs';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'socketio-sessions-'));
const program = process.env.MIRROR || join(folder, 'mirror'); // MIRROR names one that was built otherwise, with -race say
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

let built = Boolean(process.env.MIRROR);
function build() {
  if (built) return;
  const { status, stderr, error } = spawnSync('go', ['build', '-o', program, './testdata/mirror'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error('go build of the mirror: ' + (error ? error.message : stderr));
  built = true;
}

/** What event n carries is texts[n % texts.length], on both sides. */
export const texts = JSON.parse(readFileSync(join(root, 'testdata/mirror/texts.json'), 'utf8'));

/** A mirror that runs. */
export class Mirror extends Process {
  static async start(...args) {
    build();
    const mirror = new Mirror(program, ['-addr', '127.0.0.1:0', ...args]);
    [, mirror.url] = await mirror.prints(/^listening on (http:\/\/127\.0\.0\.1:\d+)\n/);
    return mirror;
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.signal('SIGTERM');
    const { code, signal } = await within(8000, this.ended, 'the end of the mirror');
    if (code !== 0) throw new Error(`the mirror ended with ${signal || code}: ${this.stderr}`);
  }

  /** A browser with a session, for the time of the test t. */
  async visit(t) {
    const visitor = new Visitor(t, this.url);
    await visitor.request('GET', '/', undefined, lone);
    return visitor;
  }

  stats = () => this.#ask('/stats');

  /** The stats after a garbage collection. */
  gc = () => this.#ask('/gc');

  #ask(path) {
    const answer = new Promise((resolve, reject) => {
      get(this.url + path, { agent: false }, async (response) => {
        let text = '';
        for await (const part of response.setEncoding('utf8')) text += part;
        resolve(JSON.parse(text));
      }).on('error', reject);
    });
    return within(10000, answer, path);
  }

  /**
   * Lets one connection come and go, so that what starts with the first is there, and resolves with what remains of it.
   * Clients that come later must leave no more.
   */
  async calm(t) {
    const first = (await this.visit(t)).open();
    await within(10000, first.connected, 'connect');
    first.leave();
    await becomes(10000, async () => (await this.stats()).connections, 0);
    return this.stats();
  }

  /** Waits until no more is left than before: of connections, namespaces entered, and goroutines. */
  async returnsTo(before, ms = 10000) {
    const left = async () => {
      const now = await this.stats();
      return {
        connections: now.connections,
        entered: entered(now),
        goroutines: Math.max(0, now.goroutines - before.goroutines),
      };
    };
    await becomes(ms, left, { connections: before.connections, entered: entered(before), goroutines: 0 });
  }
}

/** Keeps no connection, which would cost the mirror a goroutine. */
export const lone = { connection: 'close' };

/** How many connections are in each namespace by the count of OnConnect and OnDisconnect. */
function entered({ connects, disconnects }) {
  const all = Object.entries(connects ?? {}).map(([name, n]) => [name, n - (disconnects?.[name] ?? 0)]);
  return Object.fromEntries(all.filter(([, n]) => n !== 0));
}
