import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Logger } from '@quorate/base';
import { HistoryLoader, type KvStateMachine } from '@quorate/kv';
import { lockDirectory, type StoppedMember, seedNode, withStoppedMember } from '@quorate/node';
import { type Configuration, majorityConfiguration, type NodeId } from '@quorate/schema';
import { apiIdOf } from '../core/member-id.ts';
import { ServerError } from '../core/server-error.ts';
import { groupName } from '../etcd-server.ts';
import {
  type RecoveredNote,
  readRecovered,
  recoveredName,
  writeRecovered,
} from './recovered-note.ts';
import {
  type DirectoryDisk,
  directoryDisk,
  finishReplacing,
  isReplacing,
  replaceState,
} from './replace-directory.ts';
import { type ReplayedMember, replayMember } from './replay-member.ts';

/** Of which member, and to what end. */
export interface RecoverOptions {
  readonly dataDirectory: string;
  /** 16 hex digits: the cluster whose majority is gone for good. Left out: only look. */
  readonly lostQuorum?: string;
  /** So many revisions are left out, and those before compacted. */
  readonly bumpRevision?: number;
  /** Only look. */
  readonly dryRun?: boolean;
  /** For tests: what moves the parts of the directory. */
  readonly disk?: DirectoryDisk;
}

/** A member as it is named to people; `name` is empty when it never said. */
export interface NamedMember {
  /** Hex digits. */
  readonly id: string;
  readonly name: string;
}

/** What a stopped member has, and whether it can go on alone. Ids are hex digits. */
export interface RecoveryReport {
  /** `possible`: nothing was changed. `impossible`: neither, and `reason` says why. */
  readonly outcome: 'recovered' | 'possible' | 'impossible';
  readonly reason: string | null;
  /** Before. */
  readonly clusterId: string;
  readonly memberId: string;
  readonly name: string;
  readonly voters: readonly NamedMember[];
  /** The term, then the index, say which survivor has the most. */
  readonly lastTerm: number;
  readonly lastIndex: number;
  readonly commitIndex: number;
  /** Damage took acknowledged entries up to here from this member; 0: none. */
  readonly repairUntil: number;
  /** Before it is bumped. */
  readonly revision: number;
  readonly keys: number;
  /** What was done; null unless it was. */
  readonly recovered: RecoveredNote | null;
}

const log = { level: 'warn', format: 'logfmt' } as const;

/**
 * Makes a stopped member of a cluster that has lost its majority for good the only voter of a new
 * cluster with its state. The data directory as it was is kept below the new one. At any moment
 * either the old or the new state is what the member would start from.
 *
 * @throws ServerError SERVER_RECOVERY_REFUSED: nothing was changed
 * @throws StorageError as `withStoppedMember`; FileSystemError or the system's error when the
 *   directory cannot be read or written
 */
export async function recoverMember(options: RecoverOptions): Promise<RecoveryReport> {
  const { dryRun = false, lostQuorum, disk = directoryDisk } = options;
  const isLook = dryRun || lostQuorum === undefined;
  const dataDirectory = resolve(options.dataDirectory);
  if (isReplacing(dataDirectory)) {
    if (isLook) throw refused('a recovery was interrupted; run it again without --dry-run');
    finishInterrupted(dataDirectory, disk);
  }
  const done = readRecovered(dataDirectory);
  return withStoppedMember({ dataDirectory, group: groupName, log }, async (member) => {
    const replayed = await replayMember(member);
    if (replayed === null) throw refused('this member has no state: it never had any data');
    const reason = whyNot(member.nodeId, replayed, dataDirectory);
    const report = reportOf(member, replayed, reason);
    if (isLook) return report;
    // The same command again, after one that was killed.
    if (done?.fromClusterId === lostQuorum && done.clusterId === member.clusterId) {
      return { ...report, outcome: 'recovered', reason: null, recovered: done };
    }
    if (member.clusterId !== lostQuorum) {
      throw refused(`this is a member of cluster ${member.clusterId}, not of ${lostQuorum}`);
    }
    if (reason !== null) throw refused(reason);
    const recovered = await recover(dataDirectory, member, replayed, options);
    return { ...report, outcome: 'recovered', recovered };
  });
}

/**
 * Goes on with a recovery that was killed after it was committed.
 *
 * @throws FileSystemError `locked` while another process uses the directory
 */
export function finishInterrupted(
  dataDirectory: string,
  disk: DirectoryDisk = directoryDisk,
  logger?: Logger,
): void {
  if (!isReplacing(dataDirectory)) return;
  const lock = lockDirectory(resolve(dataDirectory));
  try {
    finishReplacing(dataDirectory, disk);
  } finally {
    lock.release();
  }
  logger?.warn('an interrupted recovery was finished', { dataDirectory });
}

