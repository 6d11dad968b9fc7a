import { assert } from '@quorate/base';
import type { LogIndex } from '@quorate/schema';
import { quorumValue } from '../membership/quorum.ts';
import type { Replica } from '../replica.ts';

/**
 * Moves the leader's commit index to the newest entry that a quorum has made durable.
 *
 * Only an entry of the current term is committed by counting replicas; what comes before it is
 * committed with it. An older entry on a majority may still be overwritten (paper, figure 8).
 */
export function advanceCommit(replica: Replica): void {
  const { role } = replica;
  assert(role.kind === 'leader', 'only a leader counts replicas');
  const durableOnQuorum: LogIndex = quorumValue(replica.configuration, (id) => {
    if (id === replica.nodeId) return replica.durability.durableIndex;
    // What a node acknowledged before it lost its data is on one disk less.
    if (replica.memberships.isImpostor(id)) return 0;
    return role.progress.get(id)?.countedIndex ?? 0;
  });
  if (replica.log.termAt(durableOnQuorum) !== replica.currentTerm) return;
  replica.commitTo(durableOnQuorum);
}
