import { FileSystemError, type Ports, type StateMachine } from '@quorate/base';
import type { GroupId, NodeId, SnapshotMeta } from '@quorate/schema';
import {
  damagedDirectory,
  joinPath,
  repairedSegmentPath,
  segmentPath,
  sequenceOf,
  walDirectory,
} from '../data-layout.ts';
import { holdDataDirectory } from '../identity/data-directory.ts';
import { StorageError } from '../storage-error.ts';
import { commitRestart, finishRestart, pendingRestart } from '../wal/log-restart.ts';
import { type Damage, LogSurvey } from './log-survey.ts';
import {
  candidates,
  type GroupRepair,
  isAlone,
  lostGroup,
  type PlannedGroup,
  planGroup,
  whyLost,
} from './repair-plan.ts';
import { rewriteLog } from './rewrite-log.ts';
import { SnapshotCheck } from './snapshot-check.ts';

/** The node must not run: its directory is locked meanwhile. */
export interface RepairOptions {
  readonly ports: Pick<Ports, 'fileSystem' | 'timers' | 'checksum' | 'codec' | 'logger'>;
  readonly directory: string;
  /** Say what would be done, and change nothing. */
  readonly dryRun: boolean;
  /**
   * The groups that the node was opened with, where the caller knows: when the log shows all of
   * them, there is none of which everything was lost.
   */
  readonly groups: readonly GroupId[] | null;
  /** Of groups that keep files by themselves: fresh ones, to read those with. */
  readonly machines?: ReadonlyMap<GroupId, StateMachine<unknown>>;
}

/** What was found in one data directory, and what became of it. */
export interface RepairReport {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /**
   * `intact`: there was nothing to repair. `repaired`. `repairable`: what a dry run found.
   * `impossible`: nothing was changed; the node has to leave its groups and come back as a new one,
   * or, where it is the only voter, its data have to come from a backup.
   */
  readonly outcome: 'intact' | 'repaired' | 'repairable' | 'impossible';
  /** All that was found, in the order of the log. */
  readonly damage: readonly Damage[];
  readonly groups: readonly GroupRepair[];
  /** There may be groups of which everything was lost. */
  readonly mayHideGroups: boolean;
  /** Where the damaged files are now, or would be; null when there are none. */
  readonly damagedFiles: string | null;
}

type Done = (error: Error | null, report: RepairReport | null) => void;

/**
 * Repairs the log of a node that is not running, as far as it can be done without breaking what the
 * node has promised (safety rule 14): what is lost comes back from the other members, and until
 * then the node gives no vote.
 *
 * At any moment either the damaged log is there or the repaired one; damaged files are set aside,
 * never removed. Repairing a log that is whole changes nothing.
 *
 * @param done gets the report, or a StorageError or FileSystemError; nothing was changed then
 */
export function repairDataDirectory(options: RepairOptions, done: Done): void {
  const { ports, directory } = options;
  let release = (): void => undefined;
  try {
    const held = holdDataDirectory(ports.fileSystem, directory);
    release = held.release;
    new Repair(options, held).run((error, found) => {
      release();
      const { clusterId, nodeId } = held;
      done(error, found && { clusterId, nodeId, ...found });
    });
  } catch (error) {
    release();
    const failure = error instanceof Error ? error : new Error(String(error));
    ports.timers.defer(() => done(failure, null));
  }
}

type Found = Omit<RepairReport, 'clusterId' | 'nodeId'>;

type Held = Pick<ReturnType<typeof holdDataDirectory>, 'nodeId' | 'incarnation'>;

interface LogFile {
  readonly sequence: number;
  readonly path: string;
}

class Repair {
  readonly #options: RepairOptions;
  readonly #held: Held;
  readonly #survey: LogSurvey;
  readonly #planned: PlannedGroup[] = [];
  readonly #groups: GroupRepair[] = [];
  readonly #snapshotDamage: Damage[] = [];

  constructor(options: RepairOptions, held: Held) {
    this.#options = options;
    this.#held = held;
    this.#survey = new LogSurvey(options.ports.checksum, held.incarnation);
  }

