import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cyclesRule } from '../../tidy/rules/cycles.ts';
import { complaints } from '../planted-tree.ts';

test('a diamond is no cycle', (t) => {
  const found = complaints(t, cyclesRule, {
    'packages/low/src/index.ts': `import './a.ts';\nimport './b.ts';`,
    'packages/low/src/a.ts': `import './c.ts';`,
    'packages/low/src/b.ts': `import './c.ts';`,
    'packages/low/src/c.ts': '',
  });
  assert.deepEqual(found, []);
});

test('a cycle of files is told once, with its way round', (t) => {
  const found = complaints(t, cyclesRule, {
    'packages/low/src/a.ts': `\nimport { b } from './b.ts';`,
    'packages/low/src/b.ts': `import type { c } from './c.ts';`,
    'packages/low/src/c.ts': `import { a } from './a.ts';`,
  });
  assert.equal(found.length, 1);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => `packages/low/src/${name}.ts`);
  assert.ok(found[0]?.startsWith(`${a}:2: ${a} -> ${b} -> ${c} -> ${a};`), found[0]);
});

test('a file that imports itself is a cycle', (t) => {
  const found = complaints(t, cyclesRule, { 'packages/low/src/a.ts': `import './a.ts';` });
  assert.equal(found.length, 1);
});

test('a cycle of packages is told, though no two files form one', (t) => {
  const found = complaints(t, cyclesRule, {
    'packages/low/src/a.ts': `import '@our/mid';`,
    'packages/mid/src/b.ts': `import '@our/low';`,
    'packages/mid/test/b.test.ts': `import '@our/top';`,
    'packages/top/src/index.ts': `import '@our/mid';`,
  });
  assert.equal(found.length, 1);
  assert.match(found.join(), /^packages\/low\/package\.json:1: packages low -> mid -> low;/);
});
