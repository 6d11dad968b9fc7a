import type { IdRun } from './id-run.ts';
import type { IdSegment } from './id-segment.ts';

/**
 * Writes a run, a little at a time. Its cost is counted in entries that are written and need
 * nothing else.
 */
export interface RunJob {
  /** Segments of the run that are written so far. */
  readonly segments: readonly IdSegment[];
  /** The run, when all of it is written. */
  readonly run: IdRun | null;
  /**
   * Goes on, unless it is at its end.
   *
   * @param budget what this may cost, roughly; above 0
   * @returns what it has cost, above 0
   */
  step(budget: number): number;
}
