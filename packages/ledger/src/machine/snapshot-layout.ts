/**
 * A snapshot of a ledger is records, cut as `RecordWriter` says, in this order; integers are
 * little-endian:
 *
 *     head       u8 version, u64 last timestamp, f64 batches, accounts, transfers, history rows
 *     accounts   blocks as `account-block.ts` says
 *     chunk      transfers as `sealed-chunk.ts` says; all full but the last
 *     statuses   u32 chunk, then a byte a row, of chunks that have pending transfers
 *     history    up to 4,096 rows: u32 slot, f64 micros, u16 nanos, four balances of 16 bytes
 *     failedIds  up to 65,536 ids that failed transfers keep, 16 bytes each
 *     farLinks   up to 65,536 times f64 position * 2 + side, f64 position
 *     end        nothing
 */
export const RecordKind = {
  head: 0,
  accounts: 1,
  chunk: 2,
  statuses: 3,
  history: 4,
  failedIds: 5,
  farLinks: 6,
  end: 7,
} as const;

export const snapshotVersion = 1;
export const snapshotHeadBytes = 41;
export const historyRowBytes = 78;
export const historyRowsPerRecord = 4096;
export const idsPerRecord = 65_536;
export const linksPerRecord = 65_536;
