import type { HardState, SnapshotMeta } from '@quorate/schema';
import { getSafeInteger } from '../fixed-integers.ts';
import { getSnapshotMeta } from '../snapshot-meta-bytes.ts';
import type { GroupState } from './group-table.ts';
import type { WalRecord } from './segment-bytes.ts';
import { groupStateHeadBytes } from './wal-format.ts';

/** Says what is wrong with a record whose checksum is right. */
export class ReplayProblem extends Error {
  override readonly name = 'ReplayProblem';
}

/** @throws ReplayProblem */
export function expectBytes(record: WalRecord, bytes: number, what: string): void {
  if (record.end - record.body !== bytes) throw new ReplayProblem(`${what} has a wrong length`);
}

/** @throws ReplayProblem */
export function readInteger(view: DataView, offset: number): number {
  return asInteger(getSafeInteger(view, offset), 'a number');
}

/** @throws ReplayProblem */
export function asInteger(value: number, what: string): number {
  if (value < 0) throw new ReplayProblem(`${what} is out of range`);
  return value;
}

/** @throws ReplayProblem */
export function readHardState(view: DataView, offset: number): HardState {
  return {
    term: readInteger(view, offset),
    votedFor: readInteger(view, offset + 8),
    commitIndex: readInteger(view, offset + 16),
  };
}

/** @throws ReplayProblem */
export function readMeta(view: DataView, offset: number, end: number): SnapshotMeta {
  const meta = getSnapshotMeta(view, offset, end);
  if (!meta) throw new ReplayProblem('the snapshot pointer is malformed');
  return meta;
}

/** @throws ReplayProblem */
export function readGroupState(view: DataView, record: WalRecord): GroupState {
  const { group, body, end } = record;
  const head = body + groupStateHeadBytes;
  if (head > end) throw new ReplayProblem('the group state is cut short');
  const state: GroupState = {
    group,
    hardState: readHardState(view, body),
    logStart: { index: readInteger(view, body + 24), term: readInteger(view, body + 32) },
    lastIndex: readInteger(view, body + 40),
    snapshot: head === end ? null : readMeta(view, head, end),
    repairUntil: 0,
  };
  if (state.lastIndex < state.logStart.index) {
    throw new ReplayProblem(`the log of group ${group} ends before it begins`);
  }
  return state;
}
