import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { AccountColumns } from '../src/columns/account-columns.ts';
import { LedgerError } from '../src/ledger-error.ts';
import { encodeAccounts } from '../test/columns/batches.ts';
import { formsOf, judgeColumn } from './judged-columns.ts';
import { sampleAccountBatch } from './samples.ts';

const judgedEvents = 100;

function run(input: Uint8Array) {
  const columns = new AccountColumns();
  columns.parse(input);
  for (const column of columns.columns) judgeColumn(column, input);
  const judged = Math.min(columns.count, judgedEvents);
  const events = Array.from({ length: judged }, (_, i) => columns.accountAt(i));
  const second = new AccountColumns();
  try {
    second.parse(encodeAccounts(events));
  } catch (error) {
    throw new Error(`built again, it is refused: ${String(error)}`, { cause: error });
  }
  const read = events.map((_, i) => second.accountAt(i));
  assert.ok(isDeepStrictEqual(read, events), 'accounts do not survive a round trip');
  return { accepted: true, behaviour: formsOf(columns.columns) };
}

export const fuzzer = {
  about: 'one batch of accounts as clients have it: parsed and unpacked',
  maxBytes: 65_536,
  generate: sampleAccountBatch,
  run,
  isRefusal: (error: unknown) =>
    error instanceof LedgerError && error.code === 'LEDGER_BATCH_MALFORMED',
};
