// The events of the demo, for every client, mode and scope.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Demo } from './demo.mjs';
import { scopes, ways } from './visitor.mjs';

for (const scope of scopes) {
  describe(`events in scope ${scope}`, () => {
    let demo;
    before(async () => { demo = await Demo.start('-scope', scope, '-faults'); });
    after(() => demo?.stop());

    for (const way of ways) describe(way.name, { concurrency: true }, () => suite(() => demo, way));
  });
}

function suite(demo, way) {
  it('message counts, for each session by itself', async (t) => {
    const visitor = await demo().visit(t);
    const socket = await visitor.connect(way);
    assert.deepEqual(await socket.ask('message', 'hi'), { pings: 1, user: '' });
    assert.deepEqual(await socket.ask('message', 'hi'), { pings: 2, user: '' });

    const other = await (await demo().visit(t, 'bob')).connect(way);
    assert.deepEqual(await other.ask('message', 'hi'), { pings: 1, user: 'bob' });
    assert.deepEqual(await socket.ask('message', ''), { pings: 3, user: '' });
  });

  it('message of the client is its send', async (t) => {
    const socket = await (await demo().visit(t)).connect(way);
    const answer = new Promise((resolve) => socket.socket.send('hi', resolve));
    assert.deepEqual(await answer, { pings: 1, user: '' });
  });

  it('put and get', async (t) => {
    const socket = await (await demo().visit(t)).connect(way);
    assert.equal(await socket.ask('get', 'color'), null);
    assert.equal(await socket.ask('put', 'color', 'teal'), true);
    assert.equal(await socket.ask('get', 'color'), 'teal');
    assert.equal(await socket.ask('put', 'color', ''), true);
    assert.equal(await socket.ask('get', 'color'), '');
    assert.equal(await socket.ask('get', 'visits'), 1);
  });

  it('an event that asks for no acknowledgement is handled', async (t) => {
    const socket = await (await demo().visit(t)).connect(way);
    socket.socket.emit('put', 'color', 'teal');
    assert.equal(await socket.ask('get', 'color'), 'teal');
  });

  it('an argument that does not fit is acknowledged, and the connection stays', async (t) => {
    const socket = await (await demo().visit(t)).connect(way);
    for (const args of [['get', {}], ['put', 'color', 7], ['put', ['color'], 'teal'], ['blob', 'text'], ['slow', 'soon']]) {
      const { error } = await socket.ask(...args);
      assert.equal(error.code, 'bad_arguments', args);
      assert.match(error.message, /^Argument [12] is not /);
    }
    assert.equal(await socket.ask('get', 'color'), null);
    assert.deepEqual(socket.heard, ['connect']);
  });

  it('whoami gives the id that HTTP gives, and never the token', async (t) => {
    const visitor = await demo().visit(t, 'alice');
    const socket = await visitor.connect(way);
    const { id } = await visitor.session();
    assert.deepEqual(await socket.ask('whoami'), { id, user: 'alice' });
    assert.match(id, /^[\w-]{43}$/);
    assert.notEqual(id, visitor.token);
  });

  it('echo', async (t) => {
    const socket = await (await demo().visit(t)).connect(way);
    for (const text of ['', 'text', '"\\\n{}[],:', 'x'.repeat(20000)]) assert.equal(await socket.ask('echo', text), text);
  });

  it('text that is not ASCII', async (t) => {
    const texts = ['häß', 'Ã©', '字', '🎉', '\u2028', 'é'.repeat(20000)];
    const visitor = await demo().visit(t);
    await visitor.put('word', 'häß 字 🎉');
    const socket = await visitor.connect(way);
    assert.equal(await socket.ask('get', 'word'), 'häß 字 🎉');
    for (const text of texts) assert.equal(await socket.ask('echo', text), text);
  });

  it('blob', async (t) => {
    const socket = await (await demo().visit(t)).connect(way);
    for (const bytes of [Buffer.from([0]), Buffer.from(Array.from({ length: 256 }, (_, i) => i)), Buffer.alloc(50000, 0xc3)]) {
      const returned = socket.hears('blob');
      assert.equal(await socket.ask('blob', bytes), true);
      assert.deepEqual(Buffer.from(await returned), bytes);
    }
  });

  it('panic changes nothing and ends nothing', async (t) => {
    const visitor = await demo().visit(t);
    const socket = await visitor.connect(way);
    const before = await visitor.values();
    const { error } = await socket.ask('panic');
    assert.equal(error.code, 'internal');
    assert.equal(typeof error.message, 'string');
    assert.doesNotMatch(JSON.stringify(error), /goroutine|\.go|panics/);

    assert.equal(await socket.ask('echo', 'alive'), 'alive');
    assert.equal(await socket.ask('put', 'after', 'saved'), true);
    assert.equal(await socket.code('panic'), 'internal');
    socket.leave();
    const again = await visitor.connect(way);
    assert.equal(await again.ask('get', 'panicked'), null);
    assert.equal(await again.ask('get', 'after'), 'saved');
    for (const key in before) assert.equal(await again.ask('get', key), before[key]);
  });

  it('slow answers after its time', async (t) => {
    const socket = await (await demo().visit(t)).connect(way);
    const begun = performance.now();
    assert.equal(await socket.ask('slow', 150), true);
    const took = performance.now() - begun;
    assert.ok(took >= 149 && took < 1000, `${took} ms`);
  });

  it('the id of a connection is not to be guessed', async (t) => {
    const visitor = await demo().visit(t);
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push((await visitor.connect(way)).socket.io.engine.id);
    assert.equal(new Set(ids).size, 3);
    for (const id of ids) assert.match(id, /^[\w-]{22,}$/); // 128 bits and more, be it base64 or base32
  });
}
