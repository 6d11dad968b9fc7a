import type { LogIndex, NodeId } from '@quorate/schema';

export interface QueuedRead {
  readonly from: NodeId;
  readonly context: number;
}

interface RoundReads {
  readonly round: number;
  readonly index: LogIndex;
  readonly reads: readonly QueuedRead[];
}

/**
 * Reads that wait until the leader knows that it still leads (dissertation 6.4): each batch has the
 * commit index of the moment it was taken and a heartbeat round sent after that moment. Rounds are
 * never reused in a term, so a delayed answer cannot confirm a later read (bug 34).
 */
export class ReadQueue {
  /** Not yet in a round: until the turn ends, or until the term's first commit (bug 33). */
  #waiting: QueuedRead[] = [];
  #rounds: RoundReads[] = [];

  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Nothing waits, neither for a round nor for its answers. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#rounds.length === 0;
  }

  add(read: QueuedRead): void {
    this.#waiting.push(read);
  }

  startRound(round: number, index: LogIndex): void {
    this.#rounds.push({ round, index, reads: this.#waiting });
    this.#waiting = [];
  }

  /** @returns the batches that a quorum has confirmed by answering `round` or a later one */
  confirmed(round: number): readonly RoundReads[] {
    let count = 0;
    while (count < this.#rounds.length && (this.#rounds[count] as RoundReads).round <= round) {
      count++;
    }
    return count === 0 ? [] : this.#rounds.splice(0, count);
  }

  /** @returns everything that was waiting, which will not be confirmed */
  drain(): readonly QueuedRead[] {
    const all = [...this.#rounds.flatMap((batch) => batch.reads), ...this.#waiting];
    this.#rounds = [];
    this.#waiting = [];
    return all;
  }
}
