// The nginx of the deployment page, by TLS, before three nodes on one Redis.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { request, upgrading } from './hostile.mjs';
import { settled } from './matrix.mjs';
import { Nginx, startThree } from './nginx.mjs';
import { Redis } from './redis.mjs';
import { BACK, goOn, Talk } from './talk.mjs';
import { waysOf } from './visitor.mjs';
import { becomes, SECOND } from './wait.mjs';

const ways = waysOf('2.5.0 by upgrade', '2.5.0 by polling', '4.8.4 by upgrade', '4.8.4 by polling');
const PAUSE = 10; // ms, so that websockets leave polls their share of this process
const TURNS = 8;  // of each socket, before, between and after what happens to nginx and the nodes
const HANDSHAKE = '/socket.io/?EIO=4&transport=polling';

// They come back by themselves.
const patient = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 20 };

let last = 1;
/** An address of the loopback that nobody else uses. */
const address = () => `127.0.0.${++last}`;

describe('behind nginx', { concurrency: true }, () => {
  let redis, nodes, nginx;
  before(async () => {
    redis = await Redis.start();
    nodes = await startThree(redis);
    nginx = await Nginx.start(nodes);
  });
  after(async () => {
    await nginx?.end();
    await nodes?.stop();
    await redis?.end();
  });

  describe('clients', { concurrency: true }, () => staying(() => nginx));
  describe('requests', { concurrency: true }, () => checking(() => nginx));
  turning(() => nodes, () => nginx);
  leaving(() => redis);
  describe('a reload', { concurrency: true }, () => reloading(() => nodes));
});

/** Connects and waits for the end of the upgrade. Counts its handshakes. */
async function join(visitor, way, options) {
  const peer = visitor.open({ ...way, options });
  peer.handshakes = 0;
  peer.socket.io.on('open', () => { peer.handshakes++; });
  await peer.connected;
  await settled(peer.socket, way.mode);
  return peer;
}

function staying(nginx) {
  for (const way of ways) {
    for (const forgets of [false, true]) {
      it(`${way.name}, ${forgets ? 'without' : 'with'} the cookie, stays on its node, with the session of HTTP`, async (t) => {
        const from = address();
        const visitor = await nginx().visit(t, from, 'alice');
        visitor.agent.forgets = forgets;
        const peer = await join(visitor, way);
        assert.deepEqual(await peer.ask('whoami'), { id: (await visitor.session()).id, user: 'alice' });
        assert.equal(await visitor.put('color', 'teal'), 204);
        await becomes(SECOND, () => peer.ask('get', 'color'), 'teal');
        for (let i = 1; i <= 20; i++) assert.equal((await peer.ask('message', '')).pings, i);
        assert.equal(await visitor.value('pings'), 20);
        assert.deepEqual(peer.heard, ['connect']);

        const mine = nginx().log().filter((line) => line.from === from);
        assert.ok(mine.length > (way.mode === 'polling' ? 40 : 1), `${mine.length} requests`);
        assert.deepEqual(new Set(mine.map(({ status }) => status)), new Set([200]));
        assert.equal(new Set(mine.flatMap(({ nodes }) => nodes)).size, 1);
      });
    }
  }

  for (const way of waysOf('2.5.0 by polling', '4.8.4 by polling')) {
    it(`${way.name} may send as much as the node takes`, async (t) => {
      const peer = await join(await nginx().visit(t, address()), way);
      assert.equal(await peer.ask('blob', Buffer.alloc(950_000)), true); // a third more in base64
    });
  }
}

function checking(nginx) {
  it('only pages of the same origin connect', async (t) => {
    const visitor = await nginx().visit(t, address());
    const port = new URL(visitor.url).port;
    const wanted = { [visitor.url]: 200, 'https://127.0.0.1': 403, [`https://127.0.0.2:${port}`]: 403, 'https://evil.example': 403, null: 403 };
    for (const [origin, status] of Object.entries(wanted)) {
      assert.equal(await visitor.status('GET', HANDSHAKE, undefined, { origin }), status, origin);
      assert.equal(await statusByHTTP2(nginx(), { origin }), status, origin);
    }
    const [way] = waysOf('4.8.4 by websocket');
    const opened = async (origin) => visitor.connect({ ...way, options: { extraHeaders: { Cookie: visitor.cookie, Origin: origin } } });
    assert.equal(await (await opened(visitor.url)).ask('echo', 'on'), 'on');
    await assert.rejects(opened('https://evil.example'), /websocket error/);
    assert.equal(await visitor.status('POST', '/login', { user: 'eve' }, { origin: 'https://evil.example' }), 403);
  });

  it('only polls get the cookie', async (t) => {
    const visitor = await nginx().visit(t, address());
    const cookies = async (path) => (await visitor.request('GET', path)).headers.getSetCookie();
    const [cookie, ...others] = await cookies(HANDSHAKE);
    assert.match(cookie, /^node=(one|two|three); Path=\/socket\.io\/; Max-Age=60; HttpOnly; Secure; SameSite=Lax$/);
    assert.deepEqual(others, []);
    for (const path of ['/socket.io/socket.io-sessions.js', '/session', '/healthz', '/socket.io/?transport=polling&sid=x']) {
      assert.deepEqual(await cookies(path), [], path);
    }
  });

  it('plain HTTP leads to https', async () => {
    const { status, headers } = await request(nginx().plain + '/a?b=c');
    assert.deepEqual([status, headers.location], [301, 'https://app.example.com/a?b=c']);
  });
}

