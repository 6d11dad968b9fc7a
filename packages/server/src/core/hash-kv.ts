import { portableChecksum } from '@quorate/base';
import type { History, HistoryRecord } from '@quorate/kv';
import { bigEndian } from './database/database-format.ts';

/**
 * What HashKV says of the records so far, with one more. What is left of deletions before the
 * compacted revision differs between replicas: it does not count.
 */
export function withRecord(hash: number, record: HistoryRecord, compactedRevision: number): number {
  const { revision, key, keyValue } = record;
  if (keyValue === null && revision <= compactedRevision) return hash;
  const { crc32 } = portableChecksum;
  const isLive = keyValue === null ? 0 : 1;
  let sum = crc32(bigEndian(BigInt(2 * revision + isLive)), hash);
  sum = crc32(key, sum);
  return keyValue === null ? sum : crc32(keyValue.value, sum);
}

/** What HashKV answers for all of a history, in one go. */
export function hashOf(history: History): number {
  let hash = 0;
  for (const record of history.records()) {
    if (record !== null) hash = withRecord(hash, record, history.compactedRevision);
  }
  return hash;
}