/** @returns null when the member can go on alone */
function whyNot(
  nodeId: NodeId,
  { configuration }: ReplayedMember,
  dataDirectory: string,
): string | null {
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  const members = [...voters, ...votersOutgoing, ...learners, ...learnersNext];
  if (existsSync(join(dataDirectory, 'removed')) || !members.includes(nodeId)) {
    return (
      'this member was removed, or had not joined yet, by what it has; to begin a new cluster ' +
      'with its state, save that with snapshot save --data-dir and restore it'
    );
  }
  const isAlone = votersOf(configuration).every((id) => id === nodeId);
  return isAlone ? 'this member is the only voter already: just start it' : null;
}

function reportOf(
  { clusterId, nodeId }: StoppedMember,
  replayed: ReplayedMember,
  reason: string | null,
): RecoveryReport {
  const { machine, store, lastIndex, lastTerm, commitIndex, repairUntil } = replayed;
  const named = (id: NodeId): NamedMember => ({
    id: apiIdOf(id).toString(16),
    name: machine.attributesOf(id)?.name ?? '',
  });
  const { id: memberId, name } = named(nodeId);
  return {
    outcome: reason === null ? 'possible' : 'impossible',
    reason,
    clusterId,
    memberId,
    name,
    voters: votersOf(replayed.configuration).map(named),
    lastTerm,
    lastIndex,
    commitIndex,
    repairUntil,
    revision: store.stats.revision,
    keys: store.stats.keys,
    recovered: null,
  };
}

function votersOf({ voters, votersOutgoing }: Configuration): NodeId[] {
  return [...new Set([...voters, ...votersOutgoing])].sort((a, b) => a - b);
}

async function recover(
  dataDirectory: string,
  { clusterId: fromClusterId, nodeId }: StoppedMember,
  replayed: ReplayedMember,
  { bumpRevision = 0, disk = directoryDisk }: RecoverOptions,
): Promise<RecoveredNote> {
  const { machine, store, configuration, lastIndex, lastTerm, commitIndex } = replayed;
  if (bumpRevision > 0) bump(store, bumpRevision);
  // Names of the others would be in nobody's way, but would be told until they are forgotten.
  const own = machine.attributesOf(nodeId);
  machine.members.restore(own === undefined ? new Map() : new Map([[nodeId, own]]));
  // Drawn: what another survivor is made into is yet another cluster.
  const clusterId = randomBytes(8).toString('hex');
  const voters = votersOf(configuration);
  const note: RecoveredNote = {
    clusterId,
    fromClusterId,
    memberId: apiIdOf(nodeId).toString(16),
    lastIndex,
    lastTerm,
    commitIndex,
    revision: store.stats.revision,
    bumpRevision,
    lostVoters: voters.filter((id) => id !== nodeId).map((id) => apiIdOf(id).toString(16)),
    keptIn: `before-recovery-${clusterId}`,
    at: new Date().toISOString(),
  };
  await replaceState(
    dataDirectory,
    async (hidden) => {
      await seedNode({
        dataDirectory: hidden,
        clusterId,
        nodeId,
        group: groupName,
        // As an entry behind the log, in a term of its own: no log of the old cluster has it.
        snapshot: {
          index: lastIndex + 1,
          term: replayed.term + 1,
          timestampMicros: replayed.timestampMicros + 1,
          configuration: (incarnation) => alone(configuration, nodeId, incarnation),
        },
        content: machine.snapshot(),
        log,
      });
      writeRecovered(hidden, note);
    },
    disk,
  );
  return readRecovered(dataDirectory) ?? missingNote(dataDirectory);
}

function missingNote(dataDirectory: string): never {
  throw new Error(`${join(dataDirectory, recoveredName)} is not there after a recovery`);
}

/** The incarnation is known from the start: the node that it was before is not taken for it. */
function alone(before: Configuration, id: NodeId, incarnation: number): Configuration {
  const unknown = { locality: '', address: '', priority: 0, witness: false };
  const known = before.members.find((member) => member.id === id) ?? unknown;
  const member = { ...known, id, incarnation, promote: false };
  return { ...majorityConfiguration([id]), members: [member] };
}

/** Leaves out revisions, as a restore does; leases have all of their time again. */
function bump(store: KvStateMachine, revisions: number): void {
  const history = store.history();
  const loader = new HistoryLoader(history.compactedRevision);
  for (const id of store.leases()) {
    const lease = store.lease(id);
    if (lease !== undefined) loader.lease(id, lease.ttlSeconds);
  }
  for (const record of history.records()) if (record !== null) loader.record(record);
  history.release();
  const chunks = loader.finish({ crc32 }, revisions);
  const sink = store.restore();
  for (let next = chunks.next(); !next.done; next = chunks.next()) sink.chunk(next.value);
  sink.finish();
}

function refused(reason: string): ServerError<'SERVER_RECOVERY_REFUSED'> {
  const message = `nothing was changed: ${reason}`;
  return new ServerError('SERVER_RECOVERY_REFUSED', message, { reason });
}
