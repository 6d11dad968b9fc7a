import type { GroupId, NodeId, PeerMessage } from '@quorate/schema';

/** What links tell the runtime, always from the event loop. */
export interface PeerLinkHandlers {
  /**
   * The peer has connected and said which incarnation of its data directory it is; what it says
   * from now on is said by that one. Comes before its first message.
   */
  greeted(peer: NodeId, incarnation: number): void;
  message(from: NodeId, group: GroupId, message: PeerMessage): void;
  /** Messages that were under way when a link broke are lost; nobody resends them. */
  connected(peer: NodeId): void;
  disconnected(peer: NodeId): void;
}

/**
 * Unreliable messages to peers. Raft survives the loss of any of them, so a full queue drops and
 * says so instead of growing. Each is delivered at most once: a forwarded command that came twice
 * would be appended twice.
 *
 * What one peer sends on one connection arrives in the order it was sent, with gaps where messages
 * were dropped. Pieces of snapshots may have a connection of their own: between them and all other
 * messages there is no order, nor between what was sent before and after a link broke. The core
 * needs none of it to be safe. It is for speed: an AppendEntries that overtakes another is refused
 * and sent again, and a piece of a snapshot out of turn is asked for anew.
 *
 * Links of one's own are held to this contract by `checkPeerLinks` of
 * `@quorate/transport/conformance`.
 */
export interface PeerLinks {
  /** Begins to accept and to connect. `done` once the listener is up, or with why it is not. */
  start(handlers: PeerLinkHandlers, done: (error: Error | null) => void): void;
  /** @returns false when the message was dropped: no link, or its queue is full */
  send(to: NodeId, group: GroupId, message: PeerMessage): boolean;
  /** Hands what `send` has gathered to the network. Called at the end of each turn. */
  flush(): void;
  isConnected(peer: NodeId): boolean;
  /**
   * From now on `peer` is one to talk to, at `address` (of the transport's own form, as the
   * configuration has it); null: no longer. Peers given at the beginning need no such call.
   */
  setPeer(peer: NodeId, address: string | null): void;
  close(): void;
}
