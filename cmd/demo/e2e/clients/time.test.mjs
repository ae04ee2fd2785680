// When a session ends by itself, and what keeps it alive.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { isRefusal } from './refusal.mjs';
import { scopes, waysOf } from './visitor.mjs';
import { SECOND, sleep } from './wait.mjs';

const LIFE = 2000; // ms, of the sessions that are to end by themselves

describe('time', { concurrency: true }, () => {
  for (const scope of scopes) {
    describe(`in scope ${scope}`, { concurrency: true }, () => {
      for (const way of waysOf('1.7.4 by polling', '2.5.0 by websocket', '4.8.4 by upgrade')) suite(scope, way);
    });
  }
});

function suite(scope, way) {
  const settle = async (t, ...flags) => {
    const demo = await Demo.start('-scope', scope, ...flags);
    t.after(() => demo.stop());
    const before = Date.now();
    const visitor = await demo.visit(t);
    return { visitor, before, after: Date.now(), socket: await visitor.connect(way) };
  };
  /** It may know by now, or be told at the next event. */
  const endOf = async (socket) => {
    const told = socket.told.then((why) => why.code);
    return socket.count('sinvalid') ? told : Promise.race([told, socket.code('echo', '')]);
  };

  it(`-lifetime ends it in time, however busy it is, ${way.name}`, async (t) => {
    const { visitor, socket, before, after } = await settle(t, '-lifetime', LIFE + 'ms');
    let code, asked, answered;
    do {
      asked = Date.now();
      code = await endOf(socket);
      answered = Date.now();
      await sleep(20);
    } while (!code && answered < after + 3 * LIFE);
    assert.equal(code, 'expired');
    assert.ok(answered >= before + LIFE, `ended ${before + LIFE - answered} ms early`);
    assert.ok(asked <= after + LIFE + SECOND, `ended ${asked - after - LIFE} ms late`);
    assert.equal(await visitor.status('GET', '/session'), 401);
    isRefusal(await visitor.open(way).refusal(), 'expired', 'unknown');
  });

  it(`-idle ends it when nothing but heartbeats and connects come, ${way.name}`, async (t) => {
    const { visitor, socket } = await settle(t, '-idle', LIFE + 'ms');
    // Events keep it alive beyond its idle timeout.
    let active;
    for (const end = Date.now() + 1.5 * LIFE; Date.now() < end; await sleep(LIFE / 4)) {
      assert.equal(await socket.ask('echo', 'on'), 'on');
      active = Date.now();
    }
    // These do not.
    while (Date.now() < active + LIFE + SECOND) {
      if (!way.modern) socket.socket.io.engine.sendPacket('ping'); // later clients only answer
      const guest = visitor.open(way);
      await sleep(LIFE / 8);
      guest.leave();
    }
    assert.equal(await endOf(socket), 'expired');
    assert.equal(await visitor.status('GET', '/session'), 401);
  });

  it(`-idle never ends it early, ${way.name}`, async (t) => {
    const { visitor, socket } = await settle(t, '-idle', LIFE + 'ms');
    await socket.ask('echo', ''); // the last sign of life
    await sleep(LIFE - 200);
    assert.equal(await socket.ask('echo', 'on'), 'on');
    await sleep(LIFE - 200);
    assert.equal(await visitor.status('GET', '/session'), 200); // which is one too
    await sleep(LIFE - 200);
    assert.equal(await socket.ask('echo', 'on'), 'on');
  });
}
