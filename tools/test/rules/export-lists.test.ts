import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportListsRule } from '../../tidy/rules/export-lists.ts';
import { complaints } from '../planted-tree.ts';

const LIST = 'docs/reference/exports/high.txt';
const INDEX = `export { b, type A } from './a.ts';\nexport const c = 1;`;

test('lists that say what the entries export are fine', (t) => {
  const found = complaints(t, exportListsRule, {
    'packages/high/src/index.ts': INDEX,
    'packages/high/src/core/index.ts': `export type { D } from './d.ts';`,
    [LIST]: '@our/high\n  type A\n  b\n  c\n\n@our/high/core\n  type D\n',
  });
  assert.deepEqual(found, []);
});

test('a difference is told with what was added and removed', (t) => {
  const found = complaints(t, exportListsRule, {
    'packages/high/src/index.ts': INDEX,
    [LIST]: '@our/high\n  type A\n  b\n  old\n\n@our/high/core\n',
  });
  assert.match(found.join(), /high\.txt:4: differs .*: \+c -old; run 'npm run fix'/);
});

test('a missing list and a list without a package are named', (t) => {
  const found = complaints(t, exportListsRule, {
    [LIST]: null,
    'docs/reference/exports/gone.txt': '@our/gone\n',
  });
  assert.equal(found.length, 2);
  assert.match(found.join(), /high\.txt:1: no list/);
  assert.match(found.join(), /gone\.txt:1: a list without a package/);
});
