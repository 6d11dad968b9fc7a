import type { NodeId, RaftMessage } from '@quorate/schema';

/** A message as handlers write it: who sends it and in which term is the replica's to fill in. */
export type Outgoing = RaftMessage extends infer Message
  ? Message extends RaftMessage
    ? Omit<Message, 'from'>
    : never
  : never;

interface HeldMessage {
  readonly writeId: number;
  readonly message: RaftMessage;
}

/**
 * Messages on their way out. One that promises something is held until the write it rests on is
 * durable, so no driver can send it too early (bugs 2, 3, 4).
 */
export class Outbox {
  readonly #nodeId: NodeId;
  #ready: RaftMessage[] = [];
  #held: HeldMessage[] = [];

  constructor(nodeId: NodeId) {
    this.#nodeId = nodeId;
  }

  send(message: Outgoing): void {
    this.#ready.push({ ...message, from: this.#nodeId } as RaftMessage);
  }

  hold(message: Outgoing, writeId: number): void {
    this.#held.push({ writeId, message: { ...message, from: this.#nodeId } as RaftMessage });
  }

  /** @returns messages of this node to itself (its own vote), which are ready now */
  release(durableId: number): readonly RaftMessage[] {
    const own: RaftMessage[] = [];
    let released = 0;
    for (const held of this.#held) {
      if (held.writeId > durableId) break;
      released++;
      (held.message.to === this.#nodeId ? own : this.#ready).push(held.message);
    }
    if (released > 0) this.#held.splice(0, released);
    return own;
  }

  /** Promises of an earlier term mean nothing any more. */
  dropHeld(): void {
    this.#held = [];
  }

  take(): readonly RaftMessage[] {
    const messages = this.#ready;
    this.#ready = [];
    return messages;
  }
}
