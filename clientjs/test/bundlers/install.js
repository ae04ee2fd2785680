'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const clientjs = path.join(__dirname, '..', '..');
const needs = [__dirname, clientjs].filter((folder) => !fs.existsSync(path.join(folder, 'node_modules')));
if (needs.length) {
  console.error(needs.map((folder) => `first: npm ci --ignore-scripts --prefix ${path.relative('', folder) || '.'}`).join('; '));
  process.exit(1);
}

/**
 * Copies the pages to a folder of their own, and installs there what `npm pack` makes, as a user would.
 * Returns the folder, which goes at the process's end, and the names of the packed files.
 */
function install() {
  const folder = fs.mkdtempSync(path.join(__dirname, 'work-')); // in here, so that the pages find the clients
  process.on('exit', () => fs.rmSync(folder, { recursive: true }));
  fs.cpSync(path.join(__dirname, 'pages'), folder, { recursive: true });
  const [packed] = JSON.parse(npm(clientjs, 'pack', '--json', '--pack-destination', folder));
  npm(folder, 'install', '--offline', '--ignore-scripts', '--no-package-lock', '--no-save', path.join(folder, packed.filename));
  return { folder, files: packed.files.map((file) => file.path) };
}

function npm(cwd, ...args) {
  const out = execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return out.slice(Math.max(out.indexOf('[\n'), 0)); // what prepack says comes before the JSON
}

module.exports = { install };
