import { compareBytes } from '@quorate/base';
import type { HistoryRecord } from '@quorate/kv';
import { encodeMessage, etcd } from '@quorate/schema';
import type { Alarm } from '../alarms.ts';
import type { AuthTable } from '../auth/auth-format.ts';
import type { BoltEntry } from '../bolt/bolt-reader.ts';
import { BoltWriter } from '../bolt/bolt-writer.ts';
import { authEntries, roleEntry, userEntry } from './database-auth.ts';
import { bigEndian, buckets, metaKeys, revisionKey } from './database-format.ts';

/** As much of values is written between two turns of others. */
const sliceBytes = 1024 * 1024;

/** What of the state goes into the file, as it was at one moment; it can be drawn several times. */
export interface DatabaseContent {
  /** 16 hex digits; told to those who want to go on as this cluster. */
  readonly clusterId: string;
  readonly appliedIndex: number;
  readonly term: number;
  /** -1 before the first compaction. */
  readonly compactedRevision: number;
  /** Null wherever others may have a turn. */
  records(): Iterable<HistoryRecord | null>;
  readonly auth: AuthTable;
  readonly leases: readonly { readonly id: bigint; readonly ttlSeconds: number }[];
  readonly alarms: readonly Alarm[];
}

/** What goes before all that was emitted, and how long the file is. */
export interface DatabaseHead {
  readonly head: Uint8Array;
  readonly bytes: number;
}

/**
 * Writes the state as etcd's own database file, from its third page on; the head comes last. The
 * bytes are the same each time.
 *
 * @param emit given the pages in order; they are its own
 * @returns a generator that yields wherever others may have a turn
 */
export function* writeDatabase(
  content: DatabaseContent,
  emit: (bytes: Uint8Array) => void,
): Generator<void, DatabaseHead> {
  const writer = new BoltWriter(emit);
  // In the order of the names. Empty ones are there too: etcd makes them all at its first start.
  writer.bucket(buckets.alarm);
  put(writer, content.alarms.map(alarmEntry).sort(byKey));
  writer.bucket(buckets.auth);
  put(writer, authEntries(content.auth));
  writer.bucket(buckets.authRoles);
  put(writer, [...content.auth.roles.values()].map(roleEntry).sort(byKey));
  writer.bucket(buckets.authUsers);
  put(writer, [...content.auth.users.values()].map(userEntry).sort(byKey));
  writer.bucket(buckets.key);
  let bytes = 0;
  for (const record of content.records()) {
    if (record !== null) {
      const value = recordValue(record);
      writer.put(recordKey(record), value);
      bytes += value.length;
    }
    if (record !== null && bytes < sliceBytes) continue;
    bytes = 0;
    yield;
  }
  writer.bucket(buckets.lease);
  for (const lease of content.leases.toSorted(byIdOnDisk)) {
    writer.put(bigEndian(lease.id), leaseValue(lease));
  }
  writer.bucket(buckets.meta);
  writer.put(metaKeys.consistentIndex, bigEndian(BigInt(content.appliedIndex)));
  const compacted = content.compactedRevision;
  const revision = revisionKey({ revision: Math.max(0, compacted), sub: 0, isDeletion: false });
  if (compacted >= 0) writer.put(metaKeys.finishedCompaction, revision);
  writer.put(metaKeys.cluster, new TextEncoder().encode(content.clusterId));
  if (compacted >= 0) writer.put(metaKeys.scheduledCompaction, revision);
  writer.put(metaKeys.term, bigEndian(BigInt(content.term)));
  return writer.finish();
}

function put(writer: BoltWriter, entries: readonly BoltEntry[]): void {
  for (const { key, value } of entries) writer.put(key, value);
}

function byKey(a: BoltEntry, b: BoltEntry): number {
  return compareBytes(a.key, b.key);
}

function recordKey({ revision, sub, keyValue }: HistoryRecord): Uint8Array {
  return revisionKey({ revision, sub, isDeletion: keyValue === null });
}

function recordValue({ key, keyValue }: HistoryRecord): Uint8Array {
  return encodeMessage(etcd.KeyValue, keyValue ?? { key });
}

/** The message is the key, and nothing the value. */
function alarmEntry({ member, type }: Alarm): BoltEntry {
  const key = encodeMessage(etcd.AlarmMember, { memberID: member, alarm: type });
  return { key, value: new Uint8Array(0) };
}

/** As bytes: negative ids come after positive ones. */
function byIdOnDisk(a: { readonly id: bigint }, b: { readonly id: bigint }): number {
  return BigInt.asUintN(64, a.id) < BigInt.asUintN(64, b.id) ? -1 : 1;
}

/** etcd's own message for a lease is none of its API; this one has the same two fields first. */
function leaseValue({ id, ttlSeconds }: DatabaseContent['leases'][number]): Uint8Array {
  return encodeMessage(etcd.LeaseCheckpoint, { ID: id, remainingTTL: ttlSeconds });
}
