'use strict';

// Our real server: testdata/mirror, built and started for a test file.

const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const root = path.join(__dirname, '..', '..');

/** Resolves with {uri, stop()}. */
async function startMirror() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socketio-sessions-'));
  const program = path.join(folder, 'mirror');
  const build = spawnSync('go', ['build', '-o', program, './testdata/mirror'], { cwd: root, encoding: 'utf8' });
  if (build.status !== 0) throw build.error || new Error(build.stderr);
  const child = spawn(program, ['-addr', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(readline.createInterface(child.stdout), 'line');
  async function stop() {
    const ended = once(child, 'close');
    child.kill();
    await ended;
    fs.rmSync(folder, { recursive: true });
  }
  return { uri: line.replace('listening on ', ''), stop };
}

module.exports = { startMirror };