  /** @throws StorageError, FileSystemError before anything was begun */
  run(done: (error: Error | null, found: Found | null) => void): void {
    const files = this.#logFiles();
    const survey = this.#survey;
    for (const [at, { sequence, path }] of files.entries()) {
      const before = files[at - 1]?.sequence ?? sequence - 1;
      const { directory, ports } = this.#options;
      if (sequence !== before + 1) survey.missing(segmentPath(directory, before + 1));
      survey.segment(path, sequence, ports.fileSystem.blocking.readFile(path));
    }
    const last = files.at(-1);
    if (last !== undefined) survey.finish(last.path);
    const check = new SnapshotCheck(this.#options);
    const groups = [...survey.groups].sort((a, b) => a - b);
    const planNext = (at: number): void => {
      const group = groups[at];
      if (group === undefined) {
        check.close();
        this.#finish(files, done);
        return;
      }
      this.#plan(check, group, (error) => {
        if (error === null) planNext(at + 1);
        else {
          check.close();
          done(error, null);
        }
      });
    };
    planNext(0);
  }

  /** The log's segments in order; those of a repair that was interrupted are as good as done. */
  #logFiles(): LogFile[] {
    const { directory, dryRun, ports } = this.#options;
    const { blocking } = ports.fileSystem;
    const first = pendingRestart(blocking, directory);
    // Without the mark there was never a write: the log is begun anew when the node starts.
    const isBegun = blocking.list(directory).includes('log-begun');
    if (first !== null && !dryRun) finishRestart(blocking, directory, first);
    const wal = walDirectory(directory);
    const names = blocking.list(directory).includes('wal') ? blocking.list(wal) : [];
    const files: LogFile[] = [];
    for (const name of names) {
      const sequence = sequenceOf(name);
      if (sequence === null || sequence < (first ?? 0)) continue;
      files.push({ sequence, path: segmentPath(directory, sequence) });
    }
    const part = repairedSegmentPath(directory, first ?? 0);
    if (first !== null && names.some((name) => joinPath(wal, name) === part)) {
      files.unshift({ sequence: first, path: part });
    }
    if (!isBegun && files.length <= 1) return [];
    this.#refuseLogless(files);
    return files;
  }

  #refuseLogless(files: readonly LogFile[]): void {
    const { directory } = this.#options;
    if (files.length > 0) return;
    const file = segmentPath(directory, 1);
    throw new StorageError(
      'STORAGE_CORRUPT',
      `${walDirectory(directory)} has no segment any more: there is nothing left to repair. ` +
        'Nothing was changed. Remove this node from its groups and add it anew, with an empty ' +
        'data directory.',
      { file, offset: 0 },
    );
  }

  #plan(check: SnapshotCheck, group: GroupId, done: (error: Error | null) => void): void {
    const survey = this.#survey;
    const reason = whyLost(survey, group);
    if (reason !== null) {
      this.#groups.push(lostGroup(group, reason, isAlone(survey, group, this.#held.nodeId)));
      done(null);
      return;
    }
    const metas = candidates(survey, group);
    const settle = (base: SnapshotMeta | null): void => {
      const { planned, repair } = planGroup(survey, group, base, this.#held.nodeId);
      this.#planned.push(planned);
      this.#groups.push(repair);
      done(null);
    };
    const tryNext = (at: number): void => {
      const meta = metas[at];
      if (meta === undefined) {
        settle(null);
        return;
      }
      check.check(group, meta, (error, damage) => {
        if (error) done(error);
        else if (damage === null) settle(meta);
        else {
          // Older ones are gone as a rule: they were removed.
          if (at === 0) this.#snapshotDamage.push(damage);
          tryNext(at + 1);
        }
      });
    };
    tryNext(0);
  }

  #finish(
    files: readonly LogFile[],
    done: (error: Error | null, found: Found | null) => void,
  ): void {
    const { directory, dryRun, groups: given } = this.#options;
    const survey = this.#survey;
    const damage = [...survey.damage, ...this.#snapshotDamage];
    const known = survey.groups;
    const allSeen = given?.every((group) => known.has(group)) ?? false;
    const mayHideGroups = survey.mayHideGroups && !allSeen;
    const found = { damage, groups: this.#groups, mayHideGroups };
    if (damage.length === 0) {
      done(null, { ...found, outcome: 'intact', damagedFiles: null });
      return;
    }
    const isLost = this.#groups.some(({ outcome }) => outcome === 'lost');
    if (isLost || mayHideGroups) {
      done(null, { ...found, outcome: 'impossible', damagedFiles: null });
      return;
    }
    const sequence = (files.at(-1)?.sequence ?? 0) + 1;
    const damagedFiles = damagedDirectory(directory, sequence);
    if (dryRun) {
      done(null, { ...found, outcome: 'repairable', damagedFiles });
      return;
    }
    try {
      this.#carryOut(sequence);
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      done(error, null);
      return;
    }
    done(null, { ...found, outcome: 'repaired', damagedFiles });
  }

  #carryOut(sequence: number): void {
    const { directory, ports } = this.#options;
    const { checksum, fileSystem, logger } = ports;
    const { blocking } = fileSystem;
    const folder = damagedDirectory(directory, sequence);
    rewriteLog({
      blocking,
      checksum,
      directory,
      incarnation: this.#held.incarnation,
      sequence,
      number: this.#survey.lastNumber + 1,
      groups: this.#planned,
    });
    commitRestart(blocking, directory, sequence);
    finishRestart(blocking, directory, sequence);
    for (const { file } of this.#snapshotDamage) setAside(ports, file, folder);
    for (const { group, outcome, lastIndex, repairUntil } of this.#groups) {
      logger.warn('group repaired', { group, outcome, lastIndex, repairUntil });
    }
    logger.warn('the log was repaired', {
      damage: this.#survey.damage.length + this.#snapshotDamage.length,
      damagedFiles: folder,
    });
  }
}

/** The log names it no longer: whether the move becomes durable matters to nobody. */
function setAside({ fileSystem, logger }: RepairOptions['ports'], file: string, to: string): void {
  const { blocking } = fileSystem;
  try {
    blocking.rename(file, joinPath(to, file.slice(file.lastIndexOf('/') + 1)));
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    if (error.kind !== 'notFound') {
      logger.warn('a damaged snapshot cannot be moved', { file, reason: error.message });
    }
  }
}
