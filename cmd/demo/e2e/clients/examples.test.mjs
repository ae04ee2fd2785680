// The example programs do what they say, with clients at their defaults.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Demo } from './demo.mjs';
import { Redis } from './redis.mjs';
import { isRefusal } from './refusal.mjs';
import { Visitor, waysOf } from './visitor.mjs';
import { within } from './wait.mjs';

const ways = waysOf('2.5.0 by upgrade', '4.8.4 by upgrade');
const folder = mkdtempSync(join(tmpdir(), 'socketio-sessions-examples-'));

describe('the examples', { concurrency: true }, () => {
  let redis;
  before(async () => {
    const cwd = fileURLToPath(new URL('../../examples', import.meta.url));
    const { status, stderr } = spawnSync('go', ['build', '-o', folder + '/', './...'], { cwd, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    redis = await Redis.start();
  });
  after(async () => {
    await redis?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (t, name, ...args) => {
    const program = await Demo.startOf(join(folder, name), '-addr', '127.0.0.1:0', ...args);
    t.after(() => program.kill());
    return program;
  };

  for (const name of ['gin', 'chi', 'echo', 'nethttp', 'tickets']) {
    it(`${name}: a socket has the session of the page`, async (t) => {
      const program = await start(t, name, ...(name === 'nethttp' ? ['-redis', redis.url()] : []));
      for (const way of ways) {
        const visitor = new Visitor(t, program.url);
        assert.equal(await visitor.status('GET', '/'), 200);
        const page = await visitor.request('GET', '/');
        assert.equal((await visitor.request('GET', '/socket.io/socket.io-sessions.js')).status, 200);
        const socket = name === 'tickets' ? await byTicket(visitor, page, way) : await visitor.connect(way);
        assert.equal(await socket.ask('visits'), 2);
      }
      if (name !== 'nethttp') return;
      const last = new Visitor(t, program.url);
      await last.request('GET', '/');
      const { told } = await last.connect(ways[1]);
      program.signal('SIGTERM');
      isRefusal(await within(5000, told, 'going_away'), 'going_away');
      assert.equal((await within(5000, program.ended, 'the end')).code, 0);
    });
  }

  it('chat: a line reaches the room on both nodes', async (t) => {
    const nodes = await Promise.all([1, 2].map(() => start(t, 'chat', '-redis', redis.url())));
    const sockets = await Promise.all(nodes.map(async ({ url }, i) => {
      const visitor = new Visitor(t, url);
      await visitor.request('GET', '/?name=node' + i);
      return visitor.connect(ways[i]);
    }));
    const heard = sockets.map(({ socket }) => new Promise((resolve) => socket.on('said', (...said) => resolve(said))));
    assert.equal(await sockets[0].ask('say', 'hello'), null);
    for (const said of await within(5000, Promise.all(heard), 'said')) assert.deepEqual(said, ['node0', 'hello']);
  });

  it('login: a socket logs in, and comes back with the new cookie', async (t) => {
    const program = await start(t, 'login');
    for (const way of ways) {
      const visitor = new Visitor(t, program.url);
      await visitor.request('GET', '/');
      const before = visitor.token;
      const socket = await visitor.connect({ ...way, options: { query: { 'session-script': 2 } } });
      assert.equal(await socket.ask('login', 'ann', 'wrong'), false);
      const claimed = socket.hears('sclaim');
      assert.equal(await socket.ask('login', 'ann', 'open sesame'), true);
      assert.equal(await visitor.status('POST', '/socket.io/session-claim', { claim: await claimed }), 204);
      assert.notEqual(visitor.token, before);
      assert.equal(await (await visitor.connect(way)).ask('whoami'), 'ann');
      isRefusal(await socket.sinvalid(), 'renewed');
    }
  });

  it('everywhere: all sessions of the user end', async (t) => {
    const program = await start(t, 'everywhere');
    const logged = await Promise.all(['ann', 'ann', 'bob'].map(async (user) => {
      const visitor = new Visitor(t, program.url);
      assert.equal(await visitor.status('POST', '/login', { user }), 200);
      return visitor;
    }));
    const sockets = await Promise.all(logged.map((visitor, i) => visitor.connect(ways[i % 2])));
    assert.equal((await logged[0].request('GET', '/devices')).text.trim().split('\n').length, 2);
    assert.equal((await logged[0].request('POST', '/logout-everywhere')).text, '2 sessions have ended\n');
    for (const socket of sockets.slice(0, 2)) isRefusal(await socket.sinvalid(), 'destroyed');
    assert.equal(await sockets[2].ask('whoami'), 'bob');
  });
});

/** A socket at the other site, where the cookie does not come. */
async function byTicket(visitor, { text }, way) {
  const [, sockets] = /connectWithSession\('([^']*)'/.exec(text);
  const { ticket } = JSON.parse((await visitor.request('POST', '/socket.io/session-ticket')).text);
  const elsewhere = new Visitor(visitor.t, sockets);
  return elsewhere.connect({ ...way, options: { query: { ticket } } });
}
