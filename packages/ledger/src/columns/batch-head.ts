import { batchMalformed } from '../ledger-error.ts';
import { maxBatchEvents } from '../model/limits.ts';
import type { Column } from './column.ts';

/* A batch: u8 version, u8 kind, u16 events, u16 presence of columns, then these, in order. */

/** What stands in a batch's first byte. */
export const batchVersion = 1;

/** What a batch holds, and what an answer is: the second byte. */
export const BatchKind = { transfers: 1, accounts: 2, results: 3 } as const;

/** Bytes before the first column. */
export const batchHeadBytes = 6;

/** A batch's bytes as a whole. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * Takes a batch apart into `columns`, one for each bit of its mask, the lowest first.
 *
 * @param allowedMask the columns that may be present
 * @returns the number of events
 * @throws LedgerError `LEDGER_BATCH_MALFORMED`
 */
export function parseBatch(
  bytes: Uint8Array,
  kind: number,
  allowedMask: number,
  columns: readonly Column[],
): number {
  if (bytes.length < batchHeadBytes) batchMalformed('head', 'it ends too early', bytes.length);
  const view = viewOf(bytes);
  const version = view.getUint8(0);
  if (version !== batchVersion) batchMalformed('version', `unknown version ${version}`, 0);
  const found = view.getUint8(1);
  if (found !== kind) batchMalformed('kind', `kind ${found} where ${kind} is expected`, 1);
  const count = view.getUint16(2, true);
  if (count === 0) batchMalformed('count', 'no events', 2);
  if (count > maxBatchEvents) {
    batchMalformed('count', `${count} events where ${maxBatchEvents} is the most`, 2);
  }
  const mask = view.getUint16(4, true);
  const unknown = mask & ~allowedMask;
  if (unknown !== 0) batchMalformed('columns', `columns that have no place here: ${unknown}`, 4);
  let at = batchHeadBytes;
  for (let bit = 0; bit < columns.length; bit++) {
    const column = columns[bit] as Column;
    if ((mask & (1 << bit)) === 0) column.setAbsent(count);
    else at = column.parse(view, at, count);
  }
  if (at < bytes.length) batchMalformed('end', `${bytes.length - at} bytes too many`, at);
  return count;
}
