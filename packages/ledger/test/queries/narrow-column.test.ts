import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { mayHold, narrowColumn } from '../../src/queries/narrow-column.ts';
import { columnValues, ranges, unsigned } from '../columns/column-values.ts';
import { columnBytes, parseColumn, shortestForm } from '../columns/reference-columns.ts';

/** Values of a column, one to look for, and which rows are looked at. */
interface Case {
  readonly values: readonly bigint[];
  readonly wanted: bigint;
  readonly rows: readonly number[];
}

/** Wanted is one of the values, mostly with one bit turned, or anything. */
function cases(rangeBytes: number): fc.Arbitrary<Case> {
  return columnValues(rangeBytes, 20).chain((values) => {
    const near = fc
      .tuple(fc.constantFrom(...values), fc.integer({ min: 0, max: rangeBytes * 8 - 1 }))
      .map(([value, bit]) => value ^ (1n << BigInt(bit)));
    return fc.record({
      values: fc.constant(values),
      wanted: fc.oneof(fc.constantFrom(...values), near, unsigned(rangeBytes)),
      rows: fc.subarray([...values.keys()]),
    });
  });
}

describe('a search in a column', () => {
  for (const rangeBytes of ranges) {
    test(`of ${rangeBytes} bytes keeps the rows with one value, and no others`, () => {
      fc.assert(
        fc.property(cases(rangeBytes), ({ values, wanted, rows }) => {
          const column = parseColumn(columnBytes(shortestForm(values)), values.length, rangeBytes);
          const kept = Uint32Array.from(rows);
          const count = narrowColumn(column, wanted, kept, rows.length);
          const expected = rows.filter((row) => values[row] === wanted);
          assert.deepEqual([...kept.subarray(0, count)], expected);
          if (values.includes(wanted)) assert.ok(mayHold(column, wanted));
        }),
        { numRuns: 3000 },
      );
    });
  }

  test('knows without looking that values too large or too small are not there', () => {
    const column = parseColumn(columnBytes(shortestForm([1000n, 1001n, 1255n])), 3, 8);
    assert.equal(mayHold(column, 999n), false);
    assert.equal(mayHold(column, 1256n), false);
    assert.equal(mayHold(column, 1100n), true);
  });
});
