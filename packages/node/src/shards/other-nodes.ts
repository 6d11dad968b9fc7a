import { type Address, type Clock, formatAddress, type Network } from '@quorate/base';
import { type ClusterDescription, describeCluster } from '@quorate/host';
import { checksum } from '../computation.ts';
import { groupIdOf } from '../ids.ts';
import { timers } from '../time/timers.ts';
import { shardsMismatch } from './shards-record.ts';

/** What this node is, as others are compared with it. */
export interface OwnShards {
  readonly clusterId: string;
  readonly names: readonly string[];
}

/** Long enough for nodes that are far, and no long delay where one is down. */
const askedMs = 250;

export function describeAt(
  contacts: readonly Address[],
  ports: { readonly network: Network; readonly clock: Clock },
  timeoutMs: number,
): Promise<ClusterDescription> {
  return new Promise((fulfil, reject) => {
    const all = { ...ports, timers, checksum };
    describeCluster(all, contacts, timeoutMs, (error, description) => {
      if (description === null) reject(error);
      else fulfil(description);
    });
  });
}

/**
 * Compares this node's shards with those of the nodes that are up already. Nodes that differ never
 * talk to each other, as members of different clusters; this is for them to be told why.
 *
 * @throws NodeError NODE_SHARDS_MISMATCH
 */
export async function checkOtherNodes(
  own: OwnShards,
  others: readonly Address[],
  ports: { readonly network: Network; readonly clock: Clock },
): Promise<void> {
  const asked = others.map(async (address) => {
    let description: ClusterDescription;
    try {
      description = await describeAt([address], ports, askedMs);
    } catch {
      // It is not up: it compares itself with this one when it comes.
      return;
    }
    compare(own, description, formatAddress(address));
  });
  await Promise.all(asked);
}

/** @throws NodeError NODE_SHARDS_MISMATCH */
export function compare(own: OwnShards, found: ClusterDescription, at: string): void {
  const { clusterId, nodeId, groups } = found;
  const there = new Set(groups.map(({ id }) => id));
  const { length: count } = own.names;
  const isSameCount = there.size === count && own.names.every((name) => there.has(groupIdOf(name)));
  const node = `node ${nodeId} at ${at}`;
  if (!isSameCount) {
    throw shardsMismatch('shards.count', `${count}`, `${node} has ${there.size} groups`, node);
  }
  if (clusterId === own.clusterId) return;
  const given = 'not as it was given there';
  const found_ = `${node} has the same number of shards in another cluster`;
  throw shardsMismatch('peers, cluster or shards.replicas', given, found_, node);
}
