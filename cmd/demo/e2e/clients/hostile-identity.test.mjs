// Whose a connection is, and from where it may be opened: requests by hand, with what no browser would let a page send.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { frame, Raw, receives, request } from './hostile.mjs';
import { Mirror } from './mirror.mjs';
import { isRefusal } from './refusal.mjs';
import { SECOND, sleep, within } from './wait.mjs';

const FRIEND = 'http://friend.example:8080';

for (const version of [3, 4]) {
  describe(`identity, Engine.IO ${version}`, { concurrency: true }, () => {
    let mirror;
    before(async () => { mirror = await Mirror.start('-origins', FRIEND); });
    after(() => mirror?.stop());
    suite(() => mirror, version);
  });
}

function suite(mirror, version) {
  /** The headers of a browser with a session. */
  const cookieOf = async (t) => ({ cookie: (await mirror().visit(t)).cookie });
  const connect = async (t, more) => Raw.connect(mirror().url, version, { ...await cookieOf(t), ...more });
  /** Every way of opening or using a connection gets this status with these headers, at once. */
  const allGet = async (raw, headers, status, how) => {
    const begun = performance.now();
    const answers = { poll: raw.poll(headers), post: raw.post('42["up",1,"hostile"]', headers), upgrade: raw.upgrade(headers) };
    for (const [what, answer] of Object.entries(answers)) {
      const got = await within(SECOND, answer, `the answer to a ${what} ${how}`);
      got.socket?.destroy();
      assert.equal(got.status, status, `${what} ${how}: ${got.text}`);
      assert.ok(performance.now() - begun < SECOND);
    }
  };
  const handshakesGet = async (headers, status, how) => {
    const raw = new Raw(mirror().url, version, headers);
    for (const answer of [await raw.handshake(), await new Raw(mirror().url, version, headers).upgrade()]) {
      answer.socket?.destroy();
      assert.equal(answer.status, answer.socket && status === 200 ? 101 : status, `${how}: ${answer.text}`);
    }
    return raw;
  };

  it('ids carry 128 random bits', async (t) => {
    const headers = await cookieOf(t);
    const ids = await Promise.all(Array.from({ length: 50 }, async () => {
      const raw = new Raw(mirror().url, version, headers);
      assert.equal((await raw.handshake()).status, 200);
      return raw.sid;
    }));
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^([A-Z2-7]{26,}|[0-9a-f]{32,}|[\w-]{22,})$/);
    // As random as they look: at no place do all agree, and no two share their beginning.
    for (let i = 0; i < ids[0].length - 1; i++) assert.ok(new Set(ids.map((id) => id[i])).size > 1, `place ${i}: ${ids}`);
    assert.equal(new Set(ids.map((id) => id.slice(0, 10))).size, ids.length);
  });

  it('another cookie, or none, gets 403 at once, and the owner goes on', async (t) => {
    const raw = await connect(t);
    await raw.up(0);
    const thieves = { 'with another cookie': await cookieOf(t), 'with a wrong cookie': { cookie: 'session=x' }, 'with no cookie': {} };
    for (const [how, headers] of Object.entries(thieves)) await allGet(raw, headers, 403, how);
    await raw.up(2);
    // Also while the owner waits: its poll stays, and gets the answer.
    await raw.until(/"down",39,/);
    const waiting = raw.poll();
    await sleep(50); // until it waits; it is no fault if it does not yet
    for (const [how, headers] of Object.entries(thieves)) await allGet(raw, headers, 403, how);
    await raw.post('423["seen"]');
    const answer = await within(5000, waiting, 'the poll of the owner');
    assert.equal(answer.status, 200);
    assert.match(answer.text, /433\[\[0,2\]\]/); // what the thieves sent was not handled
  });

  it('a wrong id is unknown', async (t) => {
    const raw = await connect(t);
    const other = Object.assign(new Raw(raw.url, version, raw.headers), { sid: raw.sid.slice(0, -1) + (raw.sid.endsWith('A') ? 'B' : 'A') });
    await allGet(other, raw.headers, 400, 'of an id that is nobody\'s');
    await raw.up(0);
  });

  it('after a logout, a poll of the same origin without the cookie gets the last packets, and the close', async (t) => {
    const visitor = await mirror().visit(t);
    const raw = await Raw.connect(mirror().url, version, { cookie: visitor.cookie });
    await raw.up(0);
    assert.equal((await visitor.request('POST', '/logout')).status, 204);
    const page = { 'sec-fetch-site': 'same-origin' };
    assert.equal((await raw.post('42["up",1,"late"]', page)).status, 403);
    assert.equal((await raw.poll({ 'sec-fetch-site': 'cross-site' })).status, 403);
    const told = await raw.until(/^42\["sinvalid"/, page);
    isRefusal(JSON.parse(told.slice(2))[1], 'destroyed');
    await raw.until(/^1$/, page); // Engine.IO's close
    assert.equal((await raw.poll(page)).status, 400);
  });

  it('after a logout, a poll that waits gets them', async (t) => {
    const visitor = await mirror().visit(t);
    const raw = await Raw.connect(mirror().url, version, { cookie: visitor.cookie });
    await raw.until(/"down",39,/);
    const waiting = raw.poll();
    assert.equal((await visitor.request('POST', '/logout')).status, 204);
    assert.match((await within(2000, waiting, 'the poll')).text, /42\["sinvalid",\{"code":"destroyed"/);
  });

  it('JSONP gets 400', async (t) => {
    const raw = await connect(t);
    const opened = new Raw(raw.url, version, raw.headers);
    for (const one of [opened, raw]) {
      for (const j of ['&j=0', '&j=', '&j=alert(1)']) {
        const { status, text } = await request(one.address('polling', j), { headers: raw.headers });
        assert.deepEqual([status, /___eio|alert/.test(text)], [400, false]);
      }
    }
    const posted = await request(raw.address('polling', '&j=0'), { method: 'POST', headers: { ...raw.headers, 'content-type': 'application/x-www-form-urlencoded' }, body: 'd=' + encodeURIComponent('19:42["up",1,"jsonp"]') });
    assert.equal(posted.status, 400);
    await raw.up(0);
  });

  it('origins that may not connect get 403, with and without the cookie', async (t) => {
    const { host } = new URL(mirror().url);
    const [name, port] = host.split(':');
    const raw = await connect(t);
    const origins = [
      'null', 'http://evil.example', `http://${name}`, `http://${name}:1`, `http://${host}.evil.example`, `http://localhost:${port}`,
      `http://evil.example/${host}`, `http://${host}@evil.example`, FRIEND + '.evil.example', FRIEND.replace(':8080', ''), FRIEND.replace('http:', 'https:'),
      'http://', 'file://', '', host, `//${host}`,
    ];
    for (const origin of origins) {
      for (const more of [{}, { 'sec-fetch-site': 'same-origin' }, { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' }]) {
        const headers = { ...raw.headers, ...more, origin };
        await handshakesGet(headers, 403, `origin ${JSON.stringify(origin)}`);
        await allGet(raw, headers, 403, `from origin ${JSON.stringify(origin)}`);
      }
      await handshakesGet({ origin }, 403, `origin ${JSON.stringify(origin)} without cookie`);
    }
    await raw.up(0);
  });

  it('without an origin, a request of another site gets 403', async (t) => {
    const raw = await connect(t);
    for (const site of ['cross-site', 'same-site', 'none']) {
      const headers = { ...raw.headers, 'sec-fetch-site': site };
      await handshakesGet(headers, 403, 'sec-fetch-site ' + site);
      await allGet(raw, headers, 403, 'of ' + site);
    }
    await raw.up(0);
  });

  it('the own origin, the allowed one, and no browser are let in', async (t) => {
    const cookie = await cookieOf(t);
    for (const more of [{ origin: mirror().url }, { origin: FRIEND }, { 'sec-fetch-site': 'same-origin' }, {}]) {
      const headers = { ...cookie, ...more };
      await handshakesGet(headers, 200, JSON.stringify(more));
      const raw = await Raw.connect(mirror().url, version, headers);
      await raw.up(0);
      const { status, socket } = await raw.upgrade();
      assert.equal(status, 101);
      socket.destroy();
    }
  });

  it('CORS answers are for allowed origins, with credentials', async (t) => {
    const cookie = await cookieOf(t);
    const raw = await connect(t, { origin: FRIEND });
    const cors = ({ headers }) => [headers['access-control-allow-origin'], headers['access-control-allow-credentials']];
    const preflight = (origin) => request(raw.address(), { method: 'OPTIONS', headers: {
      origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-mine',
    } });

    const asked = await preflight(FRIEND);
    assert.ok([200, 204].includes(asked.status), String(asked.status));
    assert.deepEqual(cors(asked), [FRIEND, 'true']);
    assert.match(asked.headers['access-control-allow-methods'], /POST/);
    assert.match(asked.headers['access-control-allow-headers'], /content-type/i);
    assert.match(asked.headers.vary ?? '', /origin/i);
    for (const answer of [await new Raw(raw.url, version, { ...cookie, origin: FRIEND }).handshake(), await raw.post('42["up",0,""]'), await raw.poll()]) {
      assert.deepEqual([answer.status, ...cors(answer)], [200, FRIEND, 'true']);
      assert.match(answer.headers.vary ?? '', /origin/i); // or a cache hands it to another origin
    }

    const refused = [await preflight('http://evil.example'), await preflight('null'), await raw.poll({ ...raw.headers, origin: 'http://evil.example' })];
    for (const answer of refused) assert.deepEqual([answer.status, ...cors(answer)], [403, undefined, undefined]);
    const own = await new Raw(raw.url, version, { ...cookie, origin: mirror().url }).handshake();
    assert.notEqual(own.headers['access-control-allow-origin'], '*');
    assert.notEqual(own.headers['access-control-allow-origin'], FRIEND);
  });

  it('an upgrade that is taken up twice, or by another, is one upgrade', async (t) => {
    const raw = await connect(t);
    const first = await raw.upgrade();
    assert.equal(first.status, 101);
    first.socket.write(frame('2probe'));
    await receives(first.socket, '3probe');
    const thief = await raw.upgrade(await cookieOf(t));
    assert.equal(thief.status, 403);
    first.socket.write(frame('5'));
    first.socket.write(frame('427["up",7,"moved"]'));
    await receives(first.socket, '437[');
    const { status, socket } = await raw.upgrade();
    socket?.destroy();
    assert.notEqual(status, 200);
    first.socket.write(frame('428["seen"]'));
    await receives(first.socket, '438[[7]]');
    first.socket.destroy();
  });
}

describe('pending upgrades', () => {
  it('ten cost under a quarter of a core', async (t) => {
    const mirror = await Mirror.start();
    t.after(() => mirror.stop());
    const raws = await Promise.all(Array.from({ length: 10 }, async (_, i) =>
      Raw.connect(mirror.url, i % 2 ? 3 : 4, { cookie: (await mirror.visit(t)).cookie })));
    await Promise.all(raws.map((raw) => raw.until(/"down",39,/)));
    const sockets = await Promise.all(raws.map(async (raw) => {
      raw.poll().catch(() => {}); // as a client does, until the websocket takes over
      const { socket } = await raw.upgrade();
      t.after(() => socket.destroy());
      socket.write(frame('2probe'));
      await receives(socket, '3probe');
      return socket;
    }));
    const ticks = () => { // user and system time, in hundredths of a second
      const fields = readFileSync(`/proc/${mirror.child.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
      return Number(fields[11]) + Number(fields[12]);
    };
    const before = ticks();
    await sleep(2000);
    const spent = (ticks() - before) / 200;
    assert.ok(spent < 0.25, `${spent} of a core`);
    for (const socket of sockets) assert.ok(!socket.destroyed);
  });
});
