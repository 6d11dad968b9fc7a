import { hash } from 'node:crypto';
import { type Address, formatAddress } from '@quorate/base';
import { refuse } from '../refuse-option.ts';
import type { RaftifyConfig } from './raftify-config.ts';

/** Who found the group, from the configuration alone. Addresses are 'host:port'. */
export interface FoundingPlan {
  /** Of this node. */
  readonly own: string;
  /** Of all nodes that the configuration names, this one included, sorted. */
  readonly all: readonly string[];
  /** The first `expect` of them. */
  readonly founders: readonly string[];
  readonly expect: number;
  readonly maxNodes: number;
  readonly performance: number;
}

/** A founder, as it has told of itself. */
export interface Founder {
  readonly address: string;
  readonly id: string;
}

/** One set of founders, and what they have agreed on. */
export interface FoundingSet {
  /** By address, as in the plan. */
  readonly founders: readonly Founder[];
  readonly all: readonly string[];
  readonly expect: number;
  readonly maxNodes: number;
}

/** @throws ElectionError ELECTION_OPTIONS_INVALID when there are too many nodes, or too few */
export function planOf(
  { peers, expect, maxNodes, performance }: Omit<RaftifyConfig, 'key'>,
  address: Address,
): FoundingPlan {
  const own = formatAddress(address);
  // By code units, which is the same everywhere.
  const all = [...new Set([...peers.map(formatAddress), own])].sort();
  if (all.length > maxNodes) {
    const problem = `and this node (${own}) are ${all.length} nodes, and max_nodes is ${maxNodes}`;
    refuse('peer_list', problem, 'see that this node is listed as it is, or raise max_nodes');
  }
  if (all.length < expect) {
    const problem = `and this node (${own}) are ${all.length} nodes, and expect is ${expect}`;
    refuse('peer_list', problem, 'list all nodes that are to found the group');
  }
  return { own, all, founders: all.slice(0, expect), expect, maxNodes, performance };
}

/** 32 hex digits; those of two sets are the same only if the sets are. */
export function digestOf({ founders, all, expect, maxNodes }: FoundingSet): string {
  const pairs = founders.map(({ address, id }) => [address, id]);
  const text = JSON.stringify(['quorate raftify founding', pairs, all, expect, maxNodes]);
  return hash('sha256', text, 'hex').slice(0, 32);
}
