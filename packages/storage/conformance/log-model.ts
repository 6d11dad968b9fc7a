import type { Prng } from '@quorate/base';
import type { GroupWrite, RecoveredGroup } from '@quorate/raft';
import type { Entry, GroupId, HardState, LogPosition, Member, SnapshotMeta } from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';

export interface ModelGroup {
  readonly group: GroupId;
  hardState: HardState;
  snapshot: SnapshotMeta | null;
  logStart: LogPosition;
  entries: Entry[];
  repairUntil: number;
}

export type LogModel = Map<GroupId, ModelGroup>;

export function modelOf(recovered: ReadonlyMap<GroupId, RecoveredGroup>): LogModel {
  const model: LogModel = new Map();
  for (const [group, state] of recovered) {
    model.set(group, { ...state, entries: [...state.entries] });
  }
  return model;
}

function groupOf(model: LogModel, group: GroupId): ModelGroup {
  const found = model.get(group);
  if (found) return found;
  const hardState = { term: 0, votedFor: 0, commitIndex: 0 };
  const logStart = { index: 0, term: 0 };
  const nothing = { snapshot: null, entries: [], repairUntil: 0 };
  const fresh: ModelGroup = { group, hardState, logStart, ...nothing };
  model.set(group, fresh);
  return fresh;
}

export function lastIndexOf(state: ModelGroup): number {
  return state.entries.at(-1)?.index ?? state.logStart.index;
}

/** What the log store promises, in its plainest form. */
export function applyToModel(model: LogModel, write: GroupWrite): void {
  const state = groupOf(model, write.group);
  if (write.hardState) state.hardState = write.hardState;
  const { truncateAfter } = write;
  if (truncateAfter !== null) {
    state.entries = state.entries.filter(({ index }) => index <= truncateAfter);
  }
  state.entries.push(...write.entries);
  if (write.snapshot) state.snapshot = write.snapshot;
  const { logStart } = write;
  if (logStart) {
    state.logStart = logStart;
    state.entries = state.entries.filter(({ index }) => index > logStart.index);
  }
}

/** A legal write for the group as it stands in the model. */
export function randomWrite(prng: Prng, model: LogModel, group: GroupId): GroupWrite {
  const state = groupOf(model, group);
  const before = state.hardState;
  const term = before.term + (prng.chance(0.2) ? 1 : 0);
  const hardState: HardState | null = prng.chance(0.4)
    ? { term, votedFor: prng.below(4), commitIndex: before.commitIndex + prng.below(3) }
    : null;
  const start = state.logStart.index;
  let last = lastIndexOf(state);
  const truncateAfter = prng.chance(0.15) ? prng.between(start, last) : null;
  if (truncateAfter !== null) last = truncateAfter;
  const entries = Array.from({ length: prng.chance(0.7) ? prng.below(5) : 0 }, (_, at) =>
    randomEntry(prng, last + 1 + at, Math.max(1, term)),
  );
  last += entries.length;
  if (prng.chance(0.85)) {
    return { group, hardState, truncateAfter, entries, snapshot: null, logStart: null };
  }
  // Now and then a snapshot from a leader, ahead of the log.
  const index = prng.chance(0.2) ? last + prng.below(10) : prng.between(start, last);
  const snapshot = randomSnapshot(prng, index, Math.max(1, term));
  const logStart = { index: prng.between(start, index), term: Math.max(1, term) };
  return { group, hardState, truncateAfter, entries, snapshot, logStart };
}

function randomEntry(prng: Prng, index: number, term: number): Entry {
  const length = prng.chance(0.03) ? prng.below(6000) : prng.below(60);
  const data = Uint8Array.from({ length }, () => prng.below(256));
  const kind = prng.pick([0, 1, 2] as const);
  return { index, term, kind, timestampMicros: 2 ** 50 + index, data };
}

function randomMember(prng: Prng): Member {
  return {
    id: prng.between(1, 3),
    incarnation: prng.below(2 ** 48),
    locality: prng.pick(['', 'eu/de', 'eu/dé/fra1']),
    address: prng.pick(['', '10.0.0.1:2380']),
    priority: prng.below(256),
    witness: prng.chance(0.5),
    promote: prng.chance(0.5),
  };
}

export function randomSnapshot(prng: Prng, index: number, term: number): SnapshotMeta {
  const configuration = {
    ...majorityConfiguration([1, 2, 3], prng.chance(0.3) ? [7] : []),
    votersOutgoing: prng.chance(0.3) ? [1, 2, 2 ** 40] : [],
    learnersNext: prng.chance(0.3) ? [8, 9] : [],
    autoLeave: prng.chance(0.5),
    members: prng.chance(0.3) ? [randomMember(prng)] : [],
    quorum: prng.chance(0.3) ? { commit: 2, election: 2 } : null,
    durability: prng.chance(0.3) ? { depth: 1, domains: 2 } : null,
  };
  return {
    index,
    term,
    timestampMicros: 2 ** 50 + index,
    configuration,
    withheld: prng.chance(0.2),
  };
}
