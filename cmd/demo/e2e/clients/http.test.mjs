// The demo's HTTP side, its flags, and how it starts and ends.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { isRefusal } from './refusal.mjs';
import { few, ways, waysOf } from './visitor.mjs';
import { becomes, within } from './wait.mjs';

describe('HTTP', () => {
  let demo;
  before(async () => { demo = await Demo.start(); });
  after(() => demo?.stop());

  it('the page starts a session and counts visits', async (t) => {
    const visitor = demo.visitor(t);
    for (let visits = 1; visits <= 3; visits++) {
      const page = await visitor.request('GET', '/');
      assert.equal(page.status, 200);
      assert.match(page.headers.get('content-type'), /^text\/html/);
      assert.deepEqual(await visitor.values(), { visits });
    }
  });

  it('nothing but the page and a login starts a session', async (t) => {
    const visitor = demo.visitor(t);
    assert.equal(await visitor.status('GET', '/session'), 401);
    assert.equal(await visitor.put('k', 'v'), 401);
    assert.equal(await visitor.remove('k'), 401);
    assert.equal(await visitor.logout(), 303);
    for (const path of ['/healthz', '/nothing', '/favicon.ico', '/session/', '/socket.io/socket.io-sessions.js']) {
      await visitor.request('GET', path);
    }
    assert.equal(visitor.token, undefined);

    assert.equal(await visitor.login('alice'), 303);
    assert.deepEqual(await visitor.values(), { user: 'alice' });
  });

  it('values are put, read and removed', async (t) => {
    const visitor = await demo.visit(t);
    assert.equal(await visitor.put('a', '1'), 204);
    assert.equal(await visitor.put('b', 'häß 字 🎉'), 204);
    assert.deepEqual(await visitor.values(), { visits: 1, a: '1', b: 'häß 字 🎉' });
    assert.equal(await visitor.remove('a'), 204);
    assert.equal(await visitor.remove('a'), 204);
    assert.deepEqual(await visitor.values(), { visits: 1, b: 'häß 字 🎉' });
  });

  it('delay waits, up to 5 s', async (t) => {
    const visitor = await demo.visit(t);
    const begun = performance.now();
    assert.equal(await visitor.put('k', 'v', { delay: '200ms' }), 204);
    assert.ok(performance.now() - begun >= 199);
    for (const delay of ['5001ms', '1h', '-1s', 'long']) assert.equal(await visitor.put('k', 'late', { delay }), 400);
    assert.equal(await visitor.value('k'), 'v');
  });

  it('login renews the token and keeps the values; logout ends the session', async (t) => {
    const visitor = await demo.visit(t);
    await visitor.put('k', 'v');
    const [before, token] = [await visitor.session(), visitor.token];
    const login = await visitor.request('POST', '/login', { user: 'alice' });
    assert.deepEqual([login.status, login.headers.get('location')], [303, '/']);
    assert.notEqual(visitor.token, token);
    const session = await visitor.session();
    assert.deepEqual(session.values, { visits: 1, k: 'v', user: 'alice' });
    assert.notEqual(session.id, before.id);

    const left = visitor.twin();
    const logout = await visitor.request('POST', '/logout');
    assert.deepEqual([logout.status, logout.headers.get('location')], [303, '/']);
    assert.equal(visitor.token, undefined);
    assert.equal(await left.status('GET', '/session'), 401);
    assert.equal(await left.put('k', 'v'), 401);
  });

  it('healthz, and 404 for what there is not', async (t) => {
    const visitor = demo.visitor(t);
    const health = await visitor.request('GET', '/healthz');
    assert.deepEqual([health.status, health.text.trim()], [200, 'ok']);
    for (const path of ['/nothing', '/index.html', '/session/x', '/favicon.ico']) {
      assert.equal(await visitor.status('GET', path), 404, path);
    }
  });

  for (const name of ['socket.io.js', 'socket.io-sessions.js']) {
    it(`${name} is static`, async (t) => {
      const path = '/socket.io/' + name;
      const visitor = await demo.visit(t);
      const got = await visitor.request('GET', path);
      const etag = got.headers.get('etag');
      assert.equal(got.status, 200);
      assert.match(got.headers.get('content-type'), /^(text|application)\/javascript/);
      assert.match(etag, /^"/);
      assert.equal(got.headers.get('set-cookie'), null);
      assert.ok(!got.text.includes(visitor.token));

      const stranger = demo.visitor(t);
      assert.equal((await stranger.request('GET', path + '?x=1')).text, got.text);
      const unchanged = await stranger.request('GET', path, undefined, { 'if-none-match': etag });
      assert.deepEqual([unchanged.status, unchanged.text], [304, '']);
      const head = await stranger.request('HEAD', path);
      assert.deepEqual([head.status, head.headers.get('etag'), head.text], [200, etag, '']);
      for (const method of ['POST', 'PUT', 'DELETE']) assert.equal(await stranger.status(method, path), 405, method);
      assert.equal(stranger.token, undefined);
    });
  }

  it('200 sockets of one session are let in', async (t) => {
    const visitor = await demo.visit(t);
    const clients = waysOf('2.5.0 by websocket', '4.8.4 by upgrade');
    const sockets = await Promise.all(Array.from({ length: 200 }, (_, i) => visitor.connect(clients[i % 2])));
    const answers = await Promise.all(sockets.map((socket) => socket.ask('message', '')));
    assert.deepEqual(answers.map(({ pings }) => pings).sort((a, b) => a - b), Array.from({ length: 200 }, (_, i) => i + 1));
    for (const { heard } of sockets) assert.deepEqual(heard, ['connect']);
  });
});

describe('flags', () => {
  const run = async (t, ...args) => {
    const demo = await Demo.start(...args);
    t.after(() => demo.stop());
    return demo;
  };

  it('-path moves the transports and the scripts', async (t) => {
    const demo = await run(t, '-path', '/deep/io');
    const visitor = await demo.visit(t);
    for (const way of ways) {
      const socket = await visitor.connect({ ...way, options: { path: '/deep/io' } });
      assert.equal(await socket.ask('echo', 'on'), 'on', way.name);
    }
    assert.equal(await visitor.status('GET', '/deep/io/socket.io-sessions.js'), 200);
    assert.equal(await visitor.status('GET', '/deep/io/socket.io.js'), 200);
    assert.equal(await visitor.status('GET', '/socket.io/socket.io-sessions.js'), 404);
    assert.equal(await visitor.status('GET', '/socket.io/?EIO=3&transport=polling'), 404);
    assert.match((await visitor.request('GET', '/')).text, /src="\/deep\/io\/socket\.io-sessions\.js"/);
  });

  it('-client names the socket.io.js', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'socketio-sessions-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'client.js');
    writeFileSync(file, '// mine');
    const demo = await run(t, '-client', file);
    assert.equal((await demo.visitor(t).request('GET', '/socket.io/socket.io.js')).text, '// mine');
  });

  it('without a socket.io.js it says so, and the page takes it from a CDN with an integrity hash', async (t) => {
    const demo = await run(t, '-client', join(tmpdir(), 'there-is-none.js'));
    await becomes(2000, () => /socket\.io\.js/.test(demo.stderr), true);
    const page = (await demo.visitor(t).request('GET', '/')).text;
    assert.match(page, /<script src="https:\/\/[^"]*socket\.io[^"]*" integrity="sha384-[^"]{64}" crossorigin/);
  });

  it('without -faults there is neither panic nor slow', async (t) => {
    const demo = await run(t);
    const socket = await (await demo.visit(t)).connect();
    const answers = [];
    socket.socket.emit('slow', 1, (answer) => answers.push(answer));
    socket.socket.emit('panic', (answer) => answers.push(answer));
    assert.equal(await socket.ask('echo', 'on'), 'on');
    assert.deepEqual(answers, []);
  });

  it('-origins may connect with credentials, over every transport', async (t) => {
    const origin = 'http://localhost:3001';
    const demo = await run(t, '-origins', origin + ',https://example.com');
    const visitor = await demo.visit(t);
    for (const from of [origin, 'https://example.com']) {
      const answer = await visitor.request('GET', '/socket.io/?EIO=3&transport=polling', undefined, { origin: from });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('access-control-allow-origin'), from);
      assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
      const options = { extraHeaders: { Origin: from } };
      for (const way of few) assert.equal(await (await visitor.connect({ ...way, options })).ask('echo', 'on'), 'on');
    }
    for (const from of ['https://example.org', 'null', 'http://localhost:3002']) {
      const other = await visitor.request('GET', '/socket.io/?EIO=3&transport=polling', undefined, { origin: from });
      assert.deepEqual([other.status, other.headers.get('access-control-allow-origin')], [403, null]);
    }
  });
});

