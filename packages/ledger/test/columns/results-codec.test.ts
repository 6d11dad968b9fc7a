import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeResults, encodeResults } from '../../src/columns/results-codec.ts';
import { LedgerError } from '../../src/ledger-error.ts';

const timestamp = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

function refusal(bytes: Uint8Array): LedgerError<'LEDGER_RESULTS_MALFORMED'> | null {
  try {
    decodeResults(bytes);
    return null;
  } catch (error) {
    assert.ok(error instanceof LedgerError, `${error}`);
    assert.equal(error.code, 'LEDGER_RESULTS_MALFORMED');
    return error;
  }
}

test('an answer names the events that failed and why', () => {
  const code = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(code, { maxLength: 300 }), timestamp, (codes, base) => {
      const bytes = encodeResults(Uint8Array.from([...codes, 9]), codes.length, base);
      const failures = codes
        .map((result, index) => ({ index, result }))
        .filter(({ result }) => result !== 0);
      assert.equal(bytes.length, 14 + failures.length * 3);
      assert.deepEqual(decodeResults(bytes), { count: codes.length, timestamp: base, failures });
    }),
  );
});

test('all of 8,190 events may fail, or the last of them', () => {
  const codes = new Uint8Array(8190).fill(59);
  assert.equal(decodeResults(encodeResults(codes, 8190, 1n)).failures.length, 8190);
  codes.fill(0, 0, 8189);
  const { failures } = decodeResults(encodeResults(codes, 8190, 1n));
  assert.deepEqual(failures, [{ index: 8189, result: 59 }]);
});

test('the layout of an answer is the documented one', () => {
  const bytes = encodeResults(Uint8Array.of(0, 7, 0, 8), 4, 0x0102030405060708n);
  const head = [1, 3, 4, 0, 8, 7, 6, 5, 4, 3, 2, 1, 2, 0];
  assert.deepEqual([...bytes], [...head, 1, 0, 7, 2, 0, 8]);
});

test('a malformed answer is refused with its place', () => {
  const right = encodeResults(Uint8Array.of(0, 7, 0, 8), 4, 5n);
  assert.equal(refusal(right), null);
  for (let length = 0; length < right.length; length++) {
    assert.notEqual(refusal(right.subarray(0, length)), null);
  }
  assert.equal(refusal(Uint8Array.from([...right, 0]))?.metadata.offset, right.length);
  const cases: [at: number, byte: number, message: RegExp][] = [
    [0, 2, /unknown version 2/],
    [1, 1, /kind 1 is no answer/],
    [3, 0x20, /8196 events are too many/],
    [2, 3, /event 3 where there are 3/],
    [17, 0, /an event fails twice/],
    [14, 4, /event 4 where there are 4/],
    [16, 0, /a failure without a reason/],
  ];
  for (const [at, byte, message] of cases) {
    const wrong = right.slice();
    wrong[at] = byte;
    assert.match(refusal(wrong)?.message ?? '', message);
  }
});

test('an answer may begin with its first event', () => {
  const { failures } = decodeResults(encodeResults(Uint8Array.of(3), 1, 0n));
  assert.deepEqual(failures, [{ index: 0, result: 3 }]);
});
