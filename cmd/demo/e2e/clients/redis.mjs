// A real Redis on a free port, which can be stopped, frozen and brought back.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Process } from './demo.mjs';
import { within } from './wait.mjs';

const run = promisify(execFile);

export class Redis {
  static async start(password = '') {
    const redis = new Redis();
    redis.folder = mkdtempSync(join(tmpdir(), 'socketio-sessions-redis-'));
    redis.password = password;
    redis.port = await freePort();
    await redis.start();
    return redis;
  }

  /** Starts it again with what it held when it was stopped. */
  async start() {
    const args = ['--port', this.port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.folder];
    if (this.password) args.push('--requirepass', this.password);
    this.server = new Process('redis-server', args.map(String));
    const missing = this.server.ended.then(({ error }) => {
      if (error) throw new Error('these tests need the program redis-server: ' + error.message);
    });
    await Promise.race([missing, this.server.prints(/Ready to accept connections/)]);
  }

  /** Stops it; connections are refused from then on. What it holds is kept for its next start. */
  async stop() {
    await this.command('SAVE');
    this.server.signal('SIGTERM');
    await within(5000, this.server.ended, 'the end of Redis');
  }

  /** From now on it accepts connections and answers nothing. */
  freeze() {
    this.server.signal('SIGSTOP');
  }

  thaw() {
    this.server.signal('SIGCONT');
  }

  async end() {
    this.server.signal('SIGKILL'); // also ends one that is frozen
    await within(5000, this.server.ended, 'the end of Redis');
    rmSync(this.folder, { recursive: true, force: true });
  }

  url(db = 0) {
    return `redis://${this.password && ':' + this.password + '@'}127.0.0.1:${this.port}/${db}`;
  }

  /** What redis-cli answers, with db as its database. */
  async command(name, ...args) {
    return this.commandIn(0, name, ...args);
  }

  async commandIn(db, ...args) {
    const env = { ...process.env };
    if (this.password) env.REDISCLI_AUTH = this.password; // with "" redis-cli stays in database 0
    const { stdout } = await run('redis-cli', ['-p', this.port, '-n', db, ...args].map(String), { env });
    return stdout.trim();
  }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
