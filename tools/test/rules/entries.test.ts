import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entriesRule } from '../../tidy/rules/entries.ts';
import { complaints, manifest } from '../planted-tree.ts';

test('one entry for each export, each name written out', (t) => {
  const found = complaints(t, entriesRule, {
    'packages/low/src/index.ts': `export { a, type B } from './a.ts';`,
    'packages/low/src/generated/index.ts': `export * from './a.ts';`,
  });
  assert.deepEqual(found, []);
});

test('export * and default exports are named', (t) => {
  const found = complaints(t, entriesRule, {
    'packages/low/src/index.ts': `export * from './a.ts';\nexport * as b from './b.ts';`,
    'packages/low/src/a.ts': 'export default 1;',
    'packages/low/src/b.ts': 'const a = 1;\nexport { a as default };',
  });
  assert.equal(found.length, 4);
});

test('an index.ts that is no entry is named, and so is an entry that is not there', (t) => {
  const found = complaints(t, entriesRule, {
    'packages/low/src/part/index.ts': '',
    'packages/mid/src/index.ts': null,
    'packages/high/package.json': manifest('@our/high', { exports: {} }),
  });
  assert.match(found.join('\n'), /part\/index\.ts:1: an index\.ts that package\.json does not/);
  assert.match(found.join('\n'), /exports "\." points at packages\/mid\/src\/index\.ts/);
  assert.match(found.join('\n'), /high\/package\.json:1: exports has no "\."/);
});
