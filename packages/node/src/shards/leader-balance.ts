import type { NodeId } from '@quorate/schema';

/** A shard as far as its leadership is concerned. */
export interface LedShard {
  readonly shard: number;
  /** 0: nobody; then there is nothing to hand over. */
  readonly leader: NodeId;
  /** Those that may lead, the leader included. */
  readonly voters: readonly NodeId[];
}

export interface Handover {
  readonly shard: number;
  readonly to: NodeId;
}

/**
 * The fewest hand-overs known to get leaderships even: as long as some node leads two or more
 * shards more than another and there is a chain of shards from the one to the other, each led by a
 * node of the chain with the next one among its voters, every shard of the shortest chain goes one
 * node on.
 */
export function planHandovers(shards: readonly LedShard[]): readonly Handover[] {
  const leaders = new Map<number, NodeId>();
  const loads = new Map<NodeId, number>();
  for (const { shard, leader, voters } of shards) {
    if (leader === 0) continue;
    leaders.set(shard, leader);
    for (const node of voters) loads.set(node, loads.get(node) ?? 0);
    loads.set(leader, (loads.get(leader) ?? 0) + 1);
  }
  for (let chain = nextChain(shards, leaders, loads); chain !== null; ) {
    for (const { shard, to } of chain) {
      const from = leaders.get(shard) ?? 0;
      loads.set(from, (loads.get(from) ?? 0) - 1);
      loads.set(to, (loads.get(to) ?? 0) + 1);
      leaders.set(shard, to);
    }
    chain = nextChain(shards, leaders, loads);
  }
  return shards
    .map(({ shard, leader }) => ({ shard, from: leader, to: leaders.get(shard) ?? 0 }))
    .filter(({ from, to }) => from !== to)
    .map(({ shard, to }) => ({ shard, to }));
}

/** From the nodes with most to lead, the heaviest first: the shortest chain to one with less. */
function nextChain(
  shards: readonly LedShard[],
  leaders: ReadonlyMap<number, NodeId>,
  loads: ReadonlyMap<NodeId, number>,
): readonly Handover[] | null {
  const byLeader = Map.groupBy(shards, ({ shard }) => leaders.get(shard) ?? 0);
  const heaviest = [...loads.keys()].sort((a, b) => loadOf(b) - loadOf(a) || a - b);
  function loadOf(node: NodeId): number {
    return loads.get(node) ?? 0;
  }
  for (const start of heaviest) {
    const reachedBy = new Map<NodeId, Handover | null>([[start, null]]);
    const queue = [start];
    for (const node of queue) {
      if (loadOf(start) - loadOf(node) >= 2) return chainTo(node, reachedBy, leaders);
      for (const { shard, voters } of byLeader.get(node) ?? []) {
        for (const to of voters) {
          if (reachedBy.has(to)) continue;
          reachedBy.set(to, { shard, to });
          queue.push(to);
        }
      }
    }
  }
  return null;
}

function chainTo(
  end: NodeId,
  reachedBy: ReadonlyMap<NodeId, Handover | null>,
  leaders: ReadonlyMap<number, NodeId>,
): readonly Handover[] {
  const chain: Handover[] = [];
  let step = reachedBy.get(end) ?? null;
  while (step !== null) {
    chain.push(step);
    step = reachedBy.get(leaders.get(step.shard) ?? 0) ?? null;
  }
  return chain;
}
