// Three nodes on one Redis that are replaced one by one, under traffic: from the demo of another commit to that of this
// tree, back, and to SCS's own redisstore. `make versions FROM=…` names the commit; without it, both are of this tree.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Demo } from './demo.mjs';
import { freePort, Redis } from './redis.mjs';
import { former, plain, present } from './versions.mjs';
import { Visitor, waysOf } from './visitor.mjs';
import { becomes } from './wait.mjs';

const NODES = 3;
const WRITERS = 4;  // sessions, each with a socket at every node
const TURNS = 5;    // acknowledged writes of each socket between two moves
const LATE = 20000; // ms that no socket is without an answer

const ways = waysOf('2.5.0 by upgrade', '4.8.4 by upgrade', '1.7.4 by polling', '4.8.4 by websocket');
const patient = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 };

it('three nodes change their version one by one, and lose nothing', async (t) => {
  const [old, now, other] = [former(t), present(t), plain(t)];
  const redis = await Redis.start();
  t.after(() => redis.end());
  const site = await Site.start(t, redis, old);
  const writers = await Promise.all(Array.from({ length: WRITERS }, (_, i) => Writer.start(t, site, ways[i])));
  const users = [];

  for (const [name, program] of [['forth', now], ['back', old]]) {
    for (let i = 0; i < NODES; i++) {
      await site.replace(i, program);
      users.push(await site.login(t, users.length % NODES, `${name} ${i}`));
      await site.knows(users);
      for (const writer of writers) await writer.goesOn();
      for (const writer of writers) await writer.losesNothing();
    }
  }
  const last = users.pop();
  assert.equal(await last.logout(), 303);
  for (let i = 0; i < NODES; i++) assert.equal(await site.at(last, i).status('GET', '/session'), 401);

  for (const writer of writers) writer.stop(); // from here on nobody merges
  const acked = writers.reduce((sum, writer) => sum + writer.acked, 0);
  for (let i = 0; i < NODES; i++) {
    await site.replace(i, other);
    users.push(await site.login(t, i, `plain ${i}`));
    await site.knows(users);
    for (const writer of writers) await writer.losesNothing();
  }
  t.diagnostic(`${acked} acknowledged writes, none lost; ${users.length} logins, none lost`);
});

/** The three nodes. */
class Site {
  nodes = [];

  static async start(t, redis, program) {
    const site = new Site();
    site.flags = ['-store', redis.url(), '-scope', 'message'];
    t.after(() => Promise.all(site.nodes.map((node) => node.stop())));
    for (let i = 0; i < NODES; i++) site.nodes.push(await site.#start(program, await freePort()));
    return site;
  }

  #start(program, port) {
    return Demo.startOf(program, '-addr', `127.0.0.1:${port}`, ...this.flags);
  }

  async replace(i, program) {
    await this.nodes[i].stop();
    this.nodes[i] = await this.#start(program, new URL(this.nodes[i].url).port);
  }

  /** The same browser, at another node. */
  at(visitor, i) {
    const there = visitor.twin();
    there.url = this.nodes[i].url;
    return there;
  }

  async login(t, i, user) {
    const visitor = new Visitor(t, this.nodes[i].url);
    await visitor.request('GET', '/');
    assert.equal(await visitor.login(user), 303);
    visitor.user = user;
    return visitor;
  }

  /** Every node knows these users, over HTTP and in a socket. */
  async knows(users) {
    for (const user of users) {
      for (let i = 0; i < NODES; i++) assert.equal(await this.at(user, i).value('user'), user.user);
      const socket = await this.at(user, users.indexOf(user) % NODES).connect();
      assert.equal((await socket.ask('whoami')).user, user.user);
      socket.socket.disconnect();
    }
  }
}

/** A session with a socket at each node, all of which write. */
class Writer {
  acked = 0; // pings
  sockets = [];
  going = true;

  static async start(t, site, way) {
    const writer = new Writer();
    writer.site = site;
    writer.visitor = new Visitor(t, site.nodes[0].url);
    await writer.visitor.request('GET', '/');
    for (let i = 0; i < NODES; i++) {
      const { socket } = await site.at(writer.visitor, i).connect({ ...way, options: patient });
      const state = { socket, turn: 0, saved: 0 };
      writer.sockets.push(state);
      socket.on('connect', () => writer.#next(state, i)); // what was asked before may be lost
      writer.#next(state, i);
    }
    return writer;
  }

  /** Asks for one turn; only the latest connection goes on. */
  #next(state, i) {
    if (!this.going) return;
    const { socket } = state;
    const turn = ++state.turn;
    socket.emit('message', 'hello', (answer) => {
      if (answer?.error) return this.#again(state, turn, i);
      this.acked++;
      socket.emit('put', `key${i}`, String(turn), (ok) => {
        if (ok !== true) return this.#again(state, turn, i);
        state.saved = Math.max(state.saved, turn);
        state.count = (state.count || 0) + 1;
        if (turn === state.turn) this.#next(state, i);
      });
    });
  }

  /** A node that leaves answers with an error; the socket comes back by itself. */
  #again(state, turn, i) {
    if (turn === state.turn && state.socket.connected) setTimeout(() => { if (turn === state.turn) this.#next(state, i); }, 20);
  }

  /** Every socket writes on. */
  async goesOn() {
    const wanted = this.sockets.map(({ count = 0 }) => count + TURNS);
    await becomes(LATE, () => this.sockets.every(({ count = 0 }, i) => count >= wanted[i]), true);
  }

  /** What was acknowledged before is in the session, whatever node is asked. */
  async losesNothing() {
    const acked = this.acked;
    const saved = this.sockets.map((state) => state.saved);
    const values = await this.site.at(this.visitor, acked % NODES).values();
    assert.ok(values.pings >= acked, `${values.pings} pings of ${acked}`);
    saved.forEach((turn, i) => assert.ok(Number(values[`key${i}`]) >= turn, `key${i}: ${values[`key${i}`]} of ${turn}`));
  }

  stop() {
    this.going = false;
  }
}
