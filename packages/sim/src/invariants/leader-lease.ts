import type { RaftView } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import { type Invariant, InvariantViolation, type Turn } from './invariant.ts';

interface Seen {
  readonly raft: RaftView;
  readonly clockMs: () => number;
}

/**
 * Leader Lease: at any instant of true time at most one node of a group believes that it surely is
 * the only leader, for any clock rates within the declared drift (dissertation 6.4.1). Looked at
 * whenever a leader has had a turn; the others may be paused or cut off, their clocks go on.
 */
export class LeaderLease implements Invariant {
  readonly name = 'leader lease';
  readonly #replicas = new Map<GroupId, Map<NodeId, Seen>>();

  check({ node, group, raft, clockMs }: Turn): void {
    let replicas = this.#replicas.get(group);
    if (replicas === undefined) {
      replicas = new Map();
      this.#replicas.set(group, replicas);
    }
    if (replicas.get(node)?.raft !== raft) replicas.set(node, { raft, clockMs });
    if (raft.role !== 'leader' || !isHeld({ raft, clockMs })) return;
    for (const [other, seen] of replicas) {
      if (other === node || seen.raft.role !== 'leader' || !isHeld(seen)) continue;
      throw new InvariantViolation(
        this.name,
        `group ${group}: node ${other} in term ${seen.raft.currentTerm} and node ${node} in term ` +
          `${raft.currentTerm} hold a lease at the same time`,
      );
    }
  }

  /** The process of the node is gone, and its lease with it. */
  crashed(node: NodeId): void {
    for (const replicas of this.#replicas.values()) replicas.delete(node);
  }
}

function isHeld({ raft, clockMs }: Seen): boolean {
  return !raft.asleep && raft.leaseUntilMs > clockMs();
}
