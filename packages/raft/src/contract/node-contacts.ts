import type { NodeId } from '@quorate/schema';

/**
 * When each node of the process's peers was last heard, by the node's own messages. A sleeping
 * group rests on these instead of heartbeats of its own (rule 11). Kept by the driver.
 */
export interface NodeContacts {
  /** When the node last said that it is there and that its part of the sleeping groups is. */
  heardMs(node: NodeId): number;
  /** When the newest of our own messages that the node has answered was sent. */
  supportedAtMs(node: NodeId): number;
}
