import { BoltReader } from '../core/bolt/bolt-reader.ts';
import { readOrigin } from '../core/database/database-origin.ts';
import { type DatabaseStatus, databaseStatus } from '../core/database/database-status.ts';
import { hashOf } from '../core/hash-kv.ts';
import { ServerError } from '../core/server-error.ts';
import { loadState } from './load-state.ts';
import { type SnapshotFile, withSnapshotFile } from './snapshot-file.ts';

/** What one can say of a snapshot file without a cluster. */
export interface SnapshotStatus extends DatabaseStatus {
  /** Of the database, hex digits. */
  readonly sha256: string;
  /** Whose it is, 16 hex digits; null: it is of an etcd, or of an early release. */
  readonly clusterId: string | null;
  /** Null: the file has none, as a copy of an etcd's own database. */
  readonly isHashGood: boolean | null;
}

/** What a file was found to hold when all of it was read. */
export interface VerifiedSnapshot extends SnapshotStatus {
  readonly pages: number;
  /** Writes and deletions that can be read. */
  readonly records: number;
  readonly compactedRevision: number;
  readonly keys: number;
  readonly leases: number;
  readonly users: number;
  readonly roles: number;
  /** What HashKV answers at a member that has this state. */
  readonly hashKv: number;
}

/** @throws ServerError SERVER_SNAPSHOT_INVALID: it is none, or is damaged where that shows */
export function snapshotStatus(path: string): Promise<SnapshotStatus> {
  return withSnapshotFile(path, statusOf);
}

/**
 * Reads all of a file: its hash, every page, every record, and that a member could go on from it.
 * Takes as much memory as a member with this state.
 *
 * @throws ServerError SERVER_SNAPSHOT_INVALID: a restore would fail, or restore something else
 */
export function verifySnapshot(path: string): Promise<VerifiedSnapshot> {
  return withSnapshotFile(path, (file) => {
    const status = statusOf(file);
    if (status.isHashGood === false) throw wrongHash(path);
    const pages = new BoltReader(file).checkPages();
    const { machine, store, records } = loadState(file);
    const { revision, compactedRevision, keys, leases } = store.stats;
    const { users, roles } = machine.auth.table();
    const history = store.history();
    const hashKv = hashOf(history);
    history.release();
    return {
      ...status,
      revision,
      pages,
      records,
      compactedRevision,
      keys,
      leases,
      users: users.size,
      roles: roles.size,
      hashKv,
    };
  });
}

function statusOf(file: SnapshotFile): SnapshotStatus {
  const { sha256, isGood } = file.checkHash();
  const { clusterId } = readOrigin(file);
  return { ...databaseStatus(file), sha256, clusterId, isHashGood: isGood };
}

/** @returns that a file is not what was saved */
export function wrongHash(path: string): ServerError<'SERVER_SNAPSHOT_INVALID'> {
  const reason = 'the SHA-256 at its end is not that of what is before it';
  const message = `${path} is damaged: ${reason}; save the snapshot again, or take another one`;
  return new ServerError('SERVER_SNAPSHOT_INVALID', message, { reason });
}
