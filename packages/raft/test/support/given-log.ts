import type { Entry, HardState, NodeId } from '@quorate/schema';
import type { Cluster, Member } from './cluster.ts';

/** Starts a member anew with a disk of the test's making. */
export function giveLog(
  cluster: Cluster,
  id: NodeId,
  entries: readonly Entry[],
  hardState: Partial<HardState> = {},
): Member {
  const member = cluster.get(id);
  const term = entries.at(-1)?.term ?? 0;
  const promised = { term, votedFor: 0, commitIndex: 0, ...hardState };
  member.disk = { ...member.disk, entries, hardState: promised, bootstrap: false };
  return cluster.restart(id);
}
