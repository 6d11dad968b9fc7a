import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { equalBytes } from '@quorate/base';
import { ColumnWriter } from '../src/columns/column-writer.ts';
import { replaceAccountColumns } from '../src/columns/replace-account-columns.ts';
import { TransferColumns } from '../src/columns/transfer-columns.ts';
import { LedgerError } from '../src/ledger-error.ts';
import { encodeTransfers } from '../test/columns/batches.ts';
import { formsOf, judgeColumn } from './judged-columns.ts';
import { sampleTransferBatch } from './samples.ts';

const idOf = (slot: number) => BigInt(slot);
const judgedEvents = 100;

/** What fails here was accepted before: that is a finding, whatever the error's class. */
function again<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  }
}

function run(input: Uint8Array) {
  const columns = new TransferColumns();
  columns.parse(input, { allowSlots: true });
  for (const column of columns.columns) judgeColumn(column, input);
  const hasSlots = columns.debitSlot.isPresent || columns.creditSlot.isPresent;
  const judged = Math.min(columns.count, judgedEvents);
  const events = Array.from({ length: judged }, (_, i) => columns.transferAt(i, idOf));
  const second = new TransferColumns();
  again('built again, it is refused', () => {
    second.parse(encodeTransfers(events), { allowSlots: false });
  });
  const read = events.map((_, i) => second.transferAt(i));
  assert.ok(isDeepStrictEqual(read, events), 'transfers do not survive a round trip');
  if (!hasSlots) again('in the form of the log, it is refused', () => checkLogForm(columns));
  return { accepted: true, behaviour: `${hasSlots ? 'slots' : 'ids'} ${formsOf(columns.columns)}` };
}

function checkLogForm(columns: TransferColumns): void {
  const writer = new ColumnWriter(64);
  const slots = Uint32Array.from({ length: columns.count }, (_, i) => (i * 7919) % 1000);
  replaceAccountColumns(columns, slots, slots, writer);
  const replaced = new TransferColumns();
  replaced.parse(writer.take(), { allowSlots: true });
  for (const [bit, column] of columns.columns.entries()) {
    const other = replaced.columns[bit];
    if (bit === 1 || bit === 2 || bit >= 13 || other === undefined) continue;
    const bytes = columns.bytes.subarray(column.start, column.end);
    assert.ok(equalBytes(replaced.bytes.subarray(other.start, other.end), bytes), column.field);
  }
  assert.equal(replaced.creditSlot.numberAt(0), 0);
}

export const fuzzer = {
  about: 'one batch of transfers as clients or the log have it: parsed and unpacked',
  maxBytes: 65_536,
  generate: sampleTransferBatch,
  run,
  isRefusal: (error: unknown) =>
    error instanceof LedgerError && error.code === 'LEDGER_BATCH_MALFORMED',
};
