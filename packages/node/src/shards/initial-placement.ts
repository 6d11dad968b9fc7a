import type { NodeId } from '@quorate/schema';

/**
 * Which nodes hold each shard of a new cluster: with the n founders in the order of their ids,
 * shard s is on those at s, s + 1, … s + replicas - 1, modulo n. So every node has as many shards
 * as any other, give or take `replicas`, and each founder is the first of as many.
 *
 * A function of its arguments alone, for all founders have to come to the same by themselves. It
 * says nothing of shards that were moved since: that is in their logs.
 *
 * @returns the voters of each shard, the one that leads in a balanced cluster first
 */
export function initialPlacement(
  founders: Iterable<NodeId>,
  count: number,
  replicas: number,
): readonly (readonly NodeId[])[] {
  const nodes = [...founders].sort((a, b) => a - b);
  return Array.from({ length: count }, (_, shard) =>
    Array.from({ length: replicas }, (_, at) => nodes[(shard + at) % nodes.length] as NodeId),
  );
}
