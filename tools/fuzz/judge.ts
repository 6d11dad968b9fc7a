import { equalBytes } from '@quorate/base';
import { behaviourOf, generalise } from './behaviour.ts';
import type { FuzzEnvironment } from './environment.ts';
import { titleOf } from './finding.ts';
import type { AllocationLimit, Fuzzer, Outcome } from './fuzzer.ts';

const slowAboveMs = 200;
const defaultAllocation: AllocationLimit = { fixedBytes: 4 << 20, perInputByte: 512 };

export interface Verdict {
  /** Null when the decoder did not come to one. */
  readonly outcome: Outcome | null;
  /** What is wrong, or null: its title, and the detail. */
  readonly fault: { readonly title: string; readonly detail: string } | null;
  readonly elapsedMs: number;
}

/** Runs single inputs and says what was wrong with how each went. */
export class Judge {
  readonly #fuzzer: Fuzzer;
  readonly #environment: FuzzEnvironment;
  readonly #limit: AllocationLimit;

  constructor(fuzzer: Fuzzer, environment: FuzzEnvironment) {
    this.#fuzzer = fuzzer;
    this.#environment = environment;
    this.#limit = fuzzer.allocation ?? defaultAllocation;
  }

  /** @param isValid made by the generator, so that it must not be refused */
  judge(input: Uint8Array, isValid: boolean): Verdict {
    const before = this.#environment.usedBytes();
    const startedMs = this.#environment.nowMs();
    const tried = this.#try(input);
    const elapsedMs = this.#environment.nowMs() - startedMs;
    const allocatedBytes = this.#environment.usedBytes() - before;
    const { outcome, fault } = tried;
    if (fault !== null) return { outcome, fault, elapsedMs };
    const later =
      (isValid && outcome?.accepted !== true ? refusedValid(outcome) : null) ??
      (elapsedMs > slowAboveMs ? this.#slow(input) : null) ??
      (allocatedBytes > this.#allowed(input) ? this.#greedy(input, allocatedBytes) : null);
    return { outcome, fault: later, elapsedMs };
  }

  #try(input: Uint8Array): Pick<Verdict, 'outcome' | 'fault'> {
    const given = input.slice();
    let outcome: Outcome;
    try {
      outcome = withoutStacks(() => this.#fuzzer.run(given));
    } catch (error) {
      if (!this.#fuzzer.isRefusal(error))
        return { outcome: null, fault: this.#crash(input, error) };
      outcome = { accepted: false, behaviour: behaviourOf(error) };
    }
    outcome = { ...outcome, behaviour: generalise(outcome.behaviour) };
    if (equalBytes(given, input)) return { outcome, fault: null };
    const title = 'the decoder changed its input';
    return { outcome, fault: { title, detail: title } };
  }

  /** Once more, for the stack. */
  #crash(input: Uint8Array, first: unknown): Verdict['fault'] {
    let error = first;
    try {
      this.#fuzzer.run(input.slice());
    } catch (second) {
      error = second;
    }
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { title: titleOf(error), detail };
  }

  #allowed(input: Uint8Array): number {
    return this.#limit.fixedBytes + this.#limit.perInputByte * input.length;
  }

  /** Twice more, in processor time: a pause of the machine is not the decoder's. */
  #slow(input: Uint8Array): Verdict['fault'] {
    let fastestMs = Number.POSITIVE_INFINITY;
    for (let again = 0; again < 2; again++) {
      const startedMs = this.#environment.processorMs();
      this.#try(input);
      fastestMs = Math.min(fastestMs, this.#environment.processorMs() - startedMs);
    }
    if (fastestMs <= slowAboveMs) return null;
    const detail = `${Math.round(fastestMs)} ms for ${input.length} bytes`;
    return { title: 'slow', detail };
  }

  /** Again on a clean heap: what else was allocated meanwhile does not count. */
  #greedy(input: Uint8Array, firstBytes: number): Verdict['fault'] {
    this.#environment.collectGarbage();
    const before = this.#environment.usedBytes();
    this.#try(input);
    const bytes = Math.min(firstBytes, this.#environment.usedBytes() - before);
    if (bytes <= this.#allowed(input)) return null;
    return { title: 'allocates', detail: `${bytes} bytes for an input of ${input.length}` };
  }
}

/** Most inputs are refused by an error that nobody looks at; its stack would cost the most. */
function withoutStacks<T>(run: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function refusedValid(outcome: Outcome | null): Verdict['fault'] {
  const why = outcome?.behaviour ?? 'nothing';
  return { title: `a valid encoding was refused: ${why}`, detail: why };
}
