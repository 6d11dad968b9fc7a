/**
 * A query that is carried out piece by piece, so that whoever runs it can do something else
 * meanwhile; also apply batches. What comes after its construction is not found.
 */
export interface Scan<Result> {
  /**
   * Does about a millisecond of work.
   *
   * @returns whether `results` is whole now; then further calls do nothing
   */
  advance(): boolean;
  /** What was found; to be looked at when `advance` has said that it is whole. */
  readonly results: readonly Result[];
}

/** Runs a scan to its end, however long that takes. */
export function finish<Result>(scan: Scan<Result>): readonly Result[] {
  while (!scan.advance());
  return scan.results;
}
