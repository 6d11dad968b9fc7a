import type { Prng } from '@quorate/base';
import fc from 'fast-check';
import { ColumnWriter } from '../src/columns/column-writer.ts';
import { replaceAccountColumns } from '../src/columns/replace-account-columns.ts';
import { encodeResults } from '../src/columns/results-codec.ts';
import { TransferColumns } from '../src/columns/transfer-columns.ts';
import { accounts, encodeAccounts, encodeTransfers, transfers } from '../test/columns/batches.ts';

const runs = { seed: 1, numRuns: 300 };
let transferBatches: readonly Uint8Array[] | null = null;
let accountBatches: readonly Uint8Array[] | null = null;

/** A client's batch or the log's form of it, of some hundred drawn once: mutations vary them. */
export function sampleTransferBatch(prng: Prng): Uint8Array {
  transferBatches ??= fc.sample(transfers, runs).map(encodeTransfers);
  const batch = prng.pick(transferBatches);
  if (prng.chance(0.5)) return batch;
  const columns = new TransferColumns();
  columns.parse(batch, { allowSlots: false });
  const slots = () => Uint32Array.from({ length: columns.count }, () => prng.below(1000));
  const writer = new ColumnWriter();
  replaceAccountColumns(columns, slots(), prng.chance(0.5) ? slots() : null, writer);
  return writer.take();
}

export function sampleAccountBatch(prng: Prng): Uint8Array {
  accountBatches ??= fc.sample(accounts, runs).map(encodeAccounts);
  return prng.pick(accountBatches);
}

export function sampleResults(prng: Prng): Uint8Array {
  const codes = Uint8Array.from({ length: prng.below(60) }, () => {
    return prng.chance(0.3) ? prng.between(1, 59) : 0;
  });
  return encodeResults(codes, codes.length, BigInt(prng.uint32()) << 30n);
}
