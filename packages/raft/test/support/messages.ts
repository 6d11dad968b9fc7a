import type {
  AppendEntries,
  Configuration,
  Entry,
  Heartbeat,
  InstallSnapshot,
  NodeId,
  RequestVote,
  SnapshotMeta,
} from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';

export function entry(index: number, term: number, text = ''): Entry {
  return { index, term, kind: 0, timestampMicros: index, data: new TextEncoder().encode(text) };
}

/** Entries `from` to `to`, all of one term. */
export function entries(from: number, to: number, term: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, term));
}

export function configurationOf(
  voters: readonly NodeId[],
  votersOutgoing: readonly NodeId[] = [],
): Configuration {
  return { ...majorityConfiguration(voters), votersOutgoing };
}

export function append(
  way: { readonly from: NodeId; readonly to: NodeId; readonly term: number },
  previous: readonly [index: number, term: number],
  sent: readonly Entry[],
  commitIndex = 0,
): AppendEntries {
  const [prevLogIndex, prevLogTerm] = previous;
  return { type: 'AppendEntries', ...way, prevLogIndex, prevLogTerm, commitIndex, entries: sent };
}

export function heartbeat(
  from: NodeId,
  to: NodeId,
  term: number,
  commitIndex = 0,
  round = 1,
): Heartbeat {
  return { type: 'Heartbeat', from, to, term, round, commitIndex, cancelRound: 0 };
}

export function requestVote(
  from: NodeId,
  to: NodeId,
  term: number,
  log: readonly [lastLogIndex: number, lastLogTerm: number] = [0, 0],
  leadershipTransfer = false,
): RequestVote {
  const [lastLogIndex, lastLogTerm] = log;
  return { type: 'RequestVote', from, to, term, lastLogIndex, lastLogTerm, leadershipTransfer };
}

export function snapshotOf(index: number, term: number, voters: readonly NodeId[]): SnapshotMeta {
  const configuration = configurationOf(voters);
  return { index, term, timestampMicros: index, configuration, withheld: false };
}

export function installSnapshot(
  from: NodeId,
  to: NodeId,
  term: number,
  snapshot: SnapshotMeta,
): InstallSnapshot {
  return { type: 'InstallSnapshot', from, to, term, snapshot };
}
