import type { NodeId, RaftMessage } from '@quorate/schema';
import { nothing } from './take-all.ts';

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

  send(message: RaftMessage): void {
    this.#ready.push(message);
  }

  hold(message: RaftMessage, writeId: number): void {
    this.#held.push({ writeId, message });
  }

  /** @returns messages of this node to itself (its own vote), which are ready now */
  release(durableId: number): readonly RaftMessage[] {
    if (this.#held.length === 0) return nothing;
    const own: RaftMessage[] = [];
    let released = 0;
    for (const held of this.#held) {
      if (held.writeId > durableId) break;
      released++;
      (held.message.to === this.#nodeId ? own : this.#ready).push(held.message);
    }
    this.#held.splice(0, released);
    return own;
  }

  /** Promises of an earlier term mean nothing any more. */
  dropHeld(): void {
    this.#held = [];
  }

  take(): readonly RaftMessage[] {
    if (this.#ready.length === 0) return nothing;
    const messages = this.#ready;
    this.#ready = [];
    return messages;
  }
}
