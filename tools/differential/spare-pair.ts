import { Pair, type PairOptions } from './pair.ts';

/** Starts the next two servers while the present ones are asked: to start is to wait, mostly. */
export class SparePair {
  readonly #options: PairOptions;
  #next: Promise<Pair> | null = null;

  constructor(options: PairOptions) {
    this.#options = options;
  }

  async take(): Promise<Pair> {
    const pair = await (this.#next ?? Pair.start(this.#options));
    this.#next = Pair.start(this.#options);
    // Whoever takes it is told.
    this.#next.catch(() => undefined);
    return pair;
  }

  async close(): Promise<void> {
    const next = this.#next;
    this.#next = null;
    await next?.then(
      (pair) => pair.close(),
      () => undefined,
    );
  }
}
