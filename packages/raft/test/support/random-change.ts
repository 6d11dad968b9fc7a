import type { Prng } from '@quorate/base';
import type { Configuration, NodeId } from '@quorate/schema';
import type { MembershipChange, MembershipStep } from '../../src/index.ts';

/** A node is a witness for good, so which one may be is settled. */
const witnessId = 4;

/**
 * A change that an operator might ask for: add, promote, demote, remove, several at once, other
 * quorum sizes, a witness. Lost nodes are removed rather than relied on.
 */
export function drawChange(
  prng: Prng,
  configuration: Configuration,
  ids: readonly NodeId[],
  isLost: (id: NodeId) => boolean,
): MembershipChange {
  const { voters, learners } = configuration;
  const lost = voters.filter(isLost);
  if (lost.length > 0) return { steps: [{ kind: 'remove', id: prng.pick(lost) }], quorum: null };
  const outside = ids.filter((id) => !voters.includes(id) && !learners.includes(id));
  const steps: MembershipStep[] = [];
  for (let count = prng.pick([1, 1, 1, 2, 3]); count > 0; count--) {
    const step = drawStep(prng, configuration, outside);
    if (!steps.some(({ id }) => id === step.id)) steps.push(step);
  }
  const quorum = prng.chance(0.3) ? { quorum: drawSizes(prng, voters.length) } : {};
  const mode = prng.pick(['auto', 'auto', 'simple', 'jointAutoLeave'] as const);
  return { steps, mode, ...quorum };
}

function drawStep(
  prng: Prng,
  { voters, learners }: Configuration,
  outside: readonly NodeId[],
): MembershipStep {
  const drawn = prng.below(10);
  if (drawn < 3 && outside.length > 0) {
    const id = prng.pick(outside);
    return { kind: 'addVoter', id, member: { witness: id === witnessId } };
  }
  if (drawn < 5 && outside.length > 0) {
    const id = prng.pick(outside);
    const member = { promote: prng.chance(0.5), witness: id === witnessId };
    return { kind: 'addLearner', id, member };
  }
  if (drawn < 7 && learners.length > 0) return { kind: 'addVoter', id: prng.pick(learners) };
  if (drawn < 8) return { kind: 'addLearner', id: prng.pick(voters) };
  return { kind: 'remove', id: prng.pick([...voters, ...learners]) };
}

function drawSizes(prng: Prng, count: number): { commit: number; election: number } | null {
  if (prng.chance(0.3)) return null;
  const election = prng.between(1, count + 1);
  return { commit: Math.max(1, count + 1 - election + prng.below(2)), election };
}
