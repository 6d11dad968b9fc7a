import {
  decodeConfiguration,
  type Entry,
  EntryKind,
  type GroupId,
  type HardState,
  type LogIndex,
  type LogPosition,
  type NodeId,
  type SnapshotMeta,
} from '@quorate/schema';
import type { GroupState } from '../wal/group-table.ts';
import type { LogSurvey } from './log-survey.ts';

const nowhereElse = 'some of it is lost, and no other voter is known that could send it';

/** How a group is to begin when the log is repaired. */
export interface PlannedGroup {
  /** With an empty log: `entries` follow. */
  readonly state: GroupState;
  readonly entries: readonly Entry[];
}

/** What a repair makes of one group. */
export interface GroupRepair {
  readonly group: GroupId;
  /**
   * `whole`: nothing of it was lost. `kept`: the log up to the damage, or a snapshot, is still of
   * use. `emptied`: nothing is, the others send it all. `lost`: what it has promised cannot be
   * told, or some of it is lost here and no other voter is known that could send it.
   */
  readonly outcome: 'whole' | 'kept' | 'emptied' | 'lost';
  /** Of what stays. */
  readonly lastIndex: LogIndex;
  /** Until the log is this long again the group gives no vote here; 0: it may at once. */
  readonly repairUntil: LogIndex;
  /** What cannot be told, or is nowhere else, of a lost group. */
  readonly reason: string | null;
  /** No other voter is known that has its data. */
  readonly isAlone: boolean;
}

/** The log of a group as it can be read, and the most that was behind it. */
interface Known {
  readonly group: GroupId;
  readonly hardState: HardState;
  readonly logStart: LogPosition;
  readonly entries: readonly Entry[];
  /** Committed in the log that can be read. */
  readonly commitIndex: LogIndex;
  /** Of the log that can be read, and void behind. */
  readonly keptUntil: LogIndex;
  readonly lastIndex: LogIndex;
  readonly repairUntil: LogIndex;
  readonly isHardStateCertain: boolean;
  /** Nothing of it was lost. */
  readonly isWhole: boolean;
}

function knownOf(survey: LogSurvey, group: GroupId): Known {
  const damaged = survey.damaged.get(group);
  if (damaged !== undefined) return { ...fieldsOf(damaged), isWhole: false };
  const { hardState, logStart, lastIndex, repairUntil } = survey.replay.table.group(group);
  return {
    group,
    hardState,
    logStart,
    entries: survey.replay.entries(group),
    commitIndex: hardState.commitIndex,
    keptUntil: lastIndex,
    lastIndex,
    repairUntil,
    isHardStateCertain: true,
    isWhole: true,
  };
}

function fieldsOf(known: Omit<Known, 'isWhole'>): Omit<Known, 'isWhole'> {
  const { group, hardState, logStart, entries, commitIndex, keptUntil, lastIndex } = known;
  const { repairUntil, isHardStateCertain } = known;
  return {
    group,
    hardState,
    logStart,
    entries,
    commitIndex,
    keptUntil,
    lastIndex,
    repairUntil,
    isHardStateCertain,
  };
}

/** @returns why what the group has promised cannot be told; null when it can */
export function whyLost(survey: LogSurvey, group: GroupId): string | null {
  const { isHardStateCertain, lastIndex, repairUntil } = knownOf(survey, group);
  if (!isHardStateCertain) return 'its newest vote may have been in the damaged part';
  if (!Number.isSafeInteger(lastIndex) || !Number.isSafeInteger(repairUntil)) {
    return 'how far it has acknowledged its log cannot be told any more';
  }
  if (!survey.snapshots.has(group)) return 'the snapshot it is based on is not known any more';
  return null;
}

/** @returns the snapshots that the group could go back to, the best first */
export function candidates(survey: LogSurvey, group: GroupId): SnapshotMeta[] {
  const named = survey.snapshots.get(group) ?? [];
  return named.toSorted((a, b) => b.index - a.index);
}

/** @returns the repair of a group that cannot be repaired */
export function lostGroup(group: GroupId, reason: string, isAlone: boolean): GroupRepair {
  return { group, outcome: 'lost', lastIndex: 0, repairUntil: 0, reason, isAlone };
}

