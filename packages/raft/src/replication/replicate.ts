import { assert } from '@quorate/base';
import type { Entry, LogIndex, NodeId } from '@quorate/schema';
import { EntryKind } from '@quorate/schema';
import type { Replica } from '../replica.ts';
import type { LeaderState } from '../role.ts';
import { Progress } from './progress.ts';

/** Whoever waits for durability asks again within so many election timeouts. */
const waitingTimeouts = 10;

const noData = new Uint8Array(0);

/** Gives every other member that has none a progress that begins at `nextIndex`. */
export function trackOthers(
  replica: Replica,
  progress: Map<NodeId, Progress>,
  nextIndex: LogIndex,
): void {
  const { membership, nowMs, options } = replica;
  for (const id of membership.others) {
    if (progress.has(id)) continue;
    progress.set(id, new Progress(nextIndex, nowMs, options, membership.witness(id)));
  }
}

/** Sends each follower what it may have now: entries, a commit index that moved, or a snapshot. */
export function replicateToAll(replica: Replica): void {
  const { role } = replica;
  assert(role.kind === 'leader', 'only a leader replicates');
  // Every turn comes here; a loop over a map's entries makes an array of each.
  role.progress.forEach((progress, to) => {
    // One that came back without its data must not look as if it had a log.
    if (!replica.memberships.isImpostor(to)) replicate(replica, role, to, progress);
  });
}

/**
 * Up to where a follower is sent the log: a witness only what some voter has durable with its data.
 * Else it could hold every candidate to an entry that none of them has.
 */
function lastIndexFor(replica: Replica, role: LeaderState, progress: Progress): LogIndex {
  if (!progress.witness) return replica.log.lastIndex;
  let held: LogIndex = 0;
  for (const id of replica.configuration.voters) {
    if (id === replica.nodeId) held = Math.max(held, replica.durability.durableIndex);
    else if (!replica.membership.witness(id)) {
      held = Math.max(held, role.progress.get(id)?.countedIndex ?? 0);
    }
  }
  return Math.min(held, replica.log.lastIndex);
}

function replicate(replica: Replica, role: LeaderState, to: NodeId, progress: Progress): void {
  const lastIndex = lastIndexFor(replica, role, progress);
  while (!progress.paused) {
    // A probe goes out even when empty: its answer is what starts the pipeline.
    if (progress.nextIndex > lastIndex && progress.state === 'replicate') {
      noticeCommit(replica, to, progress);
      return;
    }
    sendAppend(replica, to, progress, lastIndex);
  }
}

/** Nothing else is on its way that would tell the follower; lost, the next heartbeat tells it. */
function noticeCommit(replica: Replica, to: NodeId, progress: Progress): void {
  const commitIndex = Math.min(progress.matchIndex, replica.commitIndex);
  if (commitIndex <= progress.sentCommitIndex) return;
  progress.sentCommitIndex = commitIndex;
  replica.outbox.send({
    type: 'CommitNotice',
    from: replica.nodeId,
    to,
    term: replica.currentTerm,
    commitIndex,
  });
}

/** Sends what comes next: entries, an empty probe, or a snapshot where the entries are gone. */
function sendAppend(replica: Replica, to: NodeId, progress: Progress, lastIndex: LogIndex): void {
  const { log } = replica;
  const prevLogIndex = progress.nextIndex - 1;
  const prevLogTerm = log.termAt(prevLogIndex);
  if (prevLogTerm === null) {
    progress.becomeSnapshot(replica.snapshot.index);
    const snapshot = { ...replica.snapshot, withheld: progress.witness };
    replica.snapshotsToSend.push({ to, snapshot });
    return;
  }
  let entries: readonly Entry[] = [];
  if (progress.nextIndex <= lastIndex) {
    entries = log.slice(progress.nextIndex, lastIndex, replica.options.maxMessageBytes);
    if (progress.witness) entries = entries.map(withoutData);
  }
  const { commitIndex } = replica;
  const term = replica.currentTerm;
  replica.outbox.send({
    type: 'AppendEntries',
    from: replica.nodeId,
    to,
    term,
    prevLogIndex,
    prevLogTerm,
    commitIndex,
    entries,
  });
  progress.sentCommitIndex = commitIndex;
  const last = entries.at(-1);
  if (last === undefined) progress.probeSent = true;
  else progress.sent(last.index, log.bytesBetween(prevLogIndex, last.index), replica.nowMs);
}

/** A witness has to know where configurations change; of the rest, only that it is there. */
function withoutData(entry: Entry): Entry {
  const { kind } = entry;
  return kind === EntryKind.command ? { ...entry, kind: EntryKind.withheld, data: noData } : entry;
}

/**
 * A follower that answers heartbeats but has left entries unanswered for a heartbeat interval has
 * lost a message: an empty AppendEntries behind the pipeline makes it say so (bug 31).
 */
export function nudge(replica: Replica, from: NodeId, progress: Progress): void {
  if (progress.state === 'probe') {
    progress.probeSent = false;
    return;
  }
  if (progress.state !== 'replicate' || progress.matchIndex >= progress.nextIndex - 1) return;
  if (replica.nowMs < progress.lastAnswerMs + replica.options.heartbeatIntervalMs) return;
  const prevLogIndex = progress.nextIndex - 1;
  const prevLogTerm = replica.log.termAt(prevLogIndex);
  if (prevLogTerm === null) {
    // The log was cut behind what is unanswered: begin anew, with a snapshot.
    progress.becomeProbe();
    return;
  }
  progress.lastAnswerMs = replica.nowMs;
  replica.outbox.send({
    type: 'AppendEntries',
    from: replica.nodeId,
    to: from,
    term: replica.currentTerm,
    prevLogIndex,
    prevLogTerm,
    commitIndex: replica.commitIndex,
    entries: [],
  });
}

/** Begins a heartbeat round; its number dates whatever support the answers give. */
export function sendHeartbeats(replica: Replica, role: LeaderState): void {
  role.round += 1;
  role.roundSentMs.set(role.round, replica.nowMs);
  forgetOldRounds(replica, role);
  const { electionTimeoutMs } = replica.options;
  role.durabilityWaits.expire(replica.nodeId, replica.nowMs - waitingTimeouts * electionTimeoutMs);
  for (const [to, progress] of role.progress) {
    replica.outbox.send({
      type: 'Heartbeat',
      from: replica.nodeId,
      to,
      term: replica.currentTerm,
      round: role.round,
      commitIndex: Math.min(progress.matchIndex, replica.commitIndex),
      cancelRound: role.cancelRound,
    });
  }
}

/** An answer older than this could not keep the leader in office, so its date is not needed. */
function forgetOldRounds(replica: Replica, role: LeaderState): void {
  const horizonMs = replica.nowMs - replica.options.electionTimeoutMs;
  for (const [round, sentMs] of role.roundSentMs) {
    if (sentMs >= horizonMs) return;
    role.roundSentMs.delete(round);
  }
}
