// Who is refused, what it hears, and that nothing else happens.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { isRefusal } from './refusal.mjs';
import { scopes, ways } from './visitor.mjs';

for (const scope of scopes) {
  describe(`refusals in scope ${scope}`, () => {
    let demo;
    before(async () => { demo = await Demo.start('-scope', scope); });
    after(() => demo?.stop());

    for (const way of ways) describe(way.name, { concurrency: true }, () => suite(() => demo, way));
  });
}

function suite(demo, way) {
  it('without a cookie', async (t) => {
    const visitor = demo().visitor(t);
    await isRefused(visitor, way, 'no_cookie');
    assert.equal(await visitor.status('GET', '/session'), 401);
  });

  it('with a cookie that is nobody\'s', async (t) => {
    const visitor = demo().visitor(t);
    visitor.token = randomBytes(32).toString('base64url');
    await isRefused(visitor, way, 'unknown');
    assert.equal(await visitor.status('GET', '/session'), 401);
  });

  it('with a cookie that is no token at all', async (t) => {
    const visitor = demo().visitor(t);
    visitor.token = 'x'.repeat(2000);
    await isRefused(visitor, way, 'unknown');
  });

  it('with two session cookies that differ, and not with two that are the same', async (t) => {
    const visitor = await demo().visit(t);
    const own = visitor.token;
    visitor.token = `planted; session=${own}`; // as a neighbour under the same domain sets it for a longer path
    await isRefused(visitor, way, 'ambiguous_cookie');
    assert.equal(await visitor.status('POST', '/socket.io/session-claim'), 400);
    visitor.token = `${own}; session=${own}`;
    assert.ok((await (await visitor.connect(way)).ask('whoami')).id);
  });

  it('with the cookie of a session that has ended', async (t) => {
    const visitor = await demo().visit(t);
    const old = visitor.twin();
    await visitor.logout();
    await isRefused(old, way, 'destroyed');
  });

  it('with the cookie from before the login', async (t) => {
    const visitor = await demo().visit(t);
    const old = visitor.twin();
    await visitor.login('alice');
    await isRefused(old, way, 'renewed');
    assert.equal((await (await visitor.connect(way)).ask('whoami')).user, 'alice');
  });

  it('/chat with the root', async (t) => {
    const root = demo().visitor(t).open(way);
    const chat = root.namespace('/chat');
    isRefusal(await root.refusal(), 'no_cookie');
    await root.over();
    assert.equal(chat.count('connect'), 0);
  });
}

/** It hears why, once, and that its connection ends; it was never connected, and no event is handled. */
async function isRefused(visitor, way, code) {
  const socket = visitor.open(way);
  const answers = [];
  for (const event of [['put', 'k', 'v'], ['message', 'hi'], ['echo', 'hi']]) {
    socket.socket.emit(...event, (answer) => answers.push(answer));
  }
  isRefusal(await socket.refusal(), code);
  await socket.over();
  assert.equal(socket.heard[0], 'refused');
  assert.deepEqual([socket.count('connect'), socket.count('refused'), socket.count('sinvalid'), answers], [0, 1, 0, []]);
}
