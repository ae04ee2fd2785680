// One session, written by HTTP and by sockets, and what happens when it ends.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { settled } from './matrix.mjs';
import { LIMIT } from './peer.mjs';
import { few, scopes, ways } from './visitor.mjs';
import { becomes, SECOND, sleep, within } from './wait.mjs';

for (const scope of scopes) {
  // In scope message everything is seen at once. In scope connection a socket follows HTTP, and HTTP a socket,
  // within a second.
  const follows = scope === 'message' ? 0 : SECOND;

  describe(`sessions in scope ${scope}`, () => {
    let demo;
    before(async () => { demo = await Demo.start('-scope', scope); });
    after(() => demo?.stop());

    describe('shared', { concurrency: 3 }, () => {
      for (const way of ways) describe(way.name, { concurrency: true }, () => sharing(() => demo, way, follows));
    });
    // One after the other: what a client says when its session has ended must come soon.
    for (const way of ways) describe(`ended, ${way.name}`, () => ending(() => demo, way));
    describe('gone', { concurrency: true }, () => {
      for (const way of few) describe(way.name, () => resurrecting(() => demo, way));
    });
  });
}

function sharing(demo, way, follows) {
  it('a socket sees what HTTP puts and removes', async (t) => {
    const visitor = await demo().visit(t);
    const socket = await visitor.connect(way);
    assert.equal(await visitor.put('color', 'teal'), 204);
    await becomes(follows, () => socket.ask('get', 'color'), 'teal');
    assert.equal(await visitor.remove('color'), 204);
    await becomes(follows, () => socket.ask('get', 'color'), null);
    await visitor.request('GET', '/');
    await becomes(follows, () => socket.ask('get', 'visits'), 2);
  });

  it('HTTP sees what a socket puts, once that is saved', async (t) => {
    const visitor = await demo().visit(t);
    const socket = await visitor.connect(way);
    await socket.ask('put', 'color', 'teal');
    await becomes(follows, () => visitor.value('color'), 'teal');
  });

  it('HTTP sees what a socket put before it left', async (t) => {
    const visitor = await demo().visit(t);
    const socket = await visitor.connect(way);
    await socket.ask('put', 'color', 'teal');
    socket.leave();
    await becomes(follows, () => visitor.value('color'), 'teal');
  });

  it('pings are saved before they are acknowledged', async (t) => {
    const visitor = await demo().visit(t);
    const socket = await visitor.connect(way);
    for (let n = 1; n <= 5; n++) {
      await socket.ask('message', '');
      assert.equal(await visitor.value('pings'), n);
    }
  });

  it('a slow request undoes nothing that sockets and other requests do meanwhile', async (t) => {
    const visitor = await demo().visit(t);
    await visitor.put('gone', 'yes');
    const socket = await visitor.connect(way);
    let waiting = true;
    const request = visitor.put('slow', 'yes', { delay: '300ms' }).finally(() => { waiting = false; });
    let rounds = 0;
    for (; waiting; rounds++) {
      await socket.ask('put', 'socket' + rounds, 'yes');
      await socket.ask('message', '');
      await visitor.put('http' + rounds, 'yes');
      if (rounds === 0) await visitor.remove('gone');
    }
    assert.equal(await request, 204);

    const wanted = { visits: 1, slow: 'yes', pings: rounds };
    for (let i = 0; i < rounds; i++) Object.assign(wanted, { ['socket' + i]: 'yes', ['http' + i]: 'yes' });
    await becomes(follows, visitor.values, wanted);
    await becomes(follows, () => socket.ask('get', 'slow'), 'yes');
    await becomes(follows, () => socket.ask('get', 'gone'), null);
  });

  it('what is sent from the first moment on is counted, and in order', async (t) => {
    const visitor = await demo().visit(t);
    const socket = visitor.open(way);
    const there = within(LIMIT, settled(socket.socket, way.mode), 'the upgrade');
    const early = Array.from({ length: 10 }, () => socket.ask('message', ''));
    await socket.connected;
    const late = Array.from({ length: 10 }, () => socket.ask('message', ''));
    const answers = await Promise.all([...early, ...late]);
    assert.deepEqual(answers.map(({ pings }) => pings), Array.from({ length: 20 }, (_, i) => i + 1));
    await there; // on websocket, unless it only polls
    assert.deepEqual(await socket.ask('message', ''), { pings: 21, user: '' });
    assert.deepEqual(socket.heard, ['connect']);
  });
}

function ending(demo, way) {
  it('after a logout, events are acknowledged with the code, and the connection ends', async (t) => {
    const visitor = await demo().visit(t, 'alice');
    const socket = await visitor.connect(way);
    const other = await (await demo().visit(t)).connect(way);
    const old = visitor.twin();
    await socket.ask('put', 'color', 'teal');

    const codes = lateCodes(socket);
    assert.equal(await visitor.logout(), 303);
    assert.deepEqual(await codes, ['destroyed']);
    await socket.over();
    assert.deepEqual(socket.heard, ['connect', 'sinvalid', 'disconnect']);
    assert.equal(await old.status('GET', '/session'), 401);
    assert.equal(await other.ask('echo', 'on'), 'on');
  });

  it('after a login, events are acknowledged with the code, and the new cookie goes on', async (t) => {
    const visitor = await demo().visit(t);
    const socket = await visitor.connect(way);
    await socket.ask('message', '');
    const { id } = await visitor.session();
    const old = visitor.token;

    const codes = lateCodes(socket);
    assert.equal(await visitor.login('alice'), 303);
    assert.notEqual(visitor.token, old);
    assert.deepEqual(await codes, ['renewed']);
    await socket.over();

    const again = await visitor.connect(way);
    const who = await again.ask('whoami');
    assert.equal(who.user, 'alice');
    assert.notEqual(who.id, id);
    assert.deepEqual(await again.ask('message', ''), { pings: 2, user: 'alice' });
    assert.equal(await again.ask('get', 'color'), null);
  });
}

function resurrecting(demo, way) {
  it('nothing brings a session back', async (t) => {
    const visitor = await demo().visit(t);
    const socket = await visitor.connect(way);
    const old = visitor.twin();
    // Still unsaved in scope connection, and still coming in, when the session ends.
    for (let i = 0; i < 20; i++) socket.socket.emit('put', 'k' + i, 'v');
    const late = old.put('late', 'v', { delay: '200ms' });
    await visitor.logout();
    for (let i = 0; i < 20; i++) socket.socket.emit('put', 'k' + i, 'v');
    assert.equal(await late, 401);
    socket.leave();
    // Longer than what is in memory may wait to be saved.
    for (const end = Date.now() + SECOND; Date.now() < end; await sleep(100)) {
      assert.equal(await old.status('GET', '/session'), 401);
    }
  });
}

/** The codes of events that it sends as soon as it is told: of the first, and of those that are not too late. */
async function lateCodes(socket) {
  await socket.sinvalid();
  const first = socket.code('echo', '');
  const codes = [];
  for (const event of [['put', 'color', 'red'], ['message', '']]) {
    socket.socket.emit(...event, (answer) => codes.push(answer?.error?.code));
  }
  codes.push(await first);
  await socket.end();
  return [...new Set(codes)];
}
