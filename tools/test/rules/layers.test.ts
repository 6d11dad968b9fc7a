import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layersRule } from '../../tidy/rules/layers.ts';
import { complaints, manifest } from '../planted-tree.ts';

test('imports that point down, at public entries, are fine', (t) => {
  const found = complaints(t, layersRule, {
    'packages/high/src/index.ts': `import { a } from '@our/mid';\nimport { b } from './b.ts';`,
    'packages/high/src/b.ts': `import { c } from './core/index.ts';`,
    'packages/high/src/core/index.ts': `import { d } from '@our/low';`,
    'packages/top/src/index.ts': `import { e } from '@our/high/core';`,
    'packages/low/test/low.test.ts': `import '@our/top';\nimport '@our/low';`,
    'packages/low/test/deep.test.ts': `import '../src/index.ts';`,
    'examples/one/main.ts': `import { f } from '@our/mid';`,
  });
  assert.deepEqual(found, []);
});

test('an import that points up is named', (t) => {
  const found = complaints(t, layersRule, {
    'packages/low/src/index.ts': `\nimport type { a } from '@our/mid';`,
  });
  assert.match(found.join(), /^packages\/low\/src\/index\.ts:2: low may not import mid/);
});

test('a test may import what layers.json adds for tests, and no more', (t) => {
  const found = complaints(t, layersRule, {
    'packages/low/test/low.test.ts': `import { a } from '@our/high';`,
  });
  assert.match(found.join(), /low may not import high/);
});

test('an exception lets one package import one other', (t) => {
  const layers = JSON.stringify({
    levels: [{ packages: ['low', 'mid', 'high', 'top'], mayImport: [] }],
    exceptions: [{ from: 'low', to: 'mid', why: 'a test' }],
  });
  const found = complaints(t, layersRule, {
    'layers.json': layers,
    'packages/low/src/index.ts': `import { a } from '@our/mid';`,
    'packages/mid/src/index.ts': `import { a } from '@our/low';`,
  });
  assert.equal(found.length, 1);
  assert.match(found.join(), /mid may not import low/);
});

test('a path behind the public entries is no entry', (t) => {
  const found = complaints(t, layersRule, {
    'packages/mid/src/index.ts': `import { a } from '@our/low/src/a.ts';`,
    'packages/high/src/index.ts': `import { a } from '../../low/src/a.ts';`,
    'tools/x.ts': `import { a } from '../packages/low/src/index.ts';`,
  });
  assert.equal(found.length, 3);
  assert.match(found.join(), /no public entry/);
  assert.match(found.join(), /leaves its package/);
  assert.match(found.join(), /reaches into packages\/low/);
});

test('a core folder stands alone and obeys its own table', (t) => {
  const found = complaints(t, layersRule, {
    'packages/high/src/core/index.ts': `import '@our/mid';\nimport '../outside.ts';`,
    'packages/high/src/outside.ts': '',
  });
  assert.equal(found.length, 2);
  assert.match(found.join(), /high may not import mid/);
  assert.match(found.join(), /core\/ stands alone/);
});

test('what ships imports nothing that does not', (t) => {
  const found = complaints(t, layersRule, {
    'packages/low/src/index.ts': `import '../test/tool.ts';`,
    'packages/low/src/a.ts': `import '@our/low';\nimport '@our/none';`,
    'packages/low/test/tool.ts': '',
  });
  assert.equal(found.length, 3);
  assert.match(found.join(), /does not; move it below src/);
  assert.match(found.join(), /own package by name/);
  assert.match(found.join(), /no package @our\/none/);
});

test('every package stands in exactly one level', (t) => {
  const found = complaints(t, layersRule, {
    'packages/new/package.json': manifest('@our/new'),
    'packages/new/src/index.ts': '',
    'packages/top/package.json': null,
    'packages/top/src/index.ts': null,
  });
  assert.equal(found.length, 2);
  assert.match(found.join(), /packages\/new stands in 0 levels/);
  assert.match(found.join(), /no packages\/top/);
});
