const lookMs = 100;

/**
 * Notices when the machine, and not this process, stood still: this one does nothing meanwhile, so
 * a look that comes late was not let come.
 */
export class StallWatch implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #lookedMs = performance.now();
  #longestMs = 0;

  constructor() {
    this.#timer = setInterval(() => this.#look(), lookMs);
  }

  /** The longest time, in ms. */
  get longestMs(): number {
    this.#look();
    return this.#longestMs;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = performance.now();
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lookedMs - lookMs);
    this.#lookedMs = nowMs;
  }
}