/**
 * @returns whether no other voter is known that has the data of the group. Changes of members may
 *   be among what was lost, so this is what the node knew last as far as it can be read.
 */
export function isAlone(survey: LogSurvey, group: GroupId, node: NodeId): boolean {
  const [newest] = candidates(survey, group);
  const { entries, keptUntil } = knownOf(survey, group);
  const change = entries.findLast(
    ({ kind, index }) => kind === EntryKind.configuration && index <= keptUntil,
  );
  const isLater = change !== undefined && change.index > (newest?.index ?? 0);
  const configuration = isLater ? decodeConfiguration(change.data) : newest?.configuration;
  if (configuration === undefined) return false;
  const { voters, votersOutgoing, members } = configuration;
  // A witness votes, and has nothing to send.
  const witnesses = members.filter(({ witness }) => witness).map(({ id }) => id);
  const all = [...voters, ...votersOutgoing];
  // One that has just joined knows of no voter yet.
  return all.includes(node) && all.every((id) => id === node || witnesses.includes(id));
}

/**
 * Decides for a group of which can be told what it has promised. It is lost all the same when it
 * would have to wait for what no other has.
 *
 * @param base of `candidates`, the first that can be read; null: none can
 * @param node whose log it is
 */
export function planGroup(
  survey: LogSurvey,
  group: GroupId,
  base: SnapshotMeta | null,
  node: NodeId,
): { planned: PlannedGroup; repair: GroupRepair } {
  const known = knownOf(survey, group);
  const [newest] = candidates(survey, group);
  const empty = emptySnapshot(newest as SnapshotMeta);
  const { logStart, entries } = logBehind(known, base ?? empty);
  const last = entries.at(-1) ?? logStart;
  const lastIndex = Math.max(last.index, base?.index ?? 0);
  const snapshot = base === null || lastIndex === 0 ? empty : base;
  const { hardState } = known;
  // Nobody takes back in a term what its leader has sent, so this is how the log ended.
  const isTail = last.term === hardState.term && lastIndex === known.lastIndex;
  const isWhole = lastIndex === known.lastIndex && (known.isWhole || isTail);
  const missing = known.lastIndex > snapshot.index && !isWhole;
  const repairUntil = Math.max(
    missing ? Math.max(known.lastIndex, lastIndex + 1) : 0,
    known.repairUntil > lastIndex ? known.repairUntil : 0,
  );
  // What is behind the damage may differ from what was committed there.
  const commitIndex = isWhole ? hardState.commitIndex : Math.min(known.commitIndex, lastIndex);
  const state: GroupState = {
    group,
    hardState: { ...hardState, commitIndex },
    snapshot,
    logStart,
    lastIndex: logStart.index,
    repairUntil,
  };
  const outcome = isWhole ? 'whole' : lastIndex === 0 ? 'emptied' : 'kept';
  const alone = isAlone(survey, group, node);
  const planned = { state, entries };
  if (missing && alone) return { planned, repair: lostGroup(group, nowhereElse, true) };
  const repair = { group, outcome, lastIndex, repairUntil, reason: null, isAlone: alone } as const;
  return { planned, repair };
}

/** From here on the leader sends everything, a snapshot if need be; the members are known. */
function emptySnapshot({ configuration, withheld }: SnapshotMeta): SnapshotMeta {
  return { index: 0, term: 0, timestampMicros: 0, configuration, withheld };
}

/** What of the readable log continues the state in the snapshot, or leads up to it. */
function logBehind(
  known: Known,
  snapshot: SnapshotMeta,
): { logStart: LogPosition; entries: readonly Entry[] } {
  const { logStart, keptUntil } = known;
  const entries = known.entries.filter(({ index }) => index <= keptUntil);
  const reachesBack = (entries[0]?.index ?? keptUntil + 1) === logStart.index + 1;
  const { index, term } = snapshot;
  const at = entries.find((entry) => entry.index === index);
  const isOnLog =
    at?.term === term || (reachesBack && logStart.index === index && logStart.term === term);
  if (!isOnLog) return { logStart: { index, term }, entries: [] };
  if (reachesBack) return { logStart, entries };
  return { logStart: { index, term }, entries: entries.filter((entry) => entry.index > index) };
}
