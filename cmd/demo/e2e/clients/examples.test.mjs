// The example programs do what they say, with clients at their defaults.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Demo } from './demo.mjs';
import { settled } from './matrix.mjs';
import { Redis } from './redis.mjs';
import { isRefusal } from './refusal.mjs';
import { Visitor, waysOf } from './visitor.mjs';
import { becomes, within } from './wait.mjs';

const ways = waysOf('2.5.0 by upgrade', '4.8.4 by upgrade');
const source = fileURLToPath(new URL('../../examples/', import.meta.url));
const folder = process.env.EXAMPLES || mkdtempSync(join(tmpdir(), 'socketio-sessions-examples-')); // EXAMPLES has them built

describe('the examples', { concurrency: true }, () => {
  let redis;
  before(async () => {
    if (!process.env.EXAMPLES) {
      const { status, stderr } = spawnSync('go', ['build', '-o', folder + '/', './...'], { cwd: source, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    }
    redis = await Redis.start();
  });
  after(async () => {
    await redis?.end();
    if (!process.env.EXAMPLES) rmSync(folder, { recursive: true, force: true });
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
        assert.match((await visitor.request('GET', '/socket.io/socket.io-sessions.js')).text, /connectWithSession/);
        const socket = name === 'tickets' ? await byTicket(visitor, page, way) : await visitor.connect(way);
        await within(5000, settled(socket.socket, way.mode), 'the upgrade');
        assert.equal(await socket.ask('visits'), 2);
        isRefusal(await new Visitor(t, program.url).open(way).refusal(), 'no_cookie');
      }
    });
  }

  it('vite: a socket has the session that the page has begun', async (t) => {
    const program = await start(t, 'vite', '-page', join(source, 'vite'));
    for (const way of ways) {
      const visitor = new Visitor(t, program.url);
      assert.match((await visitor.request('GET', '/')).text, /src="\/main\.js"/);
      assert.equal(visitor.token, undefined);
      for (let i = 0; i < 2; i++) assert.equal(await visitor.status('POST', '/visit'), 200);
      assert.equal(await (await visitor.connect(way)).ask('visits'), 2);
    }
  });

  it('nethttp: leaves in three steps, and its sessions stay in Redis', async (t) => {
    const flags = ['-redis', redis.url(), '-notice', '1s'];
    const program = await start(t, 'nethttp', ...flags);
    const visitor = new Visitor(t, program.url);
    await visitor.request('GET', '/');
    const sockets = [await visitor.connect(ways[0])];
    assert.equal(await visitor.status('GET', '/readyz'), 200);
    program.signal('SIGTERM');
    await becomes(900, () => visitor.status('GET', '/readyz'), 503);
    sockets.push(await visitor.connect(ways[1])); // all is served on
    for (const socket of sockets) isRefusal(await within(5000, socket.told, 'going_away'), 'going_away');
    assert.equal((await within(5000, program.ended, 'the end')).code, 0);

    visitor.url = (await start(t, 'nethttp', ...flags)).url;
    for (const way of ways) assert.equal(await (await visitor.connect(way)).ask('visits'), 1);
  });

  it('tickets: each is good for one handshake, of a page that may connect', async (t) => {
    const program = await start(t, 'tickets');
    for (const way of ways) {
      const visitor = new Visitor(t, program.url);
      const page = await visitor.request('GET', '/');
      const elsewhere = new Visitor(t, socketsOf(page));
      isRefusal(await elsewhere.open(way).refusal(), 'no_cookie');
      const once = { query: { ticket: await ticketOf(visitor) } };
      await elsewhere.connect({ ...way, options: once });
      isRefusal(await elsewhere.open({ ...way, options: once }).refusal(), 'no_cookie', 'unknown');
      const query = { ticket: await ticketOf(visitor) };
      const connect = (origin) => elsewhere.open({ ...way, options: { query, extraHeaders: { Origin: origin } } });
      const evil = connect('http://evil.example.com');
      await within(5000, new Promise((resolve) => evil.socket.on('connect_error', resolve)), 'the end of evil');
      assert.equal(evil.count('connect'), 0);
      await within(5000, connect(program.url).connected, 'the page with the ticket that evil could not use');
    }
  });

  it('chat: a line reaches the room on both nodes, and no other room', async (t) => {
    const nodes = await Promise.all([1, 2].map(() => start(t, 'chat', '-redis', redis.url())));
    for (const way of ways) isRefusal(await new Visitor(t, nodes[0].url).open(way).refusal(), 'no_cookie');
    const members = await Promise.all(['tea', 'tea', 'cake'].map(async (room, i) => {
      const visitor = new Visitor(t, nodes[i % 2].url);
      await visitor.request('GET', '/?name=member' + i);
      await visitor.request('GET', '/'); // which keeps the name
      const member = await visitor.connect(ways[i % 2]);
      const heard = [];
      member.socket.on('said', (...said) => heard.push(said));
      assert.equal(await member.ask('enter', room), undefined);
      return { member, heard };
    }));
    const [first, second, third] = members;
    assert.equal(await first.member.ask('say', 'tea', 'hello'), null);
    for (const { heard } of [first, second]) await becomes(5000, () => heard, [['member0', 'hello']]);

    assert.equal(await second.member.ask('enter', 'cake'), undefined);
    assert.equal(await third.member.ask('say', 'cake', 'here we are'), null);
    await becomes(5000, () => third.heard, [['member2', 'here we are']]);
    await becomes(5000, () => second.heard, [['member0', 'hello'], ['member2', 'here we are']]);
    assert.equal(first.heard.length, 1); // it is on the node of the third, which has heard it
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

it('every program is tested and short, and its first line says how to run it', () => {
  const tests = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  const names = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  assert.ok(names.length >= 8, `${names}`);
  for (const name of names) {
    const lines = readFileSync(join(source, name, 'main.go'), 'utf8').trimEnd().split('\n');
    assert.ok(lines.length <= 80, `${name} has ${lines.length} lines`);
    assert.match(lines[0], new RegExp(`^// Command ${name} .*: .*go run \\./${name} `));
    assert.ok(tests.includes(`'${name}'`), `${name} is not tested`);
  }
});

const socketsOf = ({ text }) => /connectWithSession\('([^']*)'/.exec(text)[1];
const ticketOf = async (visitor) => JSON.parse((await visitor.request('POST', '/socket.io/session-ticket')).text).ticket;

/** A socket at the other site, where the cookie does not come. */
async function byTicket(visitor, page, way) {
  return new Visitor(visitor.t, socketsOf(page)).connect({ ...way, options: { query: { ticket: await ticketOf(visitor) } } });
}
