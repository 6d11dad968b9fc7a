import type { AccountStore } from '../../src/accounts/account-store.ts';
import type { Column } from '../../src/columns/column.ts';
import { ColumnWriter } from '../../src/columns/column-writer.ts';
import { decodeLanes } from '../../src/columns/decode-lanes.ts';
import { replaceAccountColumns } from '../../src/columns/replace-account-columns.ts';
import { TransferColumns } from '../../src/columns/transfer-columns.ts';

/**
 * A batch of transfers as a server writes it into the log: accounts as slots, in a column in which
 * it knows all of them.
 */
export function withSlots(batch: Uint8Array, accounts: Pick<AccountStore, 'find'>): Uint8Array {
  const columns = new TransferColumns();
  columns.parse(batch, { allowSlots: false });
  const debitSlots = slotsOf(columns.debitAccountId, accounts);
  const creditSlots = slotsOf(columns.creditAccountId, accounts);
  const writer = new ColumnWriter();
  replaceAccountColumns(columns, debitSlots, creditSlots, writer);
  return writer.take();
}

function slotsOf(ids: Column, accounts: Pick<AccountStore, 'find'>): Int32Array | null {
  if (!ids.isPresent) return null;
  const lanes = new Uint32Array(ids.count * 4);
  decodeLanes(ids, lanes);
  const slots = Int32Array.from({ length: ids.count }, (_, i) => accounts.find(lanes, i * 4));
  return slots.includes(-1) ? null : slots;
}
