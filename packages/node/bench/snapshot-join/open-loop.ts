import { performance } from 'node:perf_hooks';

/** Of the proposals that were answered since the last time somebody asked. Milliseconds. */
export interface Latencies {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Refused, or with an outcome that is not known. */
  readonly failed: number;
}

const tickMs = 1;

/**
 * Proposes at a fixed rate whatever becomes of it. A latency counts from the moment a proposal was
 * due, not from when a busy process came to send it: what waits for a stalled process has waited.
 */
export class OpenLoop {
  readonly #propose: () => Promise<unknown>;
  readonly #perSecond: number;
  readonly #timer: NodeJS.Timeout;
  #startMs = performance.now();
  #sent = 0;
  #sinceMs = this.#startMs;
  #latencies: number[] = [];
  #failed = 0;

  constructor(perSecond: number, propose: () => Promise<unknown>) {
    this.#perSecond = perSecond;
    this.#propose = propose;
    this.#timer = setInterval(() => this.#sendDue(), tickMs);
  }

  /** What was answered since the last time; counts anew from now. */
  take(): Latencies {
    const sorted = Float64Array.from(this.#latencies).sort();
    const nowMs = performance.now();
    const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0;
    const taken = {
      perSecond: (1000 * sorted.length) / (nowMs - this.#sinceMs),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: sorted.at(-1) ?? 0,
      failed: this.#failed,
    };
    this.#sinceMs = nowMs;
    this.#latencies = [];
    this.#failed = 0;
    return taken;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sendDue(): void {
    const due = Math.floor(((performance.now() - this.#startMs) * this.#perSecond) / 1000);
    while (this.#sent < due) {
      const dueMs = this.#startMs + (1000 * this.#sent) / this.#perSecond;
      this.#sent += 1;
      this.#propose().then(
        () => void this.#latencies.push(performance.now() - dueMs),
        () => {
          this.#failed += 1;
        },
      );
    }
  }
}
