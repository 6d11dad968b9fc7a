import type { GroupWrite, LogStore } from '@quorate/raft';

type Done = (error: Error | null) => void;

/** What is wrong with the disk of one node. */
export interface DiskFaults {
  /** How much longer each write takes. */
  slowMs: number;
  /** The next write fails, and with it the node. */
  failsNext: boolean;
  /** There is no room for more. */
  isFull: boolean;
}

/** All is well. */
export function noDiskFaults(): DiskFaults {
  return { slowMs: 0, failsNext: false, isFull: false };
}

/** A node's log, with the faults of its disk. */
export class FaultyLogStore implements LogStore {
  readonly #inner: LogStore;
  readonly #faults: DiskFaults;
  readonly #late = new Map<NodeJS.Timeout, () => void>();
  #lastDueMs = 0;
  #isDead = false;

  constructor(inner: LogStore, faults: DiskFaults) {
    this.#inner = inner;
    this.#faults = faults;
  }

  get recovered(): LogStore['recovered'] {
    return this.#inner.recovered;
  }

  get writable(): boolean {
    return !this.#faults.isFull && this.#inner.writable;
  }

  get pinnedBy(): LogStore['pinnedBy'] {
    return this.#inner.pinnedBy;
  }

  get diskBytes(): number {
    return this.#inner.diskBytes;
  }

  submit(writes: readonly GroupWrite[], done: Done): void {
    if (this.#isDead || this.#faults.failsNext) {
      const what = this.#isDead ? 'the node was killed' : 'fsync failed, as it was told to';
      this.#faults.failsNext = false;
      this.#isDead = true;
      setImmediate(() => done(new Error(what)));
      return;
    }
    this.#inner.submit(writes, (error) => this.#answer(error, done));
  }

  /** Nothing is written or answered any more, as when the process has ended. */
  kill(): void {
    this.#isDead = true;
  }

  close(done: Done): void {
    // Asked for in order, so answered in order.
    for (const [timer, answer] of [...this.#late]) {
      clearTimeout(timer);
      answer();
    }
    this.#inner.close(done);
  }

  #answer(error: Error | null, done: Done): void {
    const nowMs = performance.now();
    const dueMs = Math.max(this.#lastDueMs, nowMs + this.#faults.slowMs);
    this.#lastDueMs = dueMs;
    const given = this.#isDead ? new Error('the node was killed') : error;
    if (dueMs <= nowMs) {
      done(given);
      return;
    }
    const answer = (): void => {
      this.#late.delete(timer);
      done(this.#isDead ? new Error('the node was killed') : error);
    };
    const timer = setTimeout(answer, dueMs - nowMs);
    this.#late.set(timer, answer);
  }
}
