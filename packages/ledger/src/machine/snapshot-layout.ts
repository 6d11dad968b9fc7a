/**
 * A snapshot of a ledger is records, cut as `RecordWriter` says, in this order; integers are
 * little-endian:
 *
 *     head       u8 version, u64 last timestamp, f64 batches, accounts, transfers, history rows
 *     accounts   blocks as `account-block.ts` says
 *     chunk      transfers as `sealed-chunk.ts` says; all full but the last
 *     statuses   u32 chunk, then a byte a row, of chunks that have pending transfers
 *     history    up to 4,096 rows: u32 slot, f64 micros, u16 nanos, four balances of 16 bytes
 *     newest     up to 8,192 times u32 slot, f64 the newest row of its history; in checkpoints
 *     idRuns     up to 8,192 times 16 bytes first id, f64 position, f64 length
 *     idRun      u8 level of a sorted run of ids, whose segments follow
 *     idSegment  as `segment-writer.ts` says
 *     ids        up to 8,192 times 16 bytes id, f64 position, or -2 for one that is only kept
 *     farLinks   up to 8,192 times f64 position * 2 + side, f64 position
 *     end        nothing
 *
 * A checkpoint, which only the node that made it can read, is the same, but for records with
 * `storedMark` added to their kind: their bytes are a place in the node's parts, f64 file, f64
 * offset, u32 length, u32 crc, at which the record's bytes lie; stored history is always
 * 16,384 rows, as `history-chunk.ts` says. Those of stored statuses go on with u32 chunk, and, for
 * each row that was open when they were stored, ascending, u16 row, u8 its status now.
 */
export const RecordKind = {
  head: 0,
  accounts: 1,
  chunk: 2,
  statuses: 3,
  history: 4,
  newest: 5,
  idRuns: 6,
  idRun: 7,
  idSegment: 8,
  ids: 9,
  farLinks: 10,
  end: 11,
} as const;

export const storedMark = 0x80;

export const snapshotVersion = 2;
export const snapshotHeadBytes = 41;
export const historyRowBytes = 78;
export const newestBytes = 12;
export const idRunBytes = 32;
export const idBytes = 24;
export const linkBytes = 16;
export const historyRowsPerRecord = 4096;
/** Of all other kinds that have rows; few enough that one record is drawn in a moment. */
export const rowsPerRecord = 8192;
