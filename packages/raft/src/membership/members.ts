import type { Configuration, NodeId } from '@quorate/schema';

/** Every node the configuration names, once, ascending. */
export function membersOf(configuration: Configuration): NodeId[] {
  const ids = new Set([
    ...configuration.voters,
    ...configuration.votersOutgoing,
    ...configuration.learners,
    ...configuration.learnersNext,
  ]);
  return [...ids].sort((a, b) => a - b);
}

/** Whether the node's vote counts, in either half of a joint configuration. */
export function isVoter(configuration: Configuration, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.votersOutgoing.includes(id);
}
