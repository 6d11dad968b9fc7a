import type { ForwardResponse, NodeId } from '@quorate/schema';

/** More than a link that is down for as long as requests wait would leave here. */
const maxAnswers = 1024;

interface Unsent {
  readonly answer: ForwardResponse;
  readonly untilMs: number;
}

/**
 * Answers to commands that were handed to this node, which no link has taken yet. A link is one way
 * for each: who asked may reach this node before this node reaches it, as after a partition, and
 * would learn of a lost answer from nothing but its own patience.
 */
export class UnsentAnswers {
  #waiting: Unsent[] = [];

  /** @param untilMs when whoever asked has given up */
  keep(answer: ForwardResponse, untilMs: number): void {
    if (this.#waiting.length === maxAnswers) this.#waiting.shift();
    this.#waiting.push({ answer, untilMs });
  }

  /** @param send returns whether it was taken; to a node that took none, no more is tried */
  sendAll(send: (answer: ForwardResponse) => boolean): void {
    if (this.#waiting.length === 0) return;
    const unreached = new Set<NodeId>();
    this.#waiting = this.#waiting.filter(({ answer }) => {
      if (!unreached.has(answer.to) && send(answer)) return false;
      unreached.add(answer.to);
      return true;
    });
  }

  expire(nowMs: number): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter(({ untilMs }) => untilMs > nowMs);
  }
}
