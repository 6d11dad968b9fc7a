import { assert } from '@quorate/base';
import type { AppendEntries, Entry, NodeId } from '@quorate/schema';
import type { Replica } from '../replica.ts';
import type { FollowerState } from '../role.ts';

/**
 * Appends what the leader sent if the logs agree on what comes before it (dissertation 3.5).
 *
 * An existing entry is truncated only where its term differs: a delayed AppendEntries must not
 * remove what a later one has brought (bug 25).
 */
export function handleAppendEntries(replica: Replica, message: AppendEntries): void {
  const { role, log } = replica;
  assert(role.kind === 'follower', 'the sender leads this term, so this node follows');
  const { prevLogIndex, prevLogTerm, entries } = message;
  // What is committed is the leader's too, and its beginning may be cut off here already.
  if (prevLogIndex >= replica.commitIndex) {
    if (log.termAt(prevLogIndex) !== prevLogTerm) {
      refuse(replica, message);
      return;
    }
    appendNew(replica, entries);
    const verified = prevLogIndex + entries.length;
    replica.verifiedTo(verified);
    replica.commitTo(Math.min(message.commitIndex, verified));
  }
  oweAnswer(replica, role, message.from);
}

function appendNew(replica: Replica, entries: readonly Entry[]): void {
  const { log } = replica;
  const first = entries.findIndex((entry) => log.termAt(entry.index) !== entry.term);
  if (first === -1) return;
  const firstNew = entries[first] as Entry;
  if (firstNew.index <= log.lastIndex) replica.truncateAfter(firstNew.index - 1);
  replica.append(first === 0 ? entries : entries.slice(first));
}

function refuse(replica: Replica, message: AppendEntries): void {
  const { log } = replica;
  const hintIndex = log.lastIndexWithTermAtMost(
    Math.min(message.prevLogIndex, log.lastIndex),
    message.prevLogTerm,
  );
  replica.promise({
    type: 'AppendEntriesResponse',
    from: replica.nodeId,
    to: message.from,
    term: replica.currentTerm,
    success: false,
    matchIndex: 0,
    repairing: replica.repairing,
    rejectedIndex: message.prevLogIndex,
    hintIndex,
    hintTerm: log.termAt(hintIndex) ?? 0,
    life: replica.life,
  });
}

/**
 * Owes the leader an acknowledgement, and gives it at once if there is nothing to wait for. What is
 * not durable yet is acknowledged when it is: an answer before would say nothing new, and would
 * reach the socket ahead of the entries' way to the disk.
 */
export function oweAnswer(replica: Replica, role: FollowerState, leader: NodeId): void {
  role.owesAnswer = true;
  if (replica.verifiedIndex <= replica.durability.durableIndex) answerOwed(replica, role, leader);
}

/** Acknowledges what is both verified and durable; the rest is owed until the disk has it. */
export function answerOwed(replica: Replica, role: FollowerState, leader: NodeId): void {
  if (!role.owesAnswer) return;
  const durable = replica.durability.durableIndex;
  const matchIndex = Math.min(replica.verifiedIndex, durable);
  role.owesAnswer = replica.verifiedIndex > durable;
  replica.promise({
    type: 'AppendEntriesResponse',
    from: replica.nodeId,
    to: leader,
    term: replica.currentTerm,
    success: true,
    matchIndex,
    repairing: replica.repairing,
    rejectedIndex: 0,
    hintIndex: 0,
    hintTerm: 0,
    life: replica.life,
  });
}
