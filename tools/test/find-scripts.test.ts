import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findScripts } from '../run/find-scripts.ts';
import { plantTree } from './planted-tree.ts';

const PATTERNS = ['packages/*/bench/*.bench.ts', 'tools/bench/*.bench.ts'];

test('scripts are found by name, sorted', (t) => {
  const { root } = plantTree(t, {
    'tools/bench/throughput.bench.ts': '',
    'packages/low/bench/codec.bench.ts': '',
    'packages/low/bench/other.ts': '',
  });
  assert.deepEqual(
    [...findScripts(root, PATTERNS, '.bench.ts')],
    [
      ['codec', 'packages/low/bench/codec.bench.ts'],
      ['throughput', 'tools/bench/throughput.bench.ts'],
    ],
  );
});

test('two scripts of one name are refused', (t) => {
  const { root } = plantTree(t, {
    'tools/bench/codec.bench.ts': '',
    'packages/low/bench/codec.bench.ts': '',
  });
  assert.throws(() => findScripts(root, PATTERNS, '.bench.ts'), /share a name; rename one/);
});
