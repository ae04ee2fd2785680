// Starts the demo as its user does: builds it once, runs it on a free port, and reads its first line.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Visitor } from './visitor.mjs';
import { within } from './wait.mjs';

const source = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'socketio-sessions-'));
const program = process.env.DEMO || join(folder, 'demo'); // DEMO names one that was built otherwise, with -race say
const running = new Map(); // each with the signal that ends it and whatever it has started

// What a failed test leaves behind ends with this process.
process.on('exit', () => {
  for (const [child, signal] of running) child.kill(signal);
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const build = once(() => {
  if (process.env.DEMO) return;
  const { status, stderr, error } = spawnSync('go', ['build', '-o', program, '.'], { cwd: source, encoding: 'utf8' });
  if (status !== 0) throw new Error('go build of the demo: ' + (error ? error.message : stderr));
});

function once(does) {
  let done = false;
  return () => {
    if (!done) does();
    done = true;
  };
}

/** A process that was started here, with what it has printed. */
export class Process {
  stdout = '';
  stderr = '';

  constructor(command, args, { last = 'SIGKILL', ...options } = {}) {
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    running.set(this.child, last);
    for (const name of ['stdout', 'stderr']) {
      this.child[name].setEncoding('utf8').on('data', (text) => { this[name] += text; });
    }
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve({ error }));
      this.child.once('close', (code, signal) => resolve({ code, signal }));
    }).finally(() => running.delete(this.child));
  }

  signal(name) {
    this.child.kill(name);
  }

  /** Resolves when the pattern is on stdout, with its match; rejects when the process ends before. */
  async prints(pattern) {
    const seen = new Promise((resolve) => {
      const look = () => {
        const match = pattern.exec(this.stdout);
        if (match) resolve(match);
      };
      this.child.stdout.on('data', look);
      look();
    });
    const early = this.ended.then(({ code, signal, error }) => {
      throw new Error(`ended (${error || signal || code}) without printing ${pattern}: ${this.stdout}${this.stderr}`);
    });
    return within(10000, Promise.race([seen, early]), `${pattern} on stdout`);
  }
}

/** A demo that runs. */
export class Demo extends Process {
  static async start(...args) {
    return Demo.startIn(undefined, ...args);
  }

  static async startIn(cwd, ...args) {
    return Demo.listens(Demo.launch(cwd, ...args));
  }

  /** Starts one that was built otherwise. */
  static async startOf(otherProgram, ...args) {
    return Demo.listens(new Demo(otherProgram, args));
  }

  static async listens(demo) {
    const [, url] = await demo.prints(/^listening on (http:\/\/127\.0\.0\.1:\d+)\n/);
    demo.url = url;
    return demo;
  }

  /** Starts a demo that need not come to listen. */
  static launch(cwd, ...args) {
    build();
    return new Demo(program, ['-addr', '127.0.0.1:0', ...args], { cwd });
  }

  /** Ends it as an operator does; every end must be a good one. */
  async stop(signal = 'SIGTERM') {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.signal(signal);
    const { code, signal: killed } = await within(6000, this.ended, 'the end of the demo');
    if (code !== 0) throw new Error(`the demo ended with ${killed || code}: ${this.stderr}`);
  }

  async kill() {
    this.signal('SIGKILL');
    await within(5000, this.ended, 'the end of a killed demo');
  }

  /** A browser without a session yet, for the time of the test t. */
  visitor(t) {
    return new Visitor(t, this.url);
  }

  /** A browser that has opened the page, and so has a session. */
  async visit(t, user) {
    const visitor = this.visitor(t);
    await visitor.request('GET', '/');
    if (user) await visitor.login(user);
    return visitor;
  }
}
