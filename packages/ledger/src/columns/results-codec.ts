import { assert } from '@quorate/base';
import { resultsMalformed } from '../ledger-error.ts';
import { maxBatchEvents, maxUint64 } from '../model/limits.ts';
import { BatchKind, batchVersion, viewOf } from './batch-head.ts';

/*
 * Little-endian: u8 version, u8 kind, u16 events, u64 timestamp of the first event, u16 failures,
 * then of each failure, in the order of their indexes: u16 index less the index before (the first:
 * its index), u8 result.
 */

/** An event of a batch that was not carried out. */
export interface BatchFailure {
  /** Of the event in its batch, from 0. */
  readonly index: number;
  /** Of `TransferResult` or `AccountResult`; never 0. */
  readonly result: number;
}

/** What became of a batch; the events that are not named were carried out. */
export interface BatchResults {
  /** Events in the batch, failed ones included. */
  readonly count: number;
  /** Of the first event, in nanoseconds since the Unix epoch; event i has this + i. */
  readonly timestamp: bigint;
  /** In the order of their indexes. */
  readonly failures: readonly BatchFailure[];
}

const headBytes = 14;
const failureBytes = 3;

/**
 * @param codes of each of the `count` events its result, 0 when it was carried out
 * @param timestamp of the first event, in nanoseconds
 */
export function encodeResults(
  codes: Uint8Array,
  count: number,
  timestamp: bigint,
): Uint8Array<ArrayBuffer> {
  assert(count <= maxBatchEvents && count <= codes.length, 'each event has a result');
  assert(timestamp >= 0n && timestamp <= maxUint64, 'a timestamp has 64 bits');
  let failures = 0;
  for (let i = 0; i < count; i++) failures += codes[i] === 0 ? 0 : 1;
  const bytes = new Uint8Array(headBytes + failures * failureBytes);
  const view = viewOf(bytes);
  view.setUint8(0, batchVersion);
  view.setUint8(1, BatchKind.results);
  view.setUint16(2, count, true);
  view.setBigUint64(4, timestamp, true);
  view.setUint16(12, failures, true);
  if (failures === 0) return bytes;
  let before = 0;
  for (let i = 0, at = headBytes; i < count; i++) {
    const code = codes[i] as number;
    if (code === 0) continue;
    view.setUint16(at, i - before, true);
    view.setUint8(at + 2, code);
    before = i;
    at += failureBytes;
  }
  return bytes;
}

/** @throws LedgerError `LEDGER_RESULTS_MALFORMED` */
export function decodeResults(bytes: Uint8Array): BatchResults {
  if (bytes.length < headBytes) resultsMalformed('it ends too early', bytes.length);
  const view = viewOf(bytes);
  const version = view.getUint8(0);
  if (version !== batchVersion) resultsMalformed(`unknown version ${version}`, 0);
  const kind = view.getUint8(1);
  if (kind !== BatchKind.results) resultsMalformed(`kind ${kind} is no answer`, 1);
  const count = view.getUint16(2, true);
  if (count > maxBatchEvents) resultsMalformed(`${count} events are too many`, 2);
  const announced = view.getUint16(12, true);
  const end = headBytes + announced * failureBytes;
  if (end > bytes.length) resultsMalformed(`${end - bytes.length} bytes are missing`, 12);
  if (end < bytes.length) resultsMalformed(`${bytes.length - end} bytes too many`, end);
  const failures: BatchFailure[] = [];
  let index = 0;
  for (let at = headBytes; at < end; at += failureBytes) {
    const step = view.getUint16(at, true);
    if (step === 0 && at > headBytes) resultsMalformed('an event fails twice', at);
    index += step;
    if (index >= count) resultsMalformed(`event ${index} where there are ${count}`, at);
    const result = view.getUint8(at + 2);
    if (result === 0) resultsMalformed('a failure without a reason', at + 2);
    failures.push({ index, result });
  }
  return { count, timestamp: view.getBigUint64(4, true), failures };
}
