import type { Configuration, Member, NodeId, QuorumSizes } from '@quorate/schema';

/** Who decides: every set of `size` of `voters`. */
interface Quorums {
  readonly voters: readonly NodeId[];
  readonly size: number;
}

interface Half {
  readonly commits: Quorums;
  readonly elections: Quorums;
}

/**
 * Why the configuration `to` may not come right after `from` in a log, or null when it may.
 *
 * This states the safety argument, not how changes are made, so that the one can be held against
 * the other. While `to` spreads, and until it is committed, some nodes decide by `from` and some by
 * `to`; of any two configurations that are ever in use at once one comes right after the other. So
 * it has to be shown of such a pair alone that
 *
 * 1. what one commits, an election by the other sees, and
 * 2. they cannot both elect a leader in one term.
 *
 * A decision while joint takes a quorum of each half, so it is enough that one half of `from` and
 * one half of `to` meet (dissertation 4.2, 4.3). And a node that has a part in both must be the
 * same node in both, with the data it had: what it promised holds for the other one too.
 */
export function illegalStep(from: Configuration, to: Configuration): string | null {
  return soundness(to) ?? shape(from, to) ?? intersection(from, to) ?? identity(from, to);
}

/** By itself, whatever came before it. */
function soundness(configuration: Configuration): string | null {
  for (const { commits, elections } of halves(configuration)) {
    const count = commits.voters.length;
    if (count === 0 || commits.size > count || elections.size > count) return 'it has no quorum';
    if (!meet(commits, elections)) return 'an election may miss what was committed';
    if (!meet(elections, elections)) return 'two leaders may be elected in one term';
    const holders = commits.voters.filter((id) => !memberOf(configuration, id)?.witness);
    // The smallest number of holders among those that commit.
    if (holders.length - (count - commits.size) < 1) return 'witnesses alone may commit';
  }
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  const decide = [...voters, ...votersOutgoing];
  if (learners.some((id) => decide.includes(id))) return 'a learner is a voter as well';
  if (learnersNext.some((id) => !votersOutgoing.includes(id) || voters.includes(id))) {
    return 'one that is to be a learner was no voter, or stays one';
  }
  return null;
}

/** A joint configuration is entered from its outgoing half and left to its incoming one. */
function shape(from: Configuration, to: Configuration): string | null {
  const wasJoint = from.votersOutgoing.length > 0;
  const isJoint = to.votersOutgoing.length > 0;
  if (!wasJoint && !isJoint) return null;
  if (!wasJoint) {
    const same = equalIds(to.votersOutgoing, from.voters);
    if (same && equalSizes(to.quorumOutgoing, from.quorum)) return null;
    return 'the outgoing half is not what was in force';
  }
  if (!equalIds(to.voters, from.voters) || !equalSizes(to.quorum, from.quorum)) {
    return 'the incoming half changed before it was alone in force';
  }
  if (isJoint) {
    const same =
      equalIds(to.votersOutgoing, from.votersOutgoing) &&
      equalSizes(to.quorumOutgoing, from.quorumOutgoing) &&
      equalIds(to.learners, from.learners) &&
      equalIds(to.learnersNext, from.learnersNext);
    return same ? null : 'who decides and who learns changed in the joint configuration';
  }
  const learners = new Set([...from.learners, ...from.learnersNext]);
  const same = to.learners.length === learners.size && to.learners.every((id) => learners.has(id));
  return same ? null : 'the learners are not those that the joint configuration said';
}

function intersection(from: Configuration, to: Configuration): string | null {
  const meeting = halves(from).some((before) =>
    halves(to).some(
      (after) =>
        meet(before.commits, after.elections) &&
        meet(after.commits, before.elections) &&
        meet(before.elections, after.elections),
    ),
  );
  return meeting ? null : 'a quorum of before and one of after need not meet';
}

function identity(from: Configuration, to: Configuration): string | null {
  for (const id of [...to.voters, ...to.votersOutgoing, ...to.learners]) {
    if (![...from.voters, ...from.votersOutgoing, ...from.learners].includes(id)) continue;
    const before = memberOf(from, id);
    const after = memberOf(to, id);
    if (before?.incarnation && before.incarnation !== after?.incarnation) {
      return `node ${id} is another incarnation`;
    }
    if ((before?.witness ?? false) !== (after?.witness ?? false)) {
      return `node ${id} held data in one and not in the other`;
    }
  }
  return null;
}

function halves(configuration: Configuration): Half[] {
  const { voters, quorum, votersOutgoing, quorumOutgoing } = configuration;
  const incoming = half(voters, quorum);
  return votersOutgoing.length === 0
    ? [incoming]
    : [incoming, half(votersOutgoing, quorumOutgoing)];
}

function half(voters: readonly NodeId[], sizes: QuorumSizes | null): Half {
  const majority = Math.floor(voters.length / 2) + 1;
  return {
    commits: { voters, size: sizes?.commit ?? majority },
    elections: { voters, size: sizes?.election ?? majority },
  };
}

/**
 * Counted over who is in both: a quorum that keeps out of the other's way still takes so many of
 * those. When the two together need more of them than there are, they have one in common.
 */
function meet(a: Quorums, b: Quorums): boolean {
  const shared = a.voters.filter((id) => b.voters.includes(id)).length;
  const ofA = Math.max(0, a.size - (a.voters.length - shared));
  const ofB = Math.max(0, b.size - (b.voters.length - shared));
  return ofA + ofB > shared;
}

function memberOf(configuration: Configuration, id: NodeId): Member | undefined {
  return configuration.members.find((member) => member.id === id);
}

function equalIds(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id, at) => id === b[at]);
}

function equalSizes(a: QuorumSizes | null, b: QuorumSizes | null): boolean {
  return a?.commit === b?.commit && a?.election === b?.election;
}
