import type { Checksum } from '@quorate/base';
import { HistoryLoader, KvError } from '@quorate/kv';
import { decodeMessage, etcd } from '@quorate/schema';
import { type Alarm, isKnownAlarm } from '../alarms.ts';
import type { AuthTable } from '../auth/auth-format.ts';
import { BoltReader, type ReadableFile } from '../bolt/bolt-reader.ts';
import { ServerError } from '../server-error.ts';
import { readAuth } from './database-auth.ts';
import { buckets, metaKeys, readRevisionKey } from './database-format.ts';

/** What an etcd's database holds, in the form in which replicas take it over. */
export interface DatabaseState {
  /** Of the key-value store; to be drawn to its end. */
  readonly store: Iterator<Uint8Array, void>;
  readonly auth: AuthTable;
  readonly alarms: readonly Alarm[];
  readonly records: number;
  readonly leases: number;
}

/**
 * Reads a database file that an etcd of release 3.4 or later saved, or this server. What concerns
 * the cluster it came from, its members and its place in their log, is left behind.
 *
 * @param bumpRevision so many revisions are left out behind the last one, and all before them is
 *   compacted: no client then finds at a revision something else than it knows of it
 * @throws ServerError SERVER_SNAPSHOT_INVALID
 */
export function readDatabase(
  file: ReadableFile,
  checksum: Checksum,
  bumpRevision = 0,
): DatabaseState {
  const reader = new BoltReader(file);
  try {
    const loader = new HistoryLoader(compactedRevision(reader));
    let leases = 0;
    for (const { value } of reader.entries(buckets.lease)) {
      const lease = message(etcd.LeaseCheckpoint, value, 'a lease');
      // etcd's message of a lease has the time to live where this one has what is left of it.
      loader.lease(lease.ID, lease.remainingTTL);
      leases += 1;
    }
    let records = 0;
    for (const { key, value } of reader.entries(buckets.key)) {
      const revision = readRevisionKey(key);
      if (revision === null) throw invalid('a key of the store is no revision');
      const keyValue = message(etcd.KeyValue, value, `revision ${revision.revision}`);
      const isDeletion = revision.isDeletion;
      loader.record({ ...revision, key: keyValue.key, keyValue: isDeletion ? null : keyValue });
      records += 1;
    }
    const auth = readAuth(
      reader.entries(buckets.auth),
      reader.entries(buckets.authUsers),
      reader.entries(buckets.authRoles),
    );
    if (auth === null) throw invalid('a user, a role or the auth revision is malformed');
    const alarms = readAlarms(reader);
    return { store: loader.finish(checksum, bumpRevision), auth, alarms, records, leases };
  } catch (error) {
    if (error instanceof KvError) throw invalid(error.message);
    throw error;
  }
}

function compactedRevision(reader: BoltReader): number {
  let revision = -1;
  for (const { key, value } of reader.entries(buckets.meta)) {
    const name = new TextDecoder().decode(key);
    // A compaction that had begun and not ended counts: what it was to drop cannot be read there.
    const isCompaction = compactions.has(name);
    const read = isCompaction ? readRevisionKey(value) : null;
    if (isCompaction && read === null) throw invalid(`${name} is no revision`);
    revision = Math.max(revision, read?.revision ?? -1);
  }
  return revision;
}

function readAlarms(reader: BoltReader): Alarm[] {
  const alarms: Alarm[] = [];
  for (const { key } of reader.entries(buckets.alarm)) {
    const { memberID, alarm: type } = message(etcd.AlarmMember, key, 'an alarm');
    if (!isKnownAlarm(type)) throw invalid(`an alarm is of the unknown type ${type}`);
    alarms.push({ member: memberID, type });
  }
  return alarms;
}

const compactions: ReadonlySet<string> = new Set(
  [metaKeys.finishedCompaction, metaKeys.scheduledCompaction].map((name) =>
    new TextDecoder().decode(name),
  ),
);

function message<T>(
  codec: Parameters<typeof decodeMessage<T>>[0],
  bytes: Uint8Array,
  what: string,
) {
  const read = decodeMessage(codec, bytes);
  if (read === null) throw invalid(`${what} is malformed`);
  return read;
}

function invalid(reason: string): ServerError<'SERVER_SNAPSHOT_INVALID'> {
  const text = `the database cannot be taken over: ${reason}; save the snapshot again`;
  return new ServerError('SERVER_SNAPSHOT_INVALID', text, { reason });
}
