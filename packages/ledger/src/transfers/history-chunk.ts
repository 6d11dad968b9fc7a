import { snapshotInvalid } from '../ledger-error.ts';

export const chunkRecords = 16_384;

const balancesPerRecord = 4;
const wideBytes = 20;

/** Balances of accounts after changes, in the order in which these came; see `BalanceHistory`. */
export class HistoryChunk {
  readonly slots = new Uint32Array(chunkRecords);
  /** The record before it of the same account; -1: there is none. */
  readonly links = new Float64Array(chunkRecords);
  /** One further back, so that records long ago are few steps away; of the first: itself. */
  readonly jumps = new Float64Array(chunkRecords);
  /** How many records the account has before this one. */
  readonly ordinals = new Uint32Array(chunkRecords);
  readonly micros = new Float64Array(chunkRecords);
  readonly nanos = new Uint16Array(chunkRecords);
  /** Four a record, in the order of `BalanceKind`; NaN for one of 2^53 or more: `wide` has it. */
  readonly balances = new Float64Array(chunkRecords * balancesPerRecord);
  readonly wide = new Map<number, bigint>();
}

/** One record as snapshots write it. */
export interface HistoryRecord {
  readonly slot: number;
  readonly micros: number;
  readonly nanos: number;
  readonly balances: readonly bigint[];
}

/** @param row of the chunk */
export function historyRecordOf(chunk: HistoryChunk, row: number): HistoryRecord {
  const balances = [0, 1, 2, 3].map((kind) => {
    const place = row * balancesPerRecord + kind;
    return chunk.wide.get(place) ?? BigInt(chunk.balances[place] as number);
  });
  return {
    slot: chunk.slots[row] as number,
    micros: chunk.micros[row] as number,
    nanos: chunk.nanos[row] as number,
    balances,
  };
}

/*
 * A full chunk as a part: version:u32 (1), count of wide balances:u32, the columns in the order
 * below, then of each wide balance u32 place and 16 bytes. Little-endian, as the processors that
 * this runs on are: the columns are copied as they stand. Parts never leave the node.
 */
const version = 1;
const headBytes = 8;

function columnsOf(chunk: HistoryChunk): readonly (Uint32Array | Uint16Array | Float64Array)[] {
  const { links, jumps, micros, balances, slots, ordinals, nanos } = chunk;
  return [links, jumps, micros, balances, slots, ordinals, nanos];
}

const jumpsAt = headBytes + 8 * chunkRecords;
const ordinalsAt = headBytes + (8 + 8 + 8 + 8 * balancesPerRecord + 4) * chunkRecords;

/** Reads a few bytes of a part: from where, and how many. */
type ReadSome = (from: number, length: number) => Uint8Array;

/** @returns the jump of a row of a chunk that is stored */
export function storedJump(row: number, readSome: ReadSome): number {
  const bytes = readSome(jumpsAt + row * 8, 8);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
}

/** @returns the ordinal of a row of a chunk that is stored */
export function storedOrdinal(row: number, readSome: ReadSome): number {
  const bytes = readSome(ordinalsAt + row * 4, 4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
}

export function encodeHistory(chunk: HistoryChunk): Uint8Array {
  const columns = columnsOf(chunk);
  const columnBytes = columns.reduce((sum, column) => sum + column.byteLength, 0);
  const bytes = new Uint8Array(headBytes + columnBytes + chunk.wide.size * wideBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, version, true);
  view.setUint32(4, chunk.wide.size, true);
  let at = headBytes;
  for (const { buffer, byteLength } of columns) {
    bytes.set(new Uint8Array(buffer), at);
    at += byteLength;
  }
  for (const [place, balance] of chunk.wide) {
    view.setUint32(at, place, true);
    view.setBigUint64(at + 4, balance & 0xffff_ffff_ffff_ffffn, true);
    view.setBigUint64(at + 12, balance >> 64n, true);
    at += wideBytes;
  }
  return bytes;
}

/** @throws LedgerError LEDGER_SNAPSHOT_INVALID */
export function decodeHistory(bytes: Uint8Array): HistoryChunk {
  const chunk = new HistoryChunk();
  const columns = columnsOf(chunk);
  const wideAt = headBytes + columns.reduce((sum, column) => sum + column.byteLength, 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isWhole =
    bytes.length >= wideAt &&
    view.getUint32(0, true) === version &&
    bytes.length === wideAt + view.getUint32(4, true) * wideBytes;
  if (!isWhole) snapshotInvalid('a part of history has another version, or length');
  let at = headBytes;
  for (const { buffer, byteLength } of columns) {
    new Uint8Array(buffer).set(bytes.subarray(at, at + byteLength));
    at += byteLength;
  }
  for (; at < bytes.length; at += wideBytes) {
    const balance = view.getBigUint64(at + 4, true) | (view.getBigUint64(at + 12, true) << 64n);
    chunk.wide.set(view.getUint32(at, true), balance);
  }
  return chunk;
}
