import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AccountBatchBuilder } from '../../src/columns/account-batch-builder.ts';
import { AccountColumns } from '../../src/columns/account-columns.ts';
import { TransferBatchBuilder } from '../../src/columns/transfer-batch-builder.ts';
import { TransferColumns } from '../../src/columns/transfer-columns.ts';
import { LedgerError } from '../../src/ledger-error.ts';
import type { NewTransfer } from '../../src/model/transfer.ts';
import {
  accountFields,
  accounts,
  batchBytes,
  columnsOf,
  encodeAccounts,
  encodeTransfers,
  transfer,
  transferFields,
  transfers,
} from './batches.ts';
import { columnBytes, shortestForm } from './reference-columns.ts';

const one: NewTransfer = {
  id: 1n,
  debitAccountId: 2n,
  creditAccountId: 3n,
  amount: 4n,
  ledger: 5,
  code: 6,
};

function refusal(call: () => void): Readonly<Record<string, unknown>> {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof LedgerError, `${error}`);
    assert.equal(error.code, 'LEDGER_FIELD_INVALID');
    return { ...error.metadata };
  }
  return assert.fail('it was taken');
}

test('fields left out are zero', () => {
  const columns = new TransferColumns();
  fc.assert(
    fc.property(fc.array(transfer, { minLength: 1, maxLength: 20 }), (events) => {
      const expected = batchBytes(1, events.length, columnsOf(transferFields, events));
      assert.deepEqual(encodeTransfers(events), expected);
      columns.parse(expected, { allowSlots: false });
    }),
  );
});

test('accounts are read as they were put in', () => {
  const columns = new AccountColumns();
  fc.assert(
    fc.property(accounts, (events) => {
      const bytes = encodeAccounts(events);
      assert.deepEqual(bytes, batchBytes(2, events.length, columnsOf(accountFields, events)));
      columns.parse(bytes);
      assert.equal(columns.bytes, bytes);
      assert.deepEqual(
        events.map((_, i) => columns.accountAt(i)),
        events,
      );
    }),
    { numRuns: 200 },
  );
});

test('a batch of accounts may have balances, for which it is refused later', () => {
  const column = columnBytes(shortestForm([2n ** 100n]));
  const columns = new AccountColumns();
  columns.parse(Uint8Array.from([1, 2, 1, 0, 0, 8, ...column]));
  assert.equal(columns.creditsPosted.uint128At(0), 2n ** 100n);
  assert.throws(() => columns.parse(Uint8Array.from([1, 2, 1, 0, 0, 16, ...column])), {
    code: 'LEDGER_BATCH_MALFORMED',
  });
  assert.equal(columns.count, 0);
  assert.throws(() => columns.accountAt(0), { name: 'AssertionFailed' });
});

test('numbers put in without objects are the same transfers', () => {
  const number = fc.oneof(fc.maxSafeNat(), fc.nat(100), fc.constantFrom(2 ** 32, 2 ** 53 - 1));
  const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const uint16 = fc.integer({ min: 0, max: 2 ** 16 - 1 });
  const row = fc.tuple(number, number, number, number, number, uint32, uint16, uint16);
  const fast = new TransferBatchBuilder();
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), transfers, (rows, others) => {
      fast.clear();
      for (const other of others) fast.add(other);
      fast.clear();
      const slow = new TransferBatchBuilder();
      for (const [high, low, debit, credit, amount, ledger, code, flags] of rows) {
        fast.addNumbers(high, low, debit, credit, amount, ledger, code, flags);
        slow.add({
          id: (BigInt(high) << 64n) + BigInt(low),
          debitAccountId: BigInt(debit),
          creditAccountId: BigInt(credit),
          amount: BigInt(amount),
          ledger,
          code,
          flags,
        });
      }
      assert.deepEqual(fast.encode(), slow.encode());
    }),
  );
});

