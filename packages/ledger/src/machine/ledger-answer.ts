import { type BatchResults, decodeResults, encodeResults } from '../columns/results-codec.ts';

/** What became of a batch. */
export interface ResultsAnswer extends BatchResults {
  readonly kind: 'results';
  /** In the form of `decodeResults`. Nobody changes it. */
  encoded(): Uint8Array;
}

/** The command could not be read, and has changed nothing. */
export interface RefusedAnswer {
  readonly kind: 'refused';
  readonly reason: string;
}

/** What a ledger answers for one command. */
export type LedgerAnswer = ResultsAnswer | RefusedAnswer;

const noFailures: BatchResults['failures'] = [];

/** @param codes of each of the `count` events its result; not kept */
export function resultsAnswer(codes: Uint8Array, count: number, timestamp: bigint): ResultsAnswer {
  const bytes = encodeResults(codes, count, timestamp);
  return {
    kind: 'results',
    count,
    timestamp,
    // Most batches have none, and most replicas never look.
    get failures() {
      return bytes.length === headBytes ? noFailures : decodeResults(bytes).failures;
    },
    encoded: () => bytes,
  };
}

/** Of results without a failure. */
const headBytes = 14;
