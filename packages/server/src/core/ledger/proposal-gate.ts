import type { ProposeDone } from '@quorate/runtime';
import type { LedgerGroup, LedgerResult } from './ledger-group.ts';

/** What all clients together may have under way on this server. */
export interface GateLimits {
  /** Proposed and not yet answered. One command always goes through, however large it is. */
  readonly proposals: number;
  readonly proposedBytes: number;
  /**
   * While all that is proposed has no more than this, `proposals` does not hold: the commands of
   * many clients with a transfer each are one write to the disk, and few of them would be one too.
   */
  readonly smallBytes: number;
  /** Of what waits behind these; a client beyond it is told to come again. */
  readonly waitingBytes: number;
}

/** Below what a group takes before it refuses, and enough to keep its disk and its links busy. */
export const defaultGateLimits: GateLimits = {
  proposals: 64,
  proposedBytes: 16 * 1024 * 1024,
  smallBytes: 256 * 1024,
  waitingBytes: 64 * 1024 * 1024,
};

interface Waiting {
  readonly command: Uint8Array;
  readonly done: ProposeDone<LedgerResult>;
}

/**
 * Proposes commands in the order in which they come, so many at a time. What a client may send at
 * most is bounded by its stream; this bounds all of them together, and keeps each stream waiting
 * no longer than what came before it takes.
 */
export class ProposalGate {
  readonly #group: Pick<LedgerGroup, 'propose'>;
  readonly #limits: GateLimits;
  #waiting: Waiting[] = [];
  /** Of `#waiting`, the first that still waits. */
  #next = 0;
  #waitingBytes = 0;
  #proposals = 0;
  #proposedBytes = 0;

  constructor(group: Pick<LedgerGroup, 'propose'>, limits: GateLimits = defaultGateLimits) {
    this.#group = group;
    this.#limits = limits;
  }

  /** Proposed and not yet answered. */
  get proposals(): number {
    return this.#proposals;
  }

  get waiting(): number {
    return this.#waiting.length - this.#next;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * @param command not changed by anyone any more
   * @returns false: too much waits, nothing was taken and `done` is not called
   */
  propose(command: Uint8Array, done: ProposeDone<LedgerResult>): boolean {
    if (this.waiting === 0 && this.#hasRoom(command.length)) {
      this.#begin(command, done);
      return true;
    }
    if (this.#waitingBytes + command.length > this.#limits.waitingBytes) return false;
    this.#waiting.push({ command, done });
    this.#waitingBytes += command.length;
    return true;
  }

  #hasRoom(bytes: number): boolean {
    const { proposals, proposedBytes, smallBytes } = this.#limits;
    if (this.#proposals === 0) return true;
    const together = this.#proposedBytes + bytes;
    return together <= (this.#proposals < proposals ? proposedBytes : smallBytes);
  }

  #begin(command: Uint8Array, done: ProposeDone<LedgerResult>): void {
    this.#proposals += 1;
    this.#proposedBytes += command.length;
    this.#group.propose(command, (error, applied) => {
      this.#proposals -= 1;
      this.#proposedBytes -= command.length;
      this.#proceed();
      done(error, applied);
    });
  }

  #proceed(): void {
    for (let one = this.#waiting[this.#next]; one !== undefined; one = this.#waiting[this.#next]) {
      if (!this.#hasRoom(one.command.length)) return;
      this.#next += 1;
      this.#waitingBytes -= one.command.length;
      this.#begin(one.command, one.done);
    }
    this.#waiting = [];
    this.#next = 0;
  }
}