test('a full batch of sequential ids and small numbers takes five bytes a transfer', () => {
  const builder = new TransferBatchBuilder();
  for (let i = 0; i < 8190; i++) {
    builder.addNumbers(77, 1000 + i, (i * 7) % 9001, (i * 11) % 200, (i * 13) % 60_000, 1, 2);
  }
  assert.ok(builder.isFull);
  const bytes = builder.encode();
  assert.equal(bytes.length, 6 + (2 + 9) + (2 + 16_380) + (2 + 8190) + (2 + 16_380) + 3 + 3);
  assert.deepEqual(
    refusal(() => builder.add(one)),
    { field: 'count', value: 8191, limit: 8190 },
  );
  assert.deepEqual(
    refusal(() => builder.addNumbers(0, 1, 2, 3, 4, 5, 6)),
    { field: 'count', value: 8191, limit: 8190 },
  );
  assert.deepEqual(builder.encode(), bytes);
});

test('a value that does not fit is refused, and nothing of its transfer stays', () => {
  const builder = new TransferBatchBuilder();
  builder.add(one);
  const before = builder.encode();
  for (const [name, bytes] of transferFields) {
    const limit = 256n ** BigInt(bytes) - 1n;
    for (const value of [-1n, limit + 1n]) {
      const given = bytes <= 4 ? Number(value) : value;
      const added = { ...one, userData64: 9n, timeout: 8, [name]: given };
      const most = bytes <= 4 ? Number(limit) : limit;
      assert.deepEqual(
        refusal(() => builder.add(added)),
        { field: name, value: given, limit: most },
      );
    }
    assert.equal(builder.count, 1);
    assert.deepEqual(builder.encode(), before);
    builder.add({ ...one, [name]: bytes <= 4 ? Number(limit) : limit });
    builder.clear();
    builder.add(one);
    assert.deepEqual(builder.encode(), before);
  }
  for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(refusal(() => builder.add({ ...one, code: value }))['field'], 'code');
  }
});

test('numbers that are not whole, or not exact, are refused', () => {
  const names = [
    'id',
    'id',
    'debitAccountId',
    'creditAccountId',
    'amount',
    'ledger',
    'code',
    'flags',
  ];
  const builder = new TransferBatchBuilder();
  type Row = [number, number, number, number, number, number, number, number];
  for (const [at, name] of names.entries()) {
    for (const value of [-1, 0.5, 2 ** 53, 2 ** 32 + 0.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      const row: Row = [1, 2 ** 40, 3, 4, 2 ** 50, 6, 7, 8];
      row[at] = value;
      const found = refusal(() => builder.addNumbers(...row));
      assert.equal(found['field'], name);
      assert.equal(found['value'], value);
    }
  }
  builder.add(one);
  assert.deepEqual(builder.encode(), encodeTransfers([one]));
});

test('an account with a value that does not fit is refused', () => {
  const builder = new AccountBatchBuilder(1);
  const account = { id: 1n, ledger: 2, code: 3 };
  assert.equal(refusal(() => builder.add({ ...account, id: 2n ** 128n }))['field'], 'id');
  assert.equal(refusal(() => builder.add({ ...account, userData32: -1 }))['limit'], 2 ** 32 - 1);
  builder.add(account);
  assert.ok(builder.isFull);
  assert.deepEqual(
    refusal(() => builder.add(account)),
    { field: 'count', value: 2, limit: 1 },
  );
  builder.clear();
  assert.equal(builder.count, 0);
  builder.add({ ...account, flags: 8 });
  assert.deepEqual(builder.encode(), encodeAccounts([{ ...account, flags: 8 }]));
});

test('an empty batch is not encoded', () => {
  assert.throws(() => new TransferBatchBuilder().encode(), { name: 'AssertionFailed' });
  assert.throws(() => new AccountBatchBuilder().encode(), { name: 'AssertionFailed' });
  assert.throws(() => new TransferBatchBuilder(8191), { name: 'AssertionFailed' });
});
