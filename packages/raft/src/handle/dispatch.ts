import { unreachable } from '@quorate/base';
import type { NodeId, RaftMessage, Term } from '@quorate/schema';
import { noNode } from '@quorate/schema';
import { becomeFollower } from '../election/transitions.ts';
import type { Replica } from '../replica.ts';
import { handleAppendEntries } from './append-entries.ts';
import { handleAppendEntriesResponse } from './append-entries-response.ts';
import { handleAwaitDurability, handleDurabilityReached } from './await-durability.ts';
import { handleCommitNotice, handleHeartbeat, handleHeartbeatResponse } from './heartbeat.ts';
import { handleInstallSnapshot } from './install-snapshot.ts';
import { handlePreVote, handlePreVoteResponse } from './pre-vote.ts';
import { handleReadIndex, handleReadIndexResponse } from './read-index.ts';
import { handleRequestVote, handleRequestVoteResponse } from './request-vote.ts';
import { handleTimeoutNow } from './timeout-now.ts';

/** Brings terms into line (dissertation 3.3), then lets the message's own handler decide. */
export function dispatch(replica: Replica, message: RaftMessage): void {
  // Messages have many shapes, so reading a field of any message is slow: each once.
  const { term, from } = message;
  if (replica.memberships.isImpostor(from) && isPromise(message)) return;
  if (term > replica.currentTerm && !adoptHigherTerm(replica, message)) return;
  if (term < replica.currentTerm) {
    answerStale(replica, message);
    return;
  }
  switch (message.type) {
    case 'PreVote':
      return handlePreVote(replica, message);
    case 'PreVoteResponse':
      return handlePreVoteResponse(replica, message);
    case 'RequestVote':
      return handleRequestVote(replica, message);
    case 'RequestVoteResponse':
      return handleRequestVoteResponse(replica, message);
    case 'AppendEntries':
      heardLeader(replica, term, from);
      return handleAppendEntries(replica, message);
    case 'AppendEntriesResponse':
      return handleAppendEntriesResponse(replica, message);
    case 'Heartbeat':
      heardLeader(replica, term, from);
      return handleHeartbeat(replica, message);
    case 'CommitNotice':
      heardLeader(replica, term, from);
      return handleCommitNotice(replica, message);
    case 'HeartbeatResponse':
      return handleHeartbeatResponse(replica, message);
    case 'InstallSnapshot':
      heardLeader(replica, term, from);
      return handleInstallSnapshot(replica, message);
    case 'TimeoutNow':
      return handleTimeoutNow(replica, message);
    case 'ReadIndex':
      return handleReadIndex(replica, message);
    case 'ReadIndexResponse':
      return handleReadIndexResponse(replica, message);
    case 'AwaitDurability':
      return handleAwaitDurability(replica, message);
    case 'DurabilityReached':
      return handleDurabilityReached(replica, message);
    default:
      return unreachable(message);
  }
}

/** `leader` leads this term: this node follows it, and waits anew before it campaigns. */
function heardLeader(replica: Replica, term: Term, leader: NodeId): void {
  becomeFollower(replica, term, leader);
  replica.lastLeaderContactMs = replica.nowMs;
  replica.resetElectionDeadline();
}

/** Only the leader of `message.term` sends these, and only to those who follow it. */
function isFromLeader(message: RaftMessage): boolean {
  return (
    message.type === 'AppendEntries' ||
    message.type === 'Heartbeat' ||
    message.type === 'CommitNotice' ||
    message.type === 'InstallSnapshot'
  );
}

/** What it says rests on what its sender remembers of its own term, votes and log. */
function isPromise(message: RaftMessage): boolean {
  return (
    message.type === 'AppendEntriesResponse' ||
    message.type === 'HeartbeatResponse' ||
    message.type === 'PreVoteResponse' ||
    message.type === 'RequestVoteResponse'
  );
}

/** @returns whether the message is to be handled: a vote asked of a loyal node is not even heard */
function adoptHigherTerm(replica: Replica, message: RaftMessage): boolean {
  // The term of a pre-vote, asked or granted, is one that nobody has entered yet.
  if (message.type === 'PreVote') return true;
  if (message.type === 'PreVoteResponse' && message.granted) return true;
  if (message.type === 'RequestVote' && !message.leadershipTransfer) {
    // Else a node that was removed, or cut off one way, could depose a leader that works (4.2.3).
    if (replica.loyal || isSupportedLeader(replica)) return false;
  }
  const leader = isFromLeader(message) ? message.from : noNode;
  becomeFollower(replica, message.term, leader);
  return true;
}

/** A leader steps down as soon as its support has run out, so while it leads it has support. */
function isSupportedLeader(replica: Replica): boolean {
  return replica.role.kind === 'leader';
}

/** A sender in an earlier term learns of this one, or it would go on talking to the deaf. */
function answerStale(replica: Replica, message: RaftMessage): void {
  const { to, term } = { to: message.from, term: replica.currentTerm };
  switch (message.type) {
    case 'PreVote':
      replica.outbox.send({
        type: 'PreVoteResponse',
        from: replica.nodeId,
        to,
        term,
        granted: false,
      });
      break;
    case 'RequestVote':
      replica.promise({
        type: 'RequestVoteResponse',
        from: replica.nodeId,
        to,
        term,
        granted: false,
      });
      break;
    case 'AppendEntries':
    case 'InstallSnapshot':
      replica.promise({
        type: 'AppendEntriesResponse',
        from: replica.nodeId,
        to,
        term,
        success: false,
        matchIndex: 0,
        repairing: replica.repairing,
        rejectedIndex: 0,
        hintIndex: 0,
        hintTerm: 0,
        life: replica.life,
      });
      break;
    case 'Heartbeat':
      replica.promise({
        type: 'HeartbeatResponse',
        from: replica.nodeId,
        to,
        term,
        round: message.round,
        life: replica.life,
      });
      break;
    default:
      break;
  }
}
