import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import fc from 'fast-check';
import { ColumnWriter } from '../../src/columns/column-writer.ts';
import { replaceAccountColumns } from '../../src/columns/replace-account-columns.ts';
import { TransferColumns } from '../../src/columns/transfer-columns.ts';
import { LedgerError } from '../../src/ledger-error.ts';
import type { NewTransfer } from '../../src/model/transfer.ts';
import {
  batchBytes,
  columnsOf,
  encodeTransfers,
  readBatch,
  transferFields,
  transfers,
  type Values,
} from './batches.ts';
import { columnBytes, littleEndian, shortestForm } from './reference-columns.ts';

const client = { allowSlots: false };
const log = { allowSlots: true };

function refusal(
  bytes: Uint8Array,
  options = client,
): LedgerError<'LEDGER_BATCH_MALFORMED'> | null {
  const columns = new TransferColumns();
  try {
    columns.parse(bytes, options);
    return null;
  } catch (error) {
    assert.ok(error instanceof LedgerError, `${error}`);
    assert.equal(error.code, 'LEDGER_BATCH_MALFORMED');
    assert.ok(error.metadata.offset <= bytes.length && error.metadata.offset >= 0);
    assert.equal(columns.count, 0);
    return error;
  }
}

const some: readonly NewTransfer[] = [
  { id: 5n, debitAccountId: 1n, creditAccountId: 2n, amount: 70_000n, ledger: 1, code: 9 },
  { id: 6n, debitAccountId: 3n, creditAccountId: 2n, amount: 12n, ledger: 1, code: 9, timeout: 4 },
];

/** Some columns of one or two values, as they stand in a batch. */
function batch(
  mask: number,
  count: number,
  ...columns: readonly (readonly bigint[])[]
): Uint8Array {
  const bytes = columns.flatMap((values) => columnBytes(shortestForm(values)));
  const head = [1, 1, ...littleEndian(BigInt(count), 2), ...littleEndian(BigInt(mask), 2)];
  return Uint8Array.from([...head, ...bytes]);
}

test('transfers are read as they were put in, with one reader for many batches', () => {
  const columns = new TransferColumns();
  fc.assert(
    fc.property(transfers, (events) => {
      const bytes = encodeTransfers(events);
      assert.deepEqual(bytes, batchBytes(1, events.length, columnsOf(transferFields, events)));
      columns.parse(bytes, client);
      assert.equal(columns.count, events.length);
      assert.equal(columns.bytes, bytes);
      const read = events.map((_, i) => columns.transferAt(i));
      assert.deepEqual(read, events);
    }),
    { numRuns: 300 },
  );
});

test('the log form has slots in place of accounts, and everything else as it was', () => {
  const columns = new TransferColumns();
  const writer = new ColumnWriter(16);
  const slot = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(transfers, fc.array(slot, { minLength: 60, maxLength: 60 }), (events, slots) => {
      const count = events.length;
      const debits = Uint32Array.from(slots.slice(0, count));
      const credits = Int32Array.from(slots.slice(30, 30 + count));
      columns.parse(encodeTransfers(events), client);
      for (const [debitSlots, creditSlots] of [
        [debits, credits],
        [debits, null],
        [null, credits],
        [null, null],
      ] as const) {
        writer.copy(Uint8Array.of(9));
        replaceAccountColumns(columns, debitSlots, creditSlots, writer);
        const bytes = writer.take().subarray(1);
        const expected: (readonly bigint[] | null)[] = [...columnsOf(transferFields, events)];
        expected.push(null, null, null);
        for (const [at, given] of [debitSlots, creditSlots].entries()) {
          if (given === null) continue;
          expected[1 + at] = null;
          expected[13 + at] = Array.from(given, BigInt);
        }
        checkLogForm(bytes, expected, count);
      }
    }),
    { numRuns: 100 },
  );
});

/** A column of slots is there even if all of them are 0: its presence says what it is. */
function checkLogForm(bytes: Uint8Array, expected: Values, count: number): void {
  const found = readBatch(bytes, 15);
  for (const [bit, values] of expected.entries()) {
    const isKept = bit >= 13 ? values !== null : values?.some((value) => value !== 0n) === true;
    assert.deepEqual(found[bit], isKept ? values : null, `column ${bit}`);
  }
  const hasSlots = expected[13] !== null || expected[14] !== null;
  assert.equal(refusal(bytes) !== null, hasSlots);
  const columns = new TransferColumns();
  columns.parse(bytes, log);
  for (let i = 0; i < count; i++) {
    const read = columns.transferAt(i, (slot) => BigInt(slot) * 10n);
    const debitSlot = expected[13]?.[i];
    assert.equal(read.debitAccountId, debitSlot === undefined ? expected[1]?.[i] : debitSlot * 10n);
  }
}

