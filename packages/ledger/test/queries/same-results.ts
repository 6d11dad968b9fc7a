import assert from 'node:assert/strict';
import { inspect } from 'node:util';

/**
 * As `deepEqual`, which takes minutes over the differences of thousands of results: the first one
 * is enough.
 */
export function sameResults(
  found: readonly unknown[],
  wanted: readonly unknown[],
  filter: object,
  again = '',
): void {
  const context = `${inspect(filter)}\n${again}`;
  for (const [at, one] of wanted.entries())
    assert.deepEqual(found[at], one, `result ${at} of ${wanted.length}: ${context}`);
  assert.equal(found.length, wanted.length, `results: ${context}`);
}
