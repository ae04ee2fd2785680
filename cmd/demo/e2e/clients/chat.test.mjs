// The namespace /chat, which refuses who has not logged in.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { isRefusal } from './refusal.mjs';
import { scopes, ways } from './visitor.mjs';
import { becomes } from './wait.mjs';

for (const scope of scopes) {
  describe(`chat in scope ${scope}`, () => {
    let demo;
    before(async () => { demo = await Demo.start('-scope', scope); });
    after(() => demo?.stop());

    // One after the other: who is in the chat hears everybody.
    for (const way of ways) describe(way.name, () => suite(() => demo, way));
  });
}

function suite(demo, way) {
  it('refuses who has no user, and leaves the root open', async (t) => {
    const member = await (await demo().visit(t, 'alice')).connect({ ...way, namespace: '/chat' });
    const root = await (await demo().visit(t)).connect(way);
    const chat = root.namespace('/chat');
    const answers = [];
    chat.socket.emit('say', 'hello', (answer) => answers.push(answer));

    isRefusal(await chat.refusal(), 'login_required');
    assert.equal(await root.ask('echo', 'on'), 'on');
    assert.deepEqual([chat.count('connect'), chat.count('refused'), answers], [0, 1, []]);
    assert.deepEqual(root.heard, ['connect']);
    assert.deepEqual(await heardUntil(member, 'end'), []);
  });

  it('refuses who asks again, and lets in who has logged in meanwhile', async (t) => {
    const visitor = await demo().visit(t);
    const root = await visitor.connect(way);
    const chat = root.namespace('/chat');
    isRefusal(await chat.refusal(), 'login_required');
    const refused = chat.hears(way.modern ? 'connect_error' : 'error');
    chat.socket.connect();
    await refused;
    assert.equal(await root.ask('echo', 'on'), 'on');

    await visitor.login('alice'); // ends the connection: its cookie is the old one
    isRefusal(await root.sinvalid(), 'renewed');
    const again = await visitor.connect({ ...way, namespace: '/chat' });
    assert.equal(await again.ask('say', 'here'), true);
  });

  it('tells every member what one says', async (t) => {
    const [alice, bob] = [await demo().visit(t, 'alice'), await demo().visit(t, 'bob')];
    const first = await joined(await alice.connect(way));
    const second = await bob.connect({ ...way, namespace: '/chat' });
    const outside = await bob.connect(way);

    assert.equal(await first.ask('say', 'hello'), true);
    assert.equal(await second.ask('say', 'hi'), true);
    const said = [{ user: 'alice', text: 'hello' }, { user: 'bob', text: 'hi' }];
    await becomes(2000, () => first.said, said);
    await becomes(2000, () => second.said, said);
    assert.deepEqual(outside.said, []);
  });

  it('tells nothing to who has left it, and leaves the root open', async (t) => {
    const visitor = await demo().visit(t, 'alice');
    const root = await visitor.connect(way);
    const chat = await joined(root);
    assert.equal(await chat.ask('say', 'one'), true);
    await becomes(2000, () => chat.said.length, 1);
    chat.leave();
    assert.equal(await root.ask('echo', 'on'), 'on');

    const other = await (await demo().visit(t, 'bob')).connect({ ...way, namespace: '/chat' });
    assert.equal(await other.ask('say', 'two'), true);
    await becomes(2000, () => other.said.length, 1);
    assert.equal(await root.ask('echo', 'on'), 'on');
    assert.equal(chat.said.length, 1);
  });
}

async function joined(root) {
  const chat = root.namespace('/chat');
  await chat.connected;
  return chat;
}

/** What a member has heard before the line that it says now. */
async function heardUntil(member, text) {
  assert.equal(await member.ask('say', text), true);
  await becomes(2000, () => member.said.at(-1)?.text, text);
  return member.said.slice(0, -1);
}
