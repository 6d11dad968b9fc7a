import type { Checkpoint, CheckpointExpansion, Checkpoints } from '@quorate/base';
import { SessionSnapshot } from './session-snapshot.ts';
import type { SessionTable } from './session-table.ts';
import { lengthBytes } from './snapshot-format.ts';

/** Checkpoints of the inner state machine, with the sessions, which are always whole, before. */
export function sessionCheckpoints(inner: Checkpoints, table: () => SessionTable): Checkpoints {
  return {
    get isDue() {
      return inner.isDue;
    },
    open: (place) => inner.open(place),
    take: (index) => {
      const checkpoint = inner.take(index);
      const chunks = new SessionSnapshot(table(), checkpoint);
      return {
        next: () => chunks.next(),
        return: () => chunks.return(),
        persist: (done) => checkpoint.persist(done),
      } satisfies Checkpoint;
    },
    expand: () => new SessionExpansion(inner.expand()),
    collect: (index) => inner.collect(index),
    close: (done) => inner.close(done),
  };
}

/** Lets the sessions pass, and all behind them through the inner one. */
class SessionExpansion implements CheckpointExpansion {
  readonly #inner: CheckpointExpansion;
  readonly #length = new Uint8Array(lengthBytes);
  /** Of the length of the next block: bytes that have come. */
  #lengthBytes = 0;
  /** Of the block under way: bytes that have not. */
  #missing = 0;
  #isPast = false;

  constructor(inner: CheckpointExpansion) {
    this.#inner = inner;
  }

  expand(chunk: Uint8Array): readonly (() => Uint8Array)[] {
    const end = this.#pass(chunk);
    if (end === 0) return this.#inner.expand(chunk);
    const sessions = (): Uint8Array => chunk.slice(0, end);
    if (end === chunk.length) return [sessions];
    return [sessions, ...this.#inner.expand(chunk.subarray(end))];
  }

  close(): void {
    this.#inner.close();
  }

  /** @returns where in the chunk the sessions end */
  #pass(chunk: Uint8Array): number {
    let at = 0;
    while (!this.#isPast && at < chunk.length) {
      const passed = Math.min(this.#missing, chunk.length - at);
      this.#missing -= passed;
      at += passed;
      if (this.#missing > 0 || at === chunk.length) break;
      this.#length[this.#lengthBytes++] = chunk[at++] as number;
      if (this.#lengthBytes < lengthBytes) continue;
      this.#lengthBytes = 0;
      this.#missing = new DataView(this.#length.buffer).getUint32(0, true);
      this.#isPast = this.#missing === 0;
    }
    return at;
  }
}
