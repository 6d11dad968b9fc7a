import { assert } from '@quorate/base';
import type { ReadIndex, ReadIndexResponse } from '@quorate/schema';
import type { Replica } from '../replica.ts';

/** A follower asks on behalf of its readers; it is answered like a reader here. */
export function handleReadIndex(replica: Replica, message: ReadIndex): void {
  if (replica.role.kind !== 'leader') return;
  assert(message.from !== replica.nodeId, 'a node asks itself without a message');
  replica.role.reads.add({ from: message.from, context: message.context });
}

export function handleReadIndexResponse(replica: Replica, message: ReadIndexResponse): void {
  if (!replica.forwardedReads.delete(message.context)) return;
  replica.readyReads.push({ context: message.context, index: message.index });
}