async function statusByHTTP2({ url, ca }, headers) {
  const session = connect(url, { ca });
  const stream = session.request({ ':path': HANDSHAKE, ...headers });
  const [answer] = await once(stream, 'response');
  session.close();
  stream.resume();
  return answer[':status'];
}

/** What becomes of clients while a node turns new connections away. */
function turning(nodes, first) {
  it('a handshake that a node turns away goes to another; nothing else does', async (t) => {
    const asked = [];
    const closing = createServer((req, res) => {
      asked.push(req.method);
      res.writeHead(503, { 'Retry-After': '1' }).end();
    }).listen(0, '127.0.0.1');
    t.after(() => { closing.close(); closing.closeAllConnections(); });
    await once(closing, 'listening');
    const url = `http://127.0.0.1:${closing.address().port}`;
    const nginx = await Nginx.start([{ url }, ...nodes().slice(1)]);
    t.after(() => nginx.end());

    // Half of them were on it; the others' addresses lead to any.
    const { token } = await first().visit(t, address(), 'alice');
    const visitors = Array.from({ length: 16 }, (_, i) => {
      const visitor = Object.assign(nginx.browser(t, address()), { token });
      Object.assign(visitor.agent, i % 2 ? { node: 'one' } : { forgets: true });
      return visitor;
    });
    const peers = await Promise.all(visitors.map((visitor, i) => join(visitor, ways[i % 4])));
    for (const peer of peers) {
      assert.equal((await peer.ask('whoami')).user, 'alice');
      assert.deepEqual([peer.heard, peer.handshakes], [['connect'], 1]);
    }
    assert.ok(asked.length >= 8, `asked ${asked.length} times`);
    assert.deepEqual(new Set(asked), new Set(['GET']));

    asked.length = 0;
    visitors[1].agent.node = 'one';
    assert.equal(await visitors[1].status('POST', HANDSHAKE + '&sid=x', { any: 'thing' }), 503);
    assert.deepEqual(asked, ['POST']);
  });
}

function leaving(redis) {
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    it(`the clients of each node that gets ${signal} come back on another, and lose nothing that was acknowledged`, async (t) => {
      const nodes = await startThree(redis(), '-scope', 'message');
      t.after(() => nodes.stop());
      const nginx = await Nginx.start(nodes);
      t.after(() => nginx.end());
      const visitors = [], peers = [];
      for (let i = 0; i < 6; i++) {
        visitors.push(await nginx.visit(t, address(), 'alice'));
        visitors[i].agent.node = ['one', 'two', 'three'][i % 3];
        peers.push(await join(visitors[i], ways[i % 4], patient));
      }
      const talks = peers.map((peer) => new Talk(peer, 'key', PAUSE));
      for (const index of nodes.keys()) {
        await goOn(talks, TURNS);
        const there = peers.filter((_, i) => visitors[i].index === index);
        const before = new Map(peers.map((peer) => [peer, peer.handshakes]));
        const back = there.map((peer) => peer.hears('connect'));
        if (signal === 'SIGTERM') await nodes[index].stop();
        else await nodes[index].kill();
        await Promise.all(back);
        await goOn(talks, TURNS);
        for (const peer of peers) {
          const more = peer.handshakes - before.get(peer);
          assert.ok(there.includes(peer) ? more === 1 || more === 2 : more === 0, `${more} handshakes`);
        }
        await nodes.restart(index);
      }
      await keptAll(talks, visitors);
    });
  }
}

/** Ends the talks. Each ping that was acknowledged counts, once. */
async function keptAll(talks, visitors) {
  await Promise.all(talks.map((talk) => talk.stop()));
  for (const [i, { pings, sent }] of talks.entries()) {
    assert.equal(new Set(pings).size, pings.length);
    const kept = await visitors[i].value('pings');
    assert.ok(kept >= pings.length && kept <= sent, `${kept} pings, ${pings.length} acknowledged of ${sent}`);
  }
}

function reloading(nodes) {
  const talking = async (t, changes) => {
    const nginx = await Nginx.start(nodes(), changes);
    t.after(() => nginx.end());
    const visitors = await Promise.all(ways.map(() => nginx.visit(t, address(), 'alice')));
    // Where nginx closes a connection as a POST begins on it, Node's XMLHttpRequest sends it again without its body.
    for (const { agent } of visitors) agent.keepAlive = false;
    const peers = await Promise.all(ways.map((way, i) => join(visitors[i], way, patient)));
    return { nginx, visitors, peers, talks: peers.map((peer) => new Talk(peer, 'key', PAUSE)) };
  };

  it('leaves clients alone', async (t) => {
    const { nginx, visitors, peers, talks } = await talking(t);
    await goOn(talks, TURNS);
    await nginx.reload();
    await goOn(talks, TURNS);
    await keptAll(talks, visitors);
    for (const { heard } of peers) assert.deepEqual(heard, ['connect']);
  });

  it('whose old workers must end sends websockets back, and loses nothing that was acknowledged', async (t) => {
    const { nginx, visitors, peers, talks } = await talking(t, { 'worker_shutdown_timeout 1h': 'worker_shutdown_timeout 100ms' });
    for (let round = 0; round < 2; round++) {
      await goOn(talks, TURNS);
      const back = peers.filter((_, i) => ways[i].mode !== 'polling').map((peer) => peer.hears('connect'));
      await nginx.reload();
      await Promise.all(back);
      await goOn(talks, TURNS);
    }
    await keptAll(talks, visitors);
    for (const peer of peers) assert.ok(peer.handshakes <= 3, `${peer.handshakes} handshakes`);
  });
}
