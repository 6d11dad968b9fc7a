import type { GroupId, NodeId, PeerMessage } from '@quorate/schema';

export interface PeerLinkHandlers {
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
  close(): void;
}
