// One session, written by HTTP and by sockets, and what happens when it ends.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { scopes, ways } from './visitor.mjs';
import { becomes, SECOND, sleep } from './wait.mjs';

const LIFE = 2000; // ms, of the sessions that are to end by themselves

for (const scope of scopes) {
  // In scope message everything is seen at once. In scope connection a socket follows HTTP, and HTTP a socket,
  // within a second.
  const follows = scope === 'message' ? 0 : SECOND;

  describe(`sessions in scope ${scope}`, () => {
    let demo;
    before(async () => { demo = await Demo.start('-scope', scope); });
    after(() => demo?.stop());

    for (const way of ways) {
      describe(way.name, { concurrency: true }, () => {
        sharing(() => demo, way, follows);
        ending(() => demo, way);
      });
    }
  });

  describe(`time in scope ${scope}`, { concurrency: true }, () => expiring(scope));
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

  it('a client that chooses its transports loses nothing', { skip: way.transport !== 'polling' }, async (t) => {
    const visitor = await demo().visit(t);
    const socket = visitor.open({ ...way, transport: undefined });
    const answers = await Promise.all(Array.from({ length: 25 }, () => socket.ask('message', '')));
    assert.deepEqual(answers.map(({ pings }) => pings), Array.from({ length: 25 }, (_, i) => i + 1));
  });
}

function ending(demo, way) {
  it('after a logout, events are acknowledged with the code', async (t) => {
    const visitor = await demo().visit(t, 'alice');
    const socket = await visitor.connect(way);
    const other = await (await demo().visit(t)).connect(way);
    const old = visitor.twin();
    await socket.ask('put', 'color', 'teal');

    assert.equal(await visitor.logout(), 303);
    assert.equal(await old.status('GET', '/session'), 401);
    const codes = [socket.code('echo', ''), socket.code('put', 'color', 'red'), socket.code('message', '')];
    assert.deepEqual(await Promise.all(codes), ['destroyed', 'destroyed', 'destroyed']);
    assert.equal(await other.ask('echo', 'on'), 'on');
    socket.leave();
    assert.equal(await old.status('GET', '/session'), 401);
  });

  it('after a login, events are acknowledged with the code, and the new cookie goes on', async (t) => {
    const visitor = await demo().visit(t);
    const socket = await visitor.connect(way);
    await socket.ask('message', '');
    const { id } = await visitor.session();
    const old = visitor.token;

    assert.equal(await visitor.login('alice'), 303);
    assert.notEqual(visitor.token, old);
    const codes = [socket.code('echo', ''), socket.code('put', 'color', 'red')];
    assert.deepEqual(await Promise.all(codes), ['renewed', 'renewed']);

    const again = await visitor.connect(way);
    const who = await again.ask('whoami');
    assert.equal(who.user, 'alice');
    assert.notEqual(who.id, id);
    assert.deepEqual(await again.ask('message', ''), { pings: 2, user: 'alice' });
    assert.equal(await again.ask('get', 'color'), null);
  });

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

function expiring(scope) {
  const quiet = async (t, way, ...flags) => {
    const demo = await Demo.start('-scope', scope, ...flags);
    t.after(() => demo.stop());
    const before = Date.now();
    const visitor = await demo.visit(t);
    return { demo, visitor, before, after: Date.now(), socket: await visitor.connect(way) };
  };

  for (const transport of ['polling', 'websocket']) {
    it(`-lifetime ends it in time over ${transport}, however busy it is`, async (t) => {
      const { visitor, socket, before, after } = await quiet(t, { transport }, '-lifetime', LIFE + 'ms');
      let code, asked, answered;
      do {
        asked = Date.now();
        code = await Promise.race([socket.refused.then((why) => why.code), socket.code('echo', '')]);
        answered = Date.now();
        await sleep(20);
      } while (!code && answered < after + 3 * LIFE);
      assert.equal(code, 'expired');
      assert.ok(answered >= before + LIFE, `ended ${before + LIFE - answered} ms early`);
      assert.ok(asked <= after + LIFE + SECOND, `ended ${asked - after - LIFE} ms late`);
      assert.equal(await visitor.status('GET', '/session'), 401);
    });

    it(`-idle ends it when nothing but heartbeats and connects come over ${transport}`, async (t) => {
      const { visitor, socket } = await quiet(t, { transport }, '-idle', LIFE + 'ms');
      // Events keep it alive beyond its idle timeout.
      let active;
      for (const end = Date.now() + 1.5 * LIFE; Date.now() < end; await sleep(LIFE / 4)) {
        assert.equal(await socket.ask('echo', 'on'), 'on');
        active = Date.now();
      }
      // These do not.
      while (Date.now() < active + LIFE + SECOND) {
        socket.socket.io.engine.sendPacket('ping');
        const guest = visitor.open({ transport });
        await sleep(LIFE / 8);
        guest.leave();
      }
      // It may know by now, be told at the next event, or be closed already.
      const code = await Promise.race([socket.refused.then((why) => why.code), socket.code('echo', '')]);
      assert.equal(code, 'expired');
      assert.equal(await visitor.status('GET', '/session'), 401);
    });

    it(`-idle never ends it early over ${transport}`, async (t) => {
      const { visitor, socket } = await quiet(t, { transport }, '-idle', LIFE + 'ms');
      await socket.ask('echo', ''); // the last sign of life
      await sleep(LIFE - 200);
      assert.equal(await socket.ask('echo', 'on'), 'on');
      await sleep(LIFE - 200);
      assert.equal(await visitor.status('GET', '/session'), 200);
    });
  }
}
