'use strict';

// Makes what the package has and the repository has not: index.mjs, the script as an ES module, and the LICENSE.
// npm runs it before it packs.

const fs = require('node:fs');
const path = require('node:path');

const HEAD = "\n(function (global) {\n  'use strict';\n";
const TAIL = "\n  if (typeof define === 'function' && define.amd)"; // from here on it asks what has loaded it

/** The source of socket.io-sessions.js as a module, which needs no function around it and asks nobody. */
function toModule(source) {
  const [comment, body, ...more] = source.split(HEAD);
  const [code, end, ...further] = (body || '').split(TAIL);
  if (!end || more.length || further.length) throw new Error('socket.io-sessions.js begins or ends in another way');
  return `${comment}${code.replace(/^ {2}/gm, '')}\nexport default attach;\n`;
}

if (require.main === module) {
  const source = fs.readFileSync(path.join(__dirname, 'socket.io-sessions.js'), 'utf8');
  const made = path.join(__dirname, 'index.mjs');
  fs.writeFileSync(made + process.pid, toModule(source));
  fs.renameSync(made + process.pid, made); // a bundler that reads it meanwhile finds it whole
  fs.copyFileSync(path.join(__dirname, '..', 'LICENSE'), path.join(__dirname, 'LICENSE'));
}
