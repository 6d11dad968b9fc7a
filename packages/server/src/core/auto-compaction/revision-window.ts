const hourMs = 60 * 60 * 1000;

/** As often as this the revision is noted between two compactions. */
const samplesPerInterval = 10;

/**
 * Says which revision was the newest a time ago, from samples. A member notes it whoever leads: so
 * a new leader knows.
 */
export class RevisionWindow {
  /** Between two samples. */
  readonly sampleMs: number;
  /** Between two compactions, once the first was done. */
  readonly intervalMs: number;
  readonly #mostSamples: number;
  #samples: number[] = [];

  /** @param retentionMs at least 10 */
  constructor(retentionMs: number) {
    this.intervalMs = Math.min(hourMs, retentionMs);
    this.sampleMs = this.intervalMs / samplesPerInterval;
    this.#mostSamples = Math.floor(retentionMs / this.sampleMs) + 1;
  }

  note(revision: number): void {
    this.#samples.push(revision);
    if (this.#samples.length > this.#mostSamples) this.#samples.shift();
  }

  /** Of the oldest sample: no newer than it was the retention ago, once the window is full. */
  get oldest(): number {
    return this.#samples[0] ?? 0;
  }
}
