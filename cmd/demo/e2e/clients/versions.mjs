// Builds of the demo that differ in the library under it.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../', import.meta.url));

/** Builds the demo in a folder of its own, until the test is over; from other folders or files where that is said. */
function build(t, cwd, ...flags) {
  const folder = mkdtempSync(join(tmpdir(), 'socketio-sessions-version-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'demo');
  const { status, stderr } = spawnSync('go', ['build', '-o', program, ...flags, '.'], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error('go build of the demo: ' + stderr);
  return program;
}

/** The demo of this tree. */
export const present = (t) => process.env.DEMO || build(t, source);

/** That of the commit which the variable FROM names; of this tree where it names none. */
export function former(t) {
  if (!process.env.FROM) return present(t);
  const tree = mkdtempSync(join(tmpdir(), 'socketio-sessions-from-'));
  t.after(() => rmSync(tree, { recursive: true, force: true }));
  const archive = spawnSync('bash', ['-c', `git archive "$FROM" | tar -x -C "${tree}"`], { cwd: join(source, '../..'), encoding: 'utf8' });
  if (archive.status !== 0) throw new Error('git archive of ' + process.env.FROM + ': ' + archive.stderr);
  return build(t, join(tree, 'cmd/demo'));
}

/** The demo on SCS's own redisstore: with another import, and without what only ours can do. */
export function plain(t) {
  const folder = mkdtempSync(join(tmpdir(), 'socketio-sessions-plain-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(source, 'store.go');
  const text = readFileSync(file, 'utf8')
    .replace('github.com/socketio-sessions/socketio-sessions/store/redisstore', 'github.com/alexedwards/scs/redisstore')
    .replace('redisstore.New(pool)', 'store.Wrap(redisstore.New(pool))');
  const changed = join(folder, 'store.go');
  const overlay = join(folder, 'overlay.json');
  writeFileSync(changed, text);
  writeFileSync(overlay, JSON.stringify({ Replace: { [file]: changed } }));
  return build(t, source, '-overlay', overlay);
}
