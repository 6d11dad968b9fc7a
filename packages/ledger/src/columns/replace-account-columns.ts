import { assert } from '@quorate/base';
import { batchHeadBytes } from './batch-head.ts';
import type { ColumnWriter } from './column-writer.ts';
import { writeUint32Column } from './encode-uint32.ts';
import type { TransferColumns } from './transfer-columns.ts';

/** Accounts' places in the order of creation, one for each transfer of a batch. */
export type AccountSlots = Uint32Array | Int32Array;

const debitAccountIdBit = 1 << 1;
const creditAccountIdBit = 1 << 2;
const debitSlotBit = 1 << 13;
const creditSlotBit = 1 << 14;

/**
 * Appends to `writer` the log's form of a client's batch: accounts as slots, and everything else
 * as it is, copied as bytes.
 *
 * @param batch without slots
 * @param debitSlots one for each transfer, from 0 to 2^32 - 1; null: the ids stay
 */
export function replaceAccountColumns(
  batch: TransferColumns,
  debitSlots: AccountSlots | null,
  creditSlots: AccountSlots | null,
  writer: ColumnWriter,
): void {
  const { bytes, count, debitAccountId, creditAccountId } = batch;
  assert(count > 0, 'a batch was parsed');
  assert(!batch.debitSlot.isPresent && !batch.creditSlot.isPresent, 'ids are replaced once');
  const start = writer.length;
  let mask = (bytes[4] as number) | ((bytes[5] as number) << 8);
  if (debitSlots !== null) mask = (mask & ~debitAccountIdBit) | debitSlotBit;
  if (creditSlots !== null) mask = (mask & ~creditAccountIdBit) | creditSlotBit;

  let kept = 0;
  if (debitSlots !== null && debitAccountId.isPresent) {
    writer.copy(bytes.subarray(kept, debitAccountId.start));
    kept = debitAccountId.end;
  }
  if (creditSlots !== null && creditAccountId.isPresent) {
    writer.copy(bytes.subarray(kept, creditAccountId.start));
    kept = creditAccountId.end;
  }
  writer.copy(bytes.subarray(kept));
  assert(writer.length - start >= batchHeadBytes, 'the head is never replaced');
  writer.view.setUint16(start + 4, mask, true);
  if (debitSlots !== null) writeUint32Column(writer, debitSlots, count);
  if (creditSlots !== null) writeUint32Column(writer, creditSlots, count);
}
