'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const vm = require('node:vm');
const zlib = require('node:zlib');
const acorn = require('acorn');
const uglify = require('uglify-js');
const { fakeIo } = require('./fake');

const file = path.join(__dirname, '..', 'socket.io-sessions.js');
const source = fs.readFileSync(file, 'utf8');

function runAsScript(globals) {
  const page = vm.createContext(globals);
  vm.runInContext(source, page);
  return page;
}

test('a script tag extends the global io and adds no global of its own', () => {
  const io = fakeIo();
  const page = runAsScript({ io });
  assert.equal(typeof io.connectWithSession, 'function');
  assert.equal(io.SessionSocket, io.connectWithSession);
  assert.deepEqual(Object.keys(page), ['io']);
});

test('a script tag without socket.io says so, once', () => {
  const errors = [];
  runAsScript({ console: { error: (...args) => errors.push(args) } });
  assert.equal(errors.length, 1);
  assert.match(errors[0][0], /load socket\.io\.js before/);
});

test('AMD defines the function that extends an io, and leaves the global one alone', () => {
  const defined = [];
  const define = Object.assign((factory) => defined.push(factory()), { amd: {} });
  const io = fakeIo();
  runAsScript({ define, io });
  assert.equal(io.connectWithSession, undefined);
  assert.equal(defined[0](io), io);
  assert.equal(typeof io.connectWithSession, 'function');
});

test('CommonJS exports the function that extends an io', () => {
  const io = fakeIo();
  assert.equal(require(file)(io), io);
  assert.equal(typeof io.connectWithSession, 'function');
});

test('an ES module imports it as its default', async () => {
  const io = fakeIo();
  const { default: attach } = await import('../socket.io-sessions.js');
  assert.equal(attach(io), io);
});

test('it is ES5', () => {
  acorn.parse(source, { ecmaVersion: 5 });
});

test('it is below 6 KB minified and gzipped', (t) => {
  const { code, error } = uglify.minify(source);
  assert.equal(error, undefined);
  const size = zlib.gzipSync(code, { level: 9 }).length;
  t.diagnostic(`${size} bytes`);
  assert.ok(size < 6 * 1024, `${size} bytes`);
});
