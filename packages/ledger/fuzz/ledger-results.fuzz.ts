import assert from 'node:assert/strict';
import { equalBytes } from '@quorate/base';
import { decodeResults, encodeResults } from '../src/columns/results-codec.ts';
import { LedgerError } from '../src/ledger-error.ts';
import { sampleResults } from './samples.ts';

function run(input: Uint8Array) {
  const { count, timestamp, failures } = decodeResults(input);
  const codes = new Uint8Array(count);
  for (const { index, result } of failures) codes[index] = result;
  assert.ok(equalBytes(encodeResults(codes, count, timestamp), input), 'another form of the same');
  return { accepted: true, behaviour: failures.length === 0 ? 'all done' : 'failures' };
}

export const fuzzer = {
  about: 'one answer to a batch of events: decoded and encoded',
  maxBytes: 32_768,
  generate: sampleResults,
  run,
  isRefusal: (error: unknown) =>
    error instanceof LedgerError && error.code === 'LEDGER_RESULTS_MALFORMED',
};