describe('start and end', () => {
  it('runs from any folder, and prints one line on stdout', async (t) => {
    const demo = await Demo.startIn(tmpdir());
    t.after(() => demo.stop());
    assert.equal(await demo.visitor(t).status('GET', '/socket.io/socket.io.js'), 200);
    await demo.stop();
    assert.match(demo.stdout, /^listening on http:\/\/127\.0\.0\.1:\d+\n$/);
  });

  for (const signal of ['SIGINT', 'SIGTERM']) {
    it(`${signal} tells every socket and ends it well`, async (t) => {
      const demo = await Demo.start();
      t.after(() => demo.stop());
      const visitor = await demo.visit(t);
      const sockets = await Promise.all(few.map((way) => visitor.connect(way)));
      const begun = performance.now();
      const [code, ...whys] = await Promise.all([demo.stop(signal), ...sockets.map((socket) => socket.sinvalid())]);
      assert.equal(code, undefined);
      assert.ok(performance.now() - begun < 5000);
      for (const why of whys) isRefusal(why, 'going_away');
    });
  }

  it('says in one line why it cannot start', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    t.after(() => taken.close());
    const address = `127.0.0.1:${taken.address().port}`;
    const refused = [
      ['-nope'], ['-scope', 'socket'], ['-lifetime', 'long'], ['-path', 'x y'], ['-store', 'mysql://localhost'],
      ['-addr', address], ['-addr', 'nowhere:x'],
      ['-store', 'redis://:secret@127.0.0.1:1/0'], ['-store', `redis://:secret@${address}/0`],
    ];
    await Promise.all(refused.map(async (args) => {
      const demo = Demo.launch(undefined, ...args);
      const { code } = await within(5000, demo.ended, `the end of demo ${args.join(' ')}`);
      assert.notEqual(code, 0);
      assert.equal(demo.stdout, '');
      assert.match(demo.stderr, /^[^\n]+\n$/);
      assert.doesNotMatch(demo.stderr, /secret/);
    }));
  });
});
