import type { Configuration, NodeId, QuorumSizes } from '@quorate/schema';

/** Sets of up to 30 nodes as bits: node n is bit n - 1. */
export type NodeSet = number;

export function setOf(ids: readonly NodeId[]): NodeSet {
  let set = 0;
  for (const id of ids) set |= 1 << (id - 1);
  return set;
}

export function sizeOf(set: NodeSet): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** By definition: as many of the voters as the size says, by default more than half. */
function isQuorumOf(set: NodeSet, voters: readonly NodeId[], size: number | undefined): boolean {
  if (voters.length === 0) return true;
  const present = sizeOf(set & setOf(voters));
  return size === undefined ? present * 2 > voters.length : present >= size;
}

/** Whether the set decides as `kind`, in both halves of a joint configuration. */
export function decides(
  configuration: Configuration,
  kind: keyof QuorumSizes,
  set: NodeSet,
): boolean {
  const { voters, quorum, votersOutgoing, quorumOutgoing } = configuration;
  return (
    isQuorumOf(set, voters, quorum?.[kind]) &&
    isQuorumOf(set, votersOutgoing, quorumOutgoing?.[kind])
  );
}

/** By trying every set of nodes up to `nodes`: whether no two quorums are disjoint. */
export function alwaysMeet(
  a: Configuration,
  kindOfA: keyof QuorumSizes,
  b: Configuration,
  kindOfB: keyof QuorumSizes,
  nodes: number,
): boolean {
  const everyone = (1 << nodes) - 1;
  for (let set = 0; set <= everyone; set++) {
    // The rest is the largest set that has nothing in common with this one.
    if (decides(a, kindOfA, set) && decides(b, kindOfB, everyone & ~set)) return false;
  }
  return true;
}

/** Whether whatever one decides, the other takes note of: rule 6, by enumeration. */
export function areSafeTogether(a: Configuration, b: Configuration, nodes: number): boolean {
  return (
    alwaysMeet(a, 'commit', b, 'election', nodes) &&
    alwaysMeet(b, 'commit', a, 'election', nodes) &&
    alwaysMeet(a, 'election', b, 'election', nodes)
  );
}

/** All pairs of sizes for `count` voters, sound or not. */
export function everySizes(count: number): QuorumSizes[] {
  const sizes = Array.from({ length: count }, (_, at) => at + 1);
  return sizes.flatMap((commit) => sizes.map((election) => ({ commit, election })));
}

export function firstNodes(count: number): NodeId[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}
