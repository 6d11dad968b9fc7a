import type { Address, Logger, Network } from '@quorate/base';
import { askCluster, clusterIdOf, recordedOwner } from '@quorate/node';
import type { NodeId } from '@quorate/schema';
import type { ParsedElectionOptions } from './parse-election-options.ts';
import { refuse } from './refuse-option.ts';

/** Which election this node is of, and whom it founds it with. */
export interface ElectionOrigin {
  readonly clusterId: string;
  /** Null: not known here. */
  readonly clusterName: string | null;
  readonly members: ReadonlyMap<NodeId, Address>;
  readonly founds: boolean;
}

export interface OriginPorts {
  /** Null: TCP. */
  readonly network: ((logger: Logger) => Network) | null;
  readonly logger: Logger;
}

const defaultCluster = 'election';

/**
 * A directory that has an owner knows its election; else this node founds one, or joins one.
 *
 * @throws ElectionError ELECTION_OPTIONS_INVALID when the directory is another node's or another
 *   election's, or nothing says which election is meant; HostError HOST_CLUSTER_UNREACHABLE
 */
export async function originOf(
  parsed: ParsedElectionOptions,
  ports: OriginPorts,
): Promise<ElectionOrigin> {
  const { id, dataDir, founders, cluster, listen, join } = parsed;
  const owner = dataDir === null ? null : await recordedOwner(dataDir);
  if (owner !== null && owner.nodeId !== id) {
    const problem = `${dataDir} holds the votes of node ${owner.nodeId}, and this is node ${id}`;
    refuse('dataDir', problem, 'give each node a directory of its own');
  }
  if (founders !== null) {
    const name = cluster ?? defaultCluster;
    const clusterId = clusterIdOf(name, founders.keys());
    if (owner !== null && owner.clusterId !== clusterId) {
      const problem = 'and cluster are not what this directory was founded with';
      refuse('peers', problem, `give those again, or another directory than ${dataDir}`);
    }
    return { clusterId, clusterName: name, members: founders, founds: true };
  }
  const members = new Map([[id, listen]]);
  if (owner !== null) {
    return { clusterId: owner.clusterId, clusterName: cluster, members, founds: false };
  }
  if (join.length === 0) {
    const fix = 'give peers to found an election, or join with any member of one that runs';
    refuse('peers', 'and join are missing, and dataDir is new', fix);
  }
  const found = await describedBy(join, parsed, ports);
  const { clusterId, clusterName = null } = found;
  if (cluster !== null && clusterName !== null && cluster !== clusterName) {
    const problem = `is '${cluster}', and that of the members is '${clusterName}'`;
    refuse('cluster', problem, 'give theirs, or the addresses of the election that is meant');
  }
  return { clusterId, clusterName: clusterName ?? cluster, members, founds: false };
}

async function describedBy(
  contacts: readonly Address[],
  { timeoutMs }: ParsedElectionOptions,
  { network, logger }: OriginPorts,
): Promise<Awaited<ReturnType<typeof askCluster>>> {
  const options = { ...(network === null ? {} : { network }), logger, timeoutMs };
  const asked = contacts.map((contact) => askCluster(contact, options));
  try {
    return await Promise.any(asked);
  } catch (error) {
    // All of them failed, each for a reason of its own: the first contact's is told.
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}
