import { present } from '@quorate/base';
import fc from 'fast-check';
import { AccountBatchBuilder } from '../../src/columns/account-batch-builder.ts';
import { TransferBatchBuilder } from '../../src/columns/transfer-batch-builder.ts';
import type { NewAccount } from '../../src/model/account.ts';
import type { NewTransfer } from '../../src/model/transfer.ts';
import { columnValues, unsigned } from './column-values.ts';
import { columnBytes, littleEndian, readColumn, shortestForm } from './reference-columns.ts';

/** The columns of transfers by bit, and how many bytes a value has. */
export const transferFields = [
  ['id', 16],
  ['debitAccountId', 16],
  ['creditAccountId', 16],
  ['amount', 16],
  ['pendingId', 16],
  ['userData128', 16],
  ['userData64', 8],
  ['userData32', 4],
  ['timeout', 4],
  ['ledger', 4],
  ['code', 2],
  ['flags', 2],
] as const;

/** The columns of accounts by bit. */
export const accountFields = [
  ['id', 16],
  ['userData128', 16],
  ['userData64', 8],
  ['userData32', 4],
  ['ledger', 4],
  ['code', 2],
  ['flags', 2],
] as const;

type Fields = readonly (readonly [name: string, bytes: number])[];

/** A batch as its columns' values, by bit; null: absent. */
export type Values = readonly (readonly bigint[] | null)[];

/** What a batch should be encoded as. */
export function batchBytes(kind: number, count: number, columns: Values): Uint8Array {
  let mask = 0;
  const bytes: number[] = [];
  for (const [bit, values] of columns.entries()) {
    if (values === null || values.every((value) => value === 0n)) continue;
    mask |= 1 << bit;
    for (const byte of columnBytes(shortestForm(values))) bytes.push(byte);
  }
  const head = [1, kind, ...littleEndian(BigInt(count), 2), ...littleEndian(BigInt(mask), 2)];
  return Uint8Array.from([...head, ...bytes]);
}

/** What is in a batch, which is taken to be right. */
export function readBatch(bytes: Uint8Array, columns: number): Values {
  const count = (bytes[2] as number) + (bytes[3] as number) * 256;
  const mask = (bytes[4] as number) + (bytes[5] as number) * 256;
  let at = 6;
  return Array.from({ length: columns }, (_, bit) => {
    if ((mask & (1 << bit)) === 0) return null;
    const { values, end } = readColumn(bytes, at, count);
    at = end;
    return values;
  });
}

/** Makes events of columns; a value of a narrow column becomes a number. */
function eventsOf<Event>(fields: Fields, columns: Values, count: number): Event[] {
  return Array.from({ length: count }, (_, i) => {
    const entries = fields.map(([name, bytes], bit) => {
      const value = columns[bit]?.[i] ?? 0n;
      return [name, bytes <= 4 ? Number(value) : value];
    });
    return Object.fromEntries(entries) as Event;
  });
}

/** Of `count` events the columns' values. */
export function columnsOf(fields: Fields, events: readonly object[]): Values {
  return fields.map(([name]) =>
    events.map((event) => {
      const value: unknown = Reflect.get(event, name);
      return typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : 0n;
    }),
  );
}

function columnsArbitrary(fields: Fields): fc.Arbitrary<{ columns: Values; count: number }> {
  return fc.integer({ min: 1, max: 30 }).chain((count) => {
    const column = (bytes: number) =>
      fc.option(
        columnValues(bytes, 30).map((values) =>
          Array.from({ length: count }, (_, i) => present(values[i % values.length], 'a value')),
        ),
      );
    return fc.record({
      columns: fc.tuple(...fields.map(([, bytes]) => column(bytes))),
      count: fc.constant(count),
    });
  });
}

/** Of any values: what they mean does not matter to a batch. */
export const transfers: fc.Arbitrary<NewTransfer[]> = columnsArbitrary(transferFields).map(
  ({ columns, count }) => eventsOf<NewTransfer>(transferFields, columns, count),
);

export const accounts: fc.Arbitrary<NewAccount[]> = columnsArbitrary(accountFields).map(
  ({ columns, count }) => eventsOf<NewAccount>(accountFields, columns, count),
);

/** One transfer with some fields left out. */
export const transfer: fc.Arbitrary<NewTransfer> = fc.record(
  {
    id: unsigned(16),
    debitAccountId: unsigned(16),
    creditAccountId: unsigned(16),
    amount: unsigned(16),
    pendingId: unsigned(16),
    userData64: unsigned(8),
    timeout: unsigned(4).map(Number),
    ledger: unsigned(4).map(Number),
    code: unsigned(2).map(Number),
    flags: unsigned(2).map(Number),
  },
  { requiredKeys: ['id', 'debitAccountId', 'creditAccountId', 'amount', 'ledger', 'code'] },
);

export function encodeTransfers(events: readonly NewTransfer[]): Uint8Array {
  const builder = new TransferBatchBuilder();
  for (const event of events) builder.add(event);
  return builder.encode();
}

export function encodeAccounts(events: readonly NewAccount[]): Uint8Array {
  const builder = new AccountBatchBuilder();
  for (const event of events) builder.add(event);
  return builder.encode();
}
