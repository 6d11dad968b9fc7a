import type { Prng } from '@quorate/base';

/** What became of one input that the decoder dealt with. */
export interface Outcome {
  readonly accepted: boolean;
  /**
   * What the decoder did, in a few words: the kind of thing that was accepted, or why it was
   * refused. Inputs with a new behaviour are kept and mutated further.
   */
  readonly behaviour: string;
}

/** What one input may make the process allocate before that is a finding. */
export interface AllocationLimit {
  readonly fixedBytes: number;
  readonly perInputByte: number;
}

/**
 * One decoder under test. A file `NAME.fuzz.ts` exports it as `fuzzer`. Packages cannot import this
 * type, for tools are above them: `readFuzzer` checks the shape when the file is loaded.
 */
export interface Fuzzer {
  /** What is decoded, for the list. */
  readonly about: string;
  /** No input is longer. */
  readonly maxBytes: number;
  /** A valid encoding, which `run` has to accept. */
  readonly generate: (prng: Prng) => Uint8Array;
  /**
   * Decodes, and checks what was promised about anything accepted. What it throws is a finding,
   * except for what `isRefusal` knows.
   */
  readonly run: (input: Uint8Array) => Outcome;
  /** Whether the decoder may throw this: only the error class that it declares. */
  readonly isRefusal: (error: unknown) => boolean;
  /** Mends checksums and lengths after a mutation, so that the damage gets past the first check. */
  readonly seal?: (input: Uint8Array) => Uint8Array;
  /** Byte strings that mean something in the format. */
  readonly words?: readonly Uint8Array[];
  readonly allocation?: AllocationLimit;
  /** Has a bug planted in it, which must be found. Nothing is written to a corpus. */
  readonly isCanary?: boolean;
}

const wanted: readonly (readonly [field: keyof Fuzzer, type: string])[] = [
  ['about', 'string'],
  ['maxBytes', 'number'],
  ['generate', 'function'],
  ['run', 'function'],
  ['isRefusal', 'function'],
];

/** @throws Error when the module does not export a `fuzzer` of the right shape */
export function readFuzzer(module: unknown, path: string): Fuzzer {
  const found: unknown = isRecord(module) ? module['fuzzer'] : undefined;
  if (!isRecord(found)) throw new Error(`${path} does not export an object named fuzzer`);
  for (const [field, type] of wanted) {
    if (kindOf(found[field]) === type) continue;
    throw new Error(`${path}: fuzzer.${field} is not a ${type}`);
  }
  return found as unknown as Fuzzer;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function kindOf(value: unknown): string {
  return typeof value;
}
