import { hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { clusterIdOf, makeDirectory, memberIdOf, seedNode } from '@quorate/node';
import { type Configuration, majorityConfiguration, type NodeId } from '@quorate/schema';
import { type DatabaseOrigin, readOrigin } from '../core/database/database-origin.ts';
import { apiIdOf } from '../core/member-id.ts';
import { ServerError } from '../core/server-error.ts';
import { groupName } from '../etcd-server.ts';
import type { MemberConfig } from '../server.ts';
import { wrongHash } from './inspect-snapshot.ts';
import { loadState } from './load-state.ts';
import { type RestoredNote, restoredName, unfinishedName, writeNote } from './restored-note.ts';
import { type SnapshotFile, withSnapshotFile } from './snapshot-file.ts';

/** What a data directory is to be made of, for which member. */
export interface RestoreOptions {
  readonly file: string;
  /** New or empty. */
  readonly dataDirectory: string;
  readonly name: string;
  /** Every founder of the new cluster, this one included. */
  readonly members: readonly MemberConfig[];
  readonly clusterToken: string;
  /** Take a file without a SHA-256 at its end. */
  readonly skipHashCheck?: boolean;
  /** So many revisions are left out, and those before compacted; the same on every founder. */
  readonly bumpRevision?: number;
  /**
   * The id, 16 hex digits, of the cluster that the file was saved from, which is dead for good: the
   * member goes on as that cluster, alone. Left out: as a new cluster.
   */
  readonly fence?: string;
}

/** Ids are 16 hex digits. */
export interface RestoreReport extends RestoredNote {
  readonly memberId: string;
  readonly keys: number;
  readonly leases: number;
  readonly users: number;
}

/** Where a new cluster's log begins. */
const firstPosition = { index: 1, term: 1 };

/**
 * By how much a cluster that keeps its identity goes ahead of what the old one can have reached: no
 * log of the old one is ever as far as its own, and no vote of the old one of a term as high.
 */
const aheadIndexes = 2 ** 40;
const aheadTerms = 2 ** 32;

/**
 * Makes the data directory of one founder of a cluster that goes on from a file's state. Each
 * founder restores the same file, with the same members and token: what is decided here follows
 * from those alone, so they agree.
 *
 * @throws ServerError SERVER_SNAPSHOT_INVALID, SERVER_RESTORE_REFUSED
 * @throws StorageError, FileSystemError or the system's error when the directory cannot be written
 */
export async function restoreSnapshot(options: RestoreOptions): Promise<RestoreReport> {
  const { file, dataDirectory, name, members, clusterToken } = options;
  if (!members.some((member) => member.name === name)) {
    throw refused(`${name} is none of the members ${members.map((one) => one.name).join(', ')}`);
  }
  refuseData(dataDirectory);
  return withSnapshotFile(file, async (opened) => {
    const sha256 = checkedHash(opened, file, options.skipHashCheck === true);
    const bumpRevision = options.bumpRevision ?? 0;
    const origin = readOrigin(opened);
    const { machine, store } = loadState(opened, bumpRevision);
    const ids = members.map((member) => memberIdOf(clusterToken, member.name));
    const nodeId = memberIdOf(clusterToken, name);
    const seed =
      options.fence === undefined
        ? newIdentity(clusterIdOf(clusterToken, ids), ids, `${sha256} ${bumpRevision}`)
        : oldIdentity(options.fence, nodeId, ids, origin);
    const note: RestoredNote = {
      clusterId: seed.clusterId,
      sha256,
      revision: store.stats.revision,
      bumpRevision,
      fromClusterId: origin.clusterId,
      isIdentityKept: options.fence !== undefined,
      at: new Date().toISOString(),
    };
    await build(dataDirectory, (directory) =>
      seedNode({
        dataDirectory: directory,
        clusterId: seed.clusterId,
        nodeId,
        group: groupName,
        snapshot: seed.snapshot,
        content: machine.snapshot(),
        log: { level: 'warn', format: 'logfmt' },
      }).then(() => writeNote(directory, note)),
    );
    const { keys, leases } = store.stats;
    const users = machine.auth.table().users.size;
    return { ...note, memberId: apiIdOf(nodeId).toString(16), keys, leases, users };
  });
}

interface Seed {
  readonly clusterId: string;
  readonly snapshot: Parameters<typeof seedNode>[0]['snapshot'];
}

/**
 * Another cluster than one that begins empty with the same members and token, and than one that
 * begins from another file: members of those are no peers of this one.
 */
function newIdentity(named: string, ids: readonly NodeId[], content: string): Seed {
  const text = `quorate restored cluster ${named} ${content}`;
  const configuration = majorityConfiguration(ids.toSorted((a, b) => a - b));
  return {
    clusterId: hash('sha256', text, 'hex').slice(0, 16),
    snapshot: { ...firstPosition, configuration: () => configuration },
  };
}

function oldIdentity(
  fence: string,
  nodeId: NodeId,
  ids: readonly NodeId[],
  origin: DatabaseOrigin,
): Seed {
  const { clusterId } = origin;
  if (clusterId === null) {
    throw refused('the file does not say which cluster it is from; restore it as a new cluster');
  }
  if (clusterId !== fence) {
    throw refused(`the file is from cluster ${clusterId}, not from ${fence}`);
  }
  if (ids.length > 1) {
    throw refused('who keeps an identity begins alone; name no other member, and add them later');
  }
  // Its own incarnation is known from the start: the node that it was before is not taken for it.
  const configuration = (incarnation: number): Configuration => {
    const described = { locality: '', address: '', priority: 0, witness: false, promote: false };
    const members = [{ id: nodeId, incarnation, ...described }];
    return { ...majorityConfiguration([nodeId]), members };
  };
  const index = origin.appliedIndex + aheadIndexes;
  const term = origin.term + aheadTerms;
  return { clusterId, snapshot: { index, term, configuration } };
}

function checkedHash(file: SnapshotFile, path: string, skip: boolean): string {
  const { sha256, isGood } = file.checkHash();
  if (isGood === false && !skip) throw wrongHash(path);
  if (isGood !== null || skip) return sha256;
  throw refused(
    `${path} has no SHA-256 at its end, so it was not saved through the API; ` +
      'when it is a copy of the database of an etcd that was stopped, skip the check of the hash',
  );
}

/** What may be there already: what a new file system has, and what is hidden. */
function refuseData(directory: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
  }
  const found = names.find((one) => one !== 'lost+found' && !one.startsWith('.'));
  if (found === undefined) return;
  throw refused(`the data directory ${directory} is not empty: it holds ${found}; name a new one`);
}

/** In the order in which they move: as long as only some of them are there, no node starts. */
const parts = ['wal', 'snapshots', 'log-begun', restoredName, 'identity'];

/** Builds the data directory hidden inside itself, and moves it up when it is whole. */
async function build(directory: string, make: (hidden: string) => Promise<unknown>): Promise<void> {
  const hidden = join(directory, unfinishedName);
  // What an attempt that was killed has left.
  rmSync(hidden, { recursive: true, force: true });
  // Before any work: from now on nobody founds an empty cluster in it.
  makeDirectory(hidden, 0o700);
  try {
    await make(hidden);
    for (const part of parts) {
      renameSync(join(hidden, part), join(directory, part));
      syncDirectory(directory);
    }
  } finally {
    rmSync(hidden, { recursive: true, force: true });
  }
  syncDirectory(join(directory, '..'));
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function refused(reason: string): ServerError<'SERVER_RESTORE_REFUSED'> {
  const message = `nothing was restored: ${reason}`;
  return new ServerError('SERVER_RESTORE_REFUSED', message, { reason });
}
