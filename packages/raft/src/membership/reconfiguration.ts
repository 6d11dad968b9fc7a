import type { Configuration, LogIndex, NodeId, Term } from '@quorate/schema';
import { EntryKind, encodeConfiguration } from '@quorate/schema';
import { bestSuccessor, sendTimeoutNow } from '../election/leadership-transfer.ts';
import { stepDown } from '../election/transitions.ts';
import type { Replica } from '../replica.ts';
import { trackOthers } from '../replication/replicate.ts';
import type { LeaderState } from '../role.ts';
import { changeConfiguration, leaveJoint } from './change.ts';
import { classIndex } from './failure-domains.ts';
import type { MembershipChange, MembershipRefusal } from './membership-change.ts';
import { quorumValue } from './quorum.ts';
import { sizesWith } from './quorum-rules.ts';

/** What became of a change at the moment it was proposed; `appended` is in force, not committed. */
export type MembershipProposed =
  | { readonly outcome: 'appended'; readonly index: LogIndex; readonly term: Term }
  /** The configuration already is what was asked for. */
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'notLeader'; readonly leader: NodeId }
  | { readonly outcome: 'refused'; readonly refusal: MembershipRefusal };

/**
 * Why a change cannot be proposed now, whatever it is; null when one can.
 *
 * Not before an entry of this term is committed: else two leaders could each add a node on top of
 * configurations that do not know of each other, and their majorities be disjoint (bug 16). And one
 * at a time: the next only once the last is committed (dissertation 4.1).
 */
function notNow(replica: Replica, role: LeaderState): MembershipRefusal | null {
  if (role.transfer !== null) {
    return { reason: 'transferring', message: 'The lead is being handed over; ask the next one.' };
  }
  if (replica.commitIndex < role.termStart) {
    return {
      reason: 'tooEarly',
      message: 'The leader has not committed an entry of its term yet; try again in a moment.',
    };
  }
  if (replica.membership.index > replica.commitIndex) {
    return {
      reason: 'changePending',
      message: 'Another change is not committed yet; wait for it.',
    };
  }
  return null;
}

/** Appends the configuration that `change` leads to, if it may be changed so, and so now. */
export function proposeMembership(
  replica: Replica,
  role: LeaderState,
  change: MembershipChange,
): MembershipProposed {
  const refusal = notNow(replica, role);
  if (refusal !== null) return { outcome: 'refused', refusal };
  const changed = changeConfiguration(replica.configuration, change);
  if ('refused' in changed) return { outcome: 'refused', refusal: changed.refused };
  if (changed.unchanged) return { outcome: 'unchanged' };
  const atRisk =
    quorumAtRisk(replica, role, changed.configuration) ??
    durabilityAtRisk(replica, role, changed.configuration);
  if (atRisk !== null) return { outcome: 'refused', refusal: atRisk };
  appendConfiguration(replica, role, changed.configuration);
  return { outcome: 'appended', index: replica.log.lastIndex, term: replica.currentTerm };
}

/** Ends a joint configuration that does not end by itself. */
export function proposeLeaveJoint(replica: Replica, role: LeaderState): MembershipProposed {
  const refusal = notNow(replica, role);
  if (refusal !== null) return { outcome: 'refused', refusal };
  const left = leaveJoint(replica.configuration);
  if ('refused' in left) return { outcome: 'refused', refusal: left.refused };
  appendConfiguration(replica, role, left.configuration);
  return { outcome: 'appended', index: replica.log.lastIndex, term: replica.currentTerm };
}

/**
 * A change that takes effect and cannot be committed stops the group, and cannot be taken back. So
 * the voters that are known must answer, and be who they should; new ones are given credit.
 */
function quorumAtRisk(
  replica: Replica,
  role: LeaderState,
  next: Configuration,
): MembershipRefusal | null {
  const answersSinceMs = replica.nowMs - replica.options.electionTimeoutMs;
  const mayCount = (id: NodeId): number => {
    if (id === replica.nodeId) return 1;
    if (replica.memberships.isImpostor(id)) return 0;
    const progress = role.progress.get(id);
    if (progress === undefined) return 1;
    // A leadership begins as if all had just answered, lest it be over at once.
    const hasAnswered = progress.answeredRound > 0 || progress.matchIndex > 0;
    return hasAnswered && progress.supportedAtMs > answersSinceMs && !progress.repairing ? 1 : 0;
  };
  if (quorumValue(next, mayCount) >= 1) return null;
  return {
    reason: 'quorumAtRisk',
    message:
      'Too few of its voters answer for it to be committed, which would stop the group. Bring ' +
      'them back, or remove them first.',
  };
}

/**
 * A group that promises a durability class must not give up the last holder of a domain before
 * others hold its data (rule 12).
 */
