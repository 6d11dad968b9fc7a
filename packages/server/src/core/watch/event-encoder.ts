import type { Change } from '@quorate/kv';
import { createWriter, etcd } from '@quorate/schema';

/** Field 11 of a WatchResponse, length-delimited. */
const eventTag = (11 << 3) | 2;

/** @returns the change as an event, with tag and length as it stands in a response */
export function encodeEvent(change: Change, withPrevious: boolean): Uint8Array {
  const writer = createWriter().uint32(eventTag).fork();
  const event = {
    type: change.isPut ? etcd.EventType.PUT : etcd.EventType.DELETE,
    kv: change.keyValue,
    prevKv: withPrevious ? change.previous : null,
  };
  etcd.Event.write(event, writer);
  return writer.ldelim().finish();
}
