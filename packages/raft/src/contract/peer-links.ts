import type { GroupId, NodeId, PeerMessage } from '@quorate/schema';

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
