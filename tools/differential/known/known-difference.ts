import type { Step } from '../operation.ts';
import type { Both } from '../pair.ts';

/** A difference that is meant, and why. What is slightly different must not match. */
export interface KnownDifference {
  readonly name: string;
  readonly reason: string;
  /** The servers may not have the same data any more and begin anew. */
  readonly parts: (both: Both, step: Step) => boolean;
  readonly matches: (step: Step, both: Both) => boolean;
}
