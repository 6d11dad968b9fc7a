import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkTree } from '../tidy/check-tree.ts';
import { plantTree } from './planted-tree.ts';

const TIDY = join(import.meta.dirname, '../tidy.ts');

function runTidy(root: string) {
  const { status, stdout } = spawnSync(process.execPath, [TIDY, root], { encoding: 'utf8' });
  return { status, lines: stdout.trimEnd().split('\n') };
}

test('the basic workspace of these tests breaks no rule', (t) => {
  assert.deepEqual(checkTree(plantTree(t)), []);
});

test('a tidy tree ends with a count and exit 0', (t) => {
  const { status, lines } = runTidy(plantTree(t).root);
  assert.equal(status, 0);
  assert.deepEqual(lines, ['tidy: 0 problems in 15 files']);
});

test('problems come sorted by place, one to a line, with exit 1', (t) => {
  const { root } = plantTree(t, {
    'packages/low/src/b.ts': `Date.now();\n${'a'.repeat(101)};`,
    'packages/low/src/a.ts': `import '@our/mid';`,
  });
  const { status, lines } = runTidy(root);
  assert.equal(status, 1);
  assert.deepEqual(
    lines.map((line) => line.split(' ').slice(0, 2).join(' ')),
    [
      'packages/low/src/a.ts:1: dependencies:',
      'packages/low/src/a.ts:1: layers:',
      'packages/low/src/b.ts:1: purity:',
      'packages/low/src/b.ts:2: line-length:',
      'tidy: 4',
    ],
  );
});
