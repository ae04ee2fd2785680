'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const test = require('node:test');
const ts = require('typescript');
const { install } = require('./install');

const { folder } = install();
const NODE16 = { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 };
const BUNDLER = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };

const rows = [
  { name: '4.x, node16', file: 'types4.ts', options: NODE16 },
  { name: '4.x, node16, CommonJS', file: 'types4.cts', options: NODE16 },
  { name: '4.x, bundler', file: 'types4.ts', options: BUNDLER },
  { name: '2.x, node16', file: 'types2.ts', options: NODE16, types: ['socket.io-client'] },
  { name: '2.x, node16, CommonJS', file: 'types2.cts', options: NODE16, types: ['socket.io-client'] },
  { name: '2.x, bundler', file: 'types2.ts', options: BUNDLER, types: ['socket.io-client'] },
];

for (const { name, file, options, types = [] } of rows) {
  test(`tsc: ${name}`, () => {
    const program = ts.createProgram([path.join(folder, file)], {
      ...options, types, target: ts.ScriptTarget.ES2022, strict: true, exactOptionalPropertyTypes: true,
      esModuleInterop: true, noEmit: true, skipDefaultLibCheck: true, typeRoots: [path.join(__dirname, '../../node_modules/@types')],
    });
    const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) =>
      `${file && path.basename(file.fileName)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
    assert.deepEqual(problems, []);
  });
}