test('ids and slots of the same accounts exclude each other', () => {
  const both = (bits: number) => refusal(batch(bits, 1, [1n], [1n], [7n]), log)?.metadata;
  assert.equal(both(1 | (1 << 1) | (1 << 13))?.field, 'debitSlot');
  assert.equal(both(1 | (1 << 2) | (1 << 14))?.field, 'creditSlot');
  assert.equal(both(1 | (1 << 2) | (1 << 13)), undefined);
  assert.equal(both(1 | (1 << 1) | (1 << 14)), undefined);
});

test('slots are never taken from a client', () => {
  const bytes = batch(1 | (1 << 13) | (1 << 14), 1, [1n], [1n], [7n]);
  assert.equal(refusal(bytes, log), null);
  assert.deepEqual(refusal(bytes)?.metadata, {
    offset: 4,
    field: 'columns',
    reason: 'columns that have no place here: 24576',
  });
});

test('a head that is wrong is refused with its place', () => {
  const right = encodeTransfers(some);
  const cases: [at: number, bytes: number[], field: string][] = [
    [0, [0], 'version'],
    [0, [2], 'version'],
    [1, [2], 'kind'],
    [1, [3], 'kind'],
    [2, [0, 0], 'count'],
    [2, [0xff, 0x1f], 'count'],
    [2, [0xff, 0xff], 'count'],
    [4, [0, 0x80], 'columns'],
  ];
  for (const [at, bytes, field] of cases) {
    const wrong = right.slice();
    wrong.set(bytes, at);
    const metadata = refusal(wrong, log)?.metadata;
    assert.equal(metadata?.field, field);
    assert.equal(metadata?.offset, at);
  }
});

test('a batch cut short, or gone on with, is refused', () => {
  const right = encodeTransfers(some);
  assert.equal(refusal(right), null);
  for (let length = 0; length < right.length; length++) {
    assert.notEqual(refusal(right.subarray(0, length)), null, `${length} bytes`);
  }
  assert.equal(refusal(Uint8Array.from([...right, 0]))?.metadata.field, 'end');
});

test('a batch may have any number of events from 1 to 8,190, and no column', () => {
  const columns = new TransferColumns();
  for (const count of [1, 2, 8190]) {
    columns.parse(batch(0, count), client);
    assert.equal(columns.count, count);
    assert.ok(columns.columns.every((column) => column.isZero && column.count === count));
    assert.equal(columns.transferAt(count - 1).id, 0n);
    assert.throws(() => columns.transferAt(count), { name: 'AssertionFailed' });
  }
});

test('what was parsed before does not show through', () => {
  const columns = new TransferColumns();
  columns.parse(encodeTransfers(some), client);
  columns.parse(batch(1, 2, [1n, 9n]), client);
  assert.equal(columns.transferAt(1).amount, 0n);
  assert.equal(columns.transferAt(1).timeout, 0);
  assert.equal(columns.timestamp.isPresent, false);
});

test('random and damaged bytes are a batch or malformed', () => {
  const prng = new Prng(71);
  const right = encodeTransfers(some);
  let taken = 0;
  for (let attempt = 0; attempt < 20_000; attempt++) {
    const bytes = right.slice(0, prng.chance(0.1) ? prng.below(right.length + 1) : right.length);
    for (let left = prng.between(1, 3); left > 0 && bytes.length > 0; left--) {
      bytes[prng.below(bytes.length)] = prng.chance(0.5) ? prng.below(8) : prng.below(256);
    }
    if (refusal(bytes, log) !== null) continue;
    taken += 1;
    const columns = new TransferColumns();
    columns.parse(bytes, log);
    const values = readBatch(bytes, 15);
    for (const [bit, column] of columns.columns.entries()) {
      const found = Array.from({ length: columns.count }, (_, i) => column.uint128At(i));
      assert.deepEqual(found, values[bit] ?? found.map(() => 0n));
    }
  }
  assert.ok(taken > 1000 && taken < 19_000, `${taken} taken`);
});
