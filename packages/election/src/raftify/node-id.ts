import { memberIdOf } from '@quorate/node';
import type { NodeId } from '@quorate/schema';

/** Of every group that was founded by a `raftify.json`. Permanent: ids are made from it. */
export const clusterName = 'raftify';

/** Nodes are numbers where they vote: the number of the node called `id`. */
export function nodeIdOf(id: string): NodeId {
  return memberIdOf(clusterName, id);
}
