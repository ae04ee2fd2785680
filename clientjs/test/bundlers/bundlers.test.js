'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { promisify } = require('node:util');
const { install } = require('./install');
const esbuild = require('esbuild');
const webpack = require('webpack');
const { startServer } = require('../server');

const { folder, files } = install();
const CODE = /session-script|connectWithSession/; // is in a bundle that has the script

// Each builds a page, and returns the file to run.
const BUNDLERS = {
  async vite(page) {
    const { build } = await import('vite');
    fs.writeFileSync(path.join(folder, 'index.html'), `<script type="module" src="/${page}"></script>`);
    const { output } = await build({
      root: folder, configFile: false, logLevel: 'error', define: { 'process.env.SERVER': 'process.env.SERVER' },
      build: { outDir: `vite-${page}`, modulePreload: false },
    });
    return path.join(folder, `vite-${page}`, output.find((file) => file.isEntry).fileName);
  },

  async webpack(page) {
    const name = `webpack-${page}.cjs`;
    const stats = await promisify(webpack)({
      mode: 'production', context: folder, entry: `./${page}`, output: { path: folder, filename: name },
    });
    assert.deepEqual(stats.toJson().errors.concat(stats.toJson().warnings).map((problem) => problem.message), []);
    return path.join(folder, name);
  },

  async esbuild(page) {
    const outfile = path.join(folder, `esbuild-${page}.cjs`);
    await esbuild.build({
      entryPoints: [path.join(folder, page)], bundle: true, minify: true, outfile, logLevel: 'error',
      define: { global: 'globalThis' }, // for socket.io-client 2.x
    });
    return outfile;
  },
};

/** Runs a file until it ends by itself: in it a page has connected by the script, and asked for an echo. */
async function run(t, file, ...flags) {
  const queries = [];
  const server = await startServer(t, () => undefined);
  server.io.engine.on('connection', (conn) => queries.push(conn.request.url));
  const env = { ...process.env, SERVER: server.uri };
  delete env.NODE_TEST_CONTEXT;
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file], { env, timeout: 20000 });
  assert.equal(stdout, 'hello active\n');
  assert.equal(queries.length, 1);
  assert.match(queries[0], /session-script=2/);
}

test('the package has what its users need, and no more', () => {
  assert.deepEqual(files.sort(), [
    'LICENSE', 'README.md', 'index.d.mts', 'index.d.ts', 'index.mjs', 'package.json', 'socket.io-sessions.js',
  ]);
});

test('an import finds the ES module, a require the script itself', async () => {
  const found = await import(path.join(folder, 'found.js'));
  assert.equal(path.basename(found.byImport), 'index.mjs');
  assert.equal(path.basename(found.byRequire), 'socket.io-sessions.js');
});

for (const page of ['client4.js', 'client2.js', 'client4.cjs']) {
  test(`Node.js: ${page}`, (t) => run(t, path.join(folder, page)));
}

for (const [name, build] of Object.entries(BUNDLERS)) {
  for (const page of ['client4.js', 'client2.js', 'client4.cjs']) {
    if (name === 'vite' && page.endsWith('.cjs')) continue; // its pages are ES modules
    test(`${name}: ${page}`, async (t) => {
      const file = await build(page);
      assert.match(fs.readFileSync(file, 'utf8'), CODE);
      await run(t, file, '--require', path.join(folder, 'browser.cjs'));
    });
  }

  test(`${name}: an import that is not used adds nothing`, async () => {
    assert.doesNotMatch(fs.readFileSync(await build('unused.js'), 'utf8'), CODE);
  });
}
