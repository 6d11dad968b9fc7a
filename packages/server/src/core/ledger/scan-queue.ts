import type { Timers } from '@quorate/base';
import type { Scan } from '@quorate/ledger';

/** More than so many at a time are refused. */
const mostScans = 256;

interface Queued {
  /** Whether it is over, one way or the other. */
  readonly advance: () => boolean;
}

/**
 * Carries out queries piece by piece, one piece in each turn of the event loop, whichever of them
 * it is: however many there are and however much they look at, batches are applied meanwhile.
 */
export class ScanQueue {
  readonly #timers: Pick<Timers, 'defer'>;
  #queue: Queued[] = [];
  #isDue = false;

  constructor(timers: Pick<Timers, 'defer'>) {
    this.#timers = timers;
  }

  /** Queries under way. */
  get count(): number {
    return this.#queue.length;
  }

  /** Whether one more is taken. */
  get hasRoom(): boolean {
    return this.#queue.length < mostScans;
  }

  /**
   * @param done once; at once where the scan takes a single piece and nothing else is under way
   * @param failed instead, with what the scan threw
   */
  run<Result>(
    scan: Scan<Result>,
    done: (results: readonly Result[]) => void,
    failed: (error: unknown) => void,
  ): void {
    const advance = (): boolean => {
      let isOver: boolean;
      try {
        isOver = scan.advance();
      } catch (error) {
        failed(error);
        return true;
      }
      if (isOver) done(scan.results);
      return isOver;
    };
    if (this.#queue.length === 0 && advance()) return;
    this.#queue.push({ advance });
    this.#proceed();
  }

  #proceed(): void {
    if (this.#isDue || this.#queue.length === 0) return;
    this.#isDue = true;
    this.#timers.defer(() => {
      this.#isDue = false;
      const one = this.#queue.shift();
      if (one === undefined) return;
      if (!one.advance()) this.#queue.push(one);
      this.#proceed();
    });
  }
}
