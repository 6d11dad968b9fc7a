import type { Timers } from '@quorate/base';
import type { Scan } from '@quorate/ledger';

/** More than so many at a time are refused. */
const mostScans = 256;

interface Queued {
  advance(): boolean;
  readonly done: () => void;
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

  /** @param done once; at once where the scan takes a single piece and nothing else is under way */
  run<Result>(scan: Scan<Result>, done: (results: readonly Result[]) => void): void {
    const finished = (): void => done(scan.results);
    if (this.#queue.length === 0 && scan.advance()) {
      finished();
      return;
    }
    this.#queue.push({ advance: () => scan.advance(), done: finished });
    this.#proceed();
  }

  #proceed(): void {
    if (this.#isDue || this.#queue.length === 0) return;
    this.#isDue = true;
    this.#timers.defer(() => {
      this.#isDue = false;
      const one = this.#queue.shift();
      if (one === undefined) return;
      if (one.advance()) one.done();
      else this.#queue.push(one);
      this.#proceed();
    });
  }
}
