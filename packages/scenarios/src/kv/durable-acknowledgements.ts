import type { Prng } from '@quorate/base';
import { type DurabilityClass, EntryKind, type NodeId } from '@quorate/schema';
import { InvariantViolation, type SimulatedCluster } from '@quorate/sim';
import type { AppliedLog } from './applied-log.ts';

export interface DurableAcknowledgementsOptions {
  readonly cluster: SimulatedCluster;
  readonly group: number;
  /** In how many failure domains they lie. */
  readonly zones: number;
  readonly log: AppliedLog;
}

/** Failure domains are dealt to the nodes in turn. */
export function zoneOf(node: NodeId, zones: number): string {
  return `zone${(node - 1) % zones}`;
}

/**
 * Durability classes (safety rule 12): whoever is told that a command is durable in so many failure
 * domains can rely on it: at that moment it is, on the disks, whatever the leader believes.
 */
export class DurableAcknowledgements {
  readonly #options: DurableAcknowledgementsOptions;
  /** Classes that were asked for and met. */
  met = 0;

  constructor(options: DurableAcknowledgementsOptions) {
    this.#options = options;
  }

  /** What one write asks for, null: nothing. */
  draw(prng: Prng): DurabilityClass | null {
    if (prng.chance(0.6)) return null;
    return { depth: 1, domains: prng.between(1, this.#options.zones) };
  }

  acknowledged(index: number, { domains }: DurabilityClass): void {
    const { cluster, group, zones, log } = this.#options;
    const term = log.at(index)?.term;
    const holders = cluster.nodes.filter((node) => {
      const raft = node.replicas.get(group);
      if (raft === undefined || raft.durableIndex < index) return false;
      const entry = raft.entryAt(index);
      // What is cut off is in the snapshot that the log begins with.
      if (entry === null) return raft.snapshot.index >= index && !raft.snapshot.withheld;
      return entry.term === term && entry.kind !== EntryKind.withheld;
    });
    const reached = new Set(holders.map(({ id }) => zoneOf(id, zones)));
    this.met += 1;
    if (reached.size >= domains) return;
    const why =
      `index ${index} was acknowledged as durable in ${domains} failure domains, and is only in ` +
      `${[...reached].join(', ')}`;
    cluster.fail(new InvariantViolation('durability class', why));
  }
}