function durabilityAtRisk(
  replica: Replica,
  role: LeaderState,
  next: Configuration,
): MembershipRefusal | null {
  const { durability } = next;
  if (durability === null) return null;
  const durableIndex = classIndex(replica, role, next, durability);
  if (durableIndex !== null && durableIndex >= replica.commitIndex) return null;
  // It may be broken already; what does not make it worse may be what mends it.
  const before = classIndex(replica, role, replica.configuration, durability);
  if ((durableIndex ?? 0) >= (before ?? 0)) return null;
  return {
    reason: 'durabilityAtRisk',
    message:
      `Not all committed data would be in the ${durability.domains} failure domains promised. ` +
      'Add a learner where one is missing, let it catch up, then try again.',
  };
}

function appendConfiguration(
  replica: Replica,
  role: LeaderState,
  configuration: Configuration,
): void {
  const entry = {
    index: replica.log.lastIndex + 1,
    term: replica.currentTerm,
    kind: EntryKind.configuration,
    timestampMicros: replica.lastTimestampMicros + 1,
    data: encodeConfiguration(configuration),
  };
  replica.append([entry]);
  trackMembers(replica, role);
  role.supportCheckMs = replica.nowMs;
}

/** Those that were removed keep their progress until they know it. */
function trackMembers(replica: Replica, role: LeaderState): void {
  const { others, index } = replica.membership;
  for (const [id, progress] of role.progress) {
    // One that comes back may have lost everything while it was away.
    if (others.includes(id) && progress.departsAt !== null) role.progress.delete(id);
    else if (!others.includes(id)) progress.departsAt ??= index;
  }
  trackOthers(replica, role.progress, Math.max(1, replica.log.lastIndex));
}

/** Lets go of removed members that know of their removal, or that cannot be told. */
export function dropDeparted(replica: Replica, role: LeaderState): void {
  if (role.progress.size === replica.membership.others.length) return; // Nobody has departed.
  const giveUpMs = 2 * replica.options.electionTimeoutMs;
  for (const [id, progress] of role.progress) {
    if (progress.departsAt === null || progress.departsAt > replica.commitIndex) continue;
    const told = progress.sentCommitIndex >= progress.departsAt;
    if (told || replica.nowMs >= progress.supportedAtMs + giveUpMs) role.progress.delete(id);
  }
}

/**
 * What a leader does by itself once the configuration in force is committed: leaves a joint one,
 * records who its members are, promotes learners.
 *
 * @returns false when the configuration no longer has this node as a voter: it must step down
 */
export function settleMembership(replica: Replica, role: LeaderState): boolean {
  const { membership, commitIndex } = replica;
  if (membership.index > commitIndex || commitIndex < role.termStart) return true;
  if (membership.isJoint) {
    // Whoever proposed it may be gone: every leader that finds it finishes it (bug 44).
    if (membership.configuration.autoLeave) proposeLeaveJoint(replica, role);
    return true;
  }
  if (!membership.isVoter) return false;
  recordIncarnations(replica, role);
  promoteLearners(replica, role);
  return true;
}

/** From then on a member that comes back with another incarnation is refused. */
function recordIncarnations(replica: Replica, role: LeaderState): void {
  const { unrecorded } = replica.memberships;
  if (unrecorded.size === 0) return;
  const steps = [...unrecorded].map(
    ([id, incarnation]) => ({ kind: 'describe', id, incarnation }) as const,
  );
  proposeMembership(replica, role, { steps });
}

/**
 * A learner has caught up when a round, in which it was sent what the log held at the round's
 * beginning, took less than an election timeout: as a voter it would not hold commits back for
 * longer than that (dissertation 4.2.1).
 */
function promoteLearners(replica: Replica, role: LeaderState): void {
  for (const id of replica.membership.promotable) {
    const progress = role.progress.get(id);
    if (progress === undefined || progress.repairing) continue;
    const caughtUp = progress.roundEnded(
      replica.log.lastIndex,
      replica.nowMs,
      replica.options.electionTimeoutMs,
    );
    if (!caughtUp) continue;
    const { quorum, voters } = replica.configuration;
    const change = { steps: [{ kind: 'addVoter', id }] } as const;
    const sizes = quorum === null ? {} : { quorum: sizesWith(quorum, voters.length + 1) };
    proposeMembership(replica, role, { ...change, ...sizes });
  }
}

/** Committed and without a part in decisions: the one that is most complete takes over at once. */
export function leaveOffice(replica: Replica, role: LeaderState): void {
  const heir = bestSuccessor(replica, role);
  if (heir !== null) {
    sendTimeoutNow(replica, role, heir, role.progress.get(heir)?.life ?? 0);
  }
  stepDown(replica);
}
