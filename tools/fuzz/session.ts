import { Prng } from '@quorate/base';
import type { FuzzEnvironment } from './environment.ts';
import type { Finding } from './finding.ts';
import type { Fuzzer, Outcome } from './fuzzer.ts';
import { InputSource } from './input-source.ts';
import { Judge } from './judge.ts';
import { shrink } from './shrink.ts';

export interface FuzzReport {
  readonly inputs: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly findings: number;
  /** How many different things the decoder was seen to do. */
  readonly behaviours: number;
  readonly seconds: number;
  readonly inputsPerSecond: number;
  /** The most that was in use, garbage included. */
  readonly peakHeapBytes: number;
  /** After collection, between the second look and the last; 0 before there were two. */
  readonly heapGrowthBytes: number;
  readonly slowestMs: number;
}

export interface SessionOptions {
  readonly fuzzer: Fuzzer;
  readonly seed: number;
  readonly environment: FuzzEnvironment;
  /** Called before each input that is run, so that one that never returns is known. */
  readonly announce?: (input: Uint8Array) => void;
  readonly found: (finding: Finding) => void;
  /** An input whose behaviour was not seen before, made small. */
  readonly learnt?: (behaviour: string, input: Uint8Array) => void;
  /** Inputs between two looks at the heap. */
  readonly checkEvery?: number;
  /** What the heap may grow between the second look and any later one. */
  readonly growthLimitBytes?: number;
}

/** Each look at such an input takes long. */
const costly: ReadonlySet<string> = new Set(['slow', 'allocates']);

/** Runs inputs through one fuzzer and keeps the score. The seed decides every input. */
export class FuzzSession {
  readonly #options: SessionOptions;
  readonly #source: InputSource;
  readonly #judge: Judge;
  readonly #behaviours = new Set<string>();
  readonly #titles = new Set<string>();
  readonly #checkEvery: number;
  readonly #startedMs: number;
  #inputs = 0;
  #accepted = 0;
  #slowestMs = 0;
  #peakHeapBytes = 0;
  #looks = 0;
  #grownLooks = 0;
  #settledBytes = 0;
  #heapGrowthBytes = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#source = new InputSource(options.fuzzer, new Prng(options.seed));
    this.#judge = new Judge(options.fuzzer, options.environment);
    this.#checkEvery = options.checkEvery ?? 20_000;
    this.#startedMs = options.environment.nowMs();
  }

  get report(): FuzzReport {
    const seconds = (this.#options.environment.nowMs() - this.#startedMs) / 1000;
    return {
      inputs: this.#inputs,
      accepted: this.#accepted,
      rejected: this.#inputs - this.#accepted,
      findings: this.#titles.size,
      behaviours: this.#behaviours.size,
      seconds,
      inputsPerSecond: seconds > 0 ? Math.round(this.#inputs / seconds) : 0,
      peakHeapBytes: this.#peakHeapBytes,
      heapGrowthBytes: this.#heapGrowthBytes,
      slowestMs: this.#slowestMs,
    };
  }

  /** Runs an input that was kept, and mutates it from then on. */
  replay(input: Uint8Array): void {
    this.#run(input, false);
    this.#source.keep(input);
  }

  step(): void {
    const { bytes, isValid } = this.#source.next();
    this.#run(bytes, isValid);
    if (this.#inputs % 256 === 0) this.#lookAtHeap();
    if (this.#inputs % this.#checkEvery === 0) this.#checkGrowth(bytes);
  }

  #run(input: Uint8Array, isValid: boolean): void {
    this.#options.announce?.(input);
    const { outcome, fault, elapsedMs } = this.#judge.judge(input, isValid);
    this.#inputs += 1;
    if (outcome?.accepted === true) this.#accepted += 1;
    if (elapsedMs > this.#slowestMs) this.#slowestMs = elapsedMs;
    if (fault !== null) this.#report(fault, input, isValid);
    else if (outcome !== null) this.#learn(keyOf(outcome), input);
  }

  #learn(behaviour: string, input: Uint8Array): void {
    if (this.#behaviours.has(behaviour)) return;
    this.#behaviours.add(behaviour);
    this.#source.keep(input);
    const { learnt } = this.#options;
    if (learnt === undefined) return;
    const smaller = shrink(input, (candidate) => this.#behaviour(candidate) === behaviour, 500);
    learnt(behaviour.replace('true ', 'accepted ').replace('false ', ''), smaller);
  }

  #behaviour(input: Uint8Array): string | null {
    this.#options.announce?.(input);
    const { outcome, fault } = this.#judge.judge(input, false);
    return fault !== null || outcome === null ? null : keyOf(outcome);
  }

  #report(fault: { title: string; detail: string }, input: Uint8Array, isValid: boolean): void {
    if (this.#titles.has(fault.title)) return;
    this.#titles.add(fault.title);
    const shows = (candidate: Uint8Array): boolean => {
      this.#options.announce?.(candidate);
      return this.#judge.judge(candidate, isValid).fault?.title === fault.title;
    };
    const smaller = shrink(input, shows, costly.has(fault.title) ? 100 : 3000);
    const detail = this.#judge.judge(smaller, isValid).fault?.detail ?? fault.detail;
    this.#options.found({ title: fault.title, detail, input: smaller });
  }

  #lookAtHeap(): void {
    const bytes = this.#options.environment.usedBytes();
    if (bytes > this.#peakHeapBytes) this.#peakHeapBytes = bytes;
  }

  #checkGrowth(input: Uint8Array): void {
    const { environment, found, growthLimitBytes = 32 << 20 } = this.#options;
    environment.collectGarbage();
    const bytes = environment.usedBytes();
    this.#looks += 1;
    // By then code is compiled, and most of what there is to keep was kept.
    if (this.#looks <= 2) this.#settledBytes = bytes;
    this.#heapGrowthBytes = bytes - this.#settledBytes;
    // Memory outside of V8's heap is given back with a delay: three looks in a row, then.
    const isGrown = this.#heapGrowthBytes > growthLimitBytes;
    this.#grownLooks = isGrown ? this.#grownLooks + 1 : 0;
    const title = 'memory grows';
    if (this.#grownLooks < 3 || this.#titles.has(title)) return;
    this.#titles.add(title);
    const detail = `${this.#heapGrowthBytes} bytes more after ${this.#inputs} inputs`;
    found({ title, detail, input });
  }
}

function keyOf({ accepted, behaviour }: Outcome): string {
  return `${accepted} ${behaviour}`;
}
