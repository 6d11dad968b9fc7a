import { randomInt } from 'node:crypto';
import type { LedgerClient } from '@quorate/client';
import { AccountBatchBuilder, TransferBatchBuilder } from '@quorate/ledger';
import { amountBefore, type Pairs } from './accounts-drawn.ts';

/** Batches sent before the first is answered. */
const batchesInFlight = 3;

export interface LoadOptions {
  readonly pairs: Pairs;
  readonly seconds: number;
  /** `time`: ids follow each other; `random`: none follows another. */
  readonly ids: 'time' | 'random';
}

/** What one load came to. Latencies are of batches, or of transfers where each is sent alone. */
export interface LoadResult {
  readonly transfers: number;
  readonly seconds: number;
  readonly failed: number;
  /** In milliseconds, ascending. */
  readonly latencies: readonly number[];
  /** Of a batch as it leaves the client. */
  readonly requestBytes: number;
}

/** Account n has id n + 1, ledger 1, code 1. */
export async function openAccounts(client: LedgerClient, count: number): Promise<void> {
  const builder = new AccountBatchBuilder();
  let pending: Promise<unknown>[] = [];
  for (let account = 0; account < count; account++) {
    builder.add({ id: BigInt(account + 1), ledger: 1, code: 1 });
    if (!builder.isFull && account + 1 < count) continue;
    pending.push(client.submitAccounts(builder.encode()));
    builder.clear();
    if (pending.length < batchesInFlight) continue;
    await Promise.all(pending);
    pending = [];
  }
  await Promise.all(pending);
}

/** Full batches, several on their way at a time. */
export async function loadBatches(client: LedgerClient, options: LoadOptions): Promise<LoadResult> {
  const { pairs, seconds, ids } = options;
  const builder = new TransferBatchBuilder();
  const latencies: number[] = [];
  let at = 0;
  let transfers = 0;
  let failed = 0;
  let requestBytes = 0;
  let nextLow = 1;
  const high = Date.now() * 1000 + randomInt(1000);
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1000;
  const fill = (): Uint8Array => {
    builder.clear();
    while (!builder.isFull) {
      const debit = (pairs[at] as number) + 1;
      const credit = (pairs[at + 1] as number) + 1;
      at = at + 2 === pairs.length ? 0 : at + 2;
      const amount = amountBefore(at);
      if (ids === 'time') builder.addNumbers(high, nextLow++, debit, credit, amount, 1, 1);
      else builder.addNumbers(drawHalf(), drawHalf(), debit, credit, amount, 1, 1);
    }
    return builder.encode();
  };
  const sender = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const batch = fill();
      requestBytes += batch.length;
      const sentMs = performance.now();
      const { count, failures } = await client.submitTransfers(batch);
      latencies.push(performance.now() - sentMs);
      transfers += count - failures.length;
      failed += failures.length;
    }
  };
  await Promise.all(Array.from({ length: batchesInFlight }, sender));
  const took = (performance.now() - startedMs) / 1000;
  latencies.sort((a, b) => a - b);
  return { transfers, seconds: took, failed, latencies, requestBytes };
}

/** Callers that have one transfer at a time each; the client puts those of a moment together. */
export async function loadCallers(
  client: LedgerClient,
  { pairs, seconds }: LoadOptions,
  callers: number,
): Promise<LoadResult> {
  const latencies: number[] = [];
  let at = 0;
  let failed = 0;
  let nextId = BigInt(Date.now()) << 80n;
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1000;
  const caller = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const debitAccountId = BigInt((pairs[at] as number) + 1);
      const creditAccountId = BigInt((pairs[at + 1] as number) + 1);
      at = at + 2 === pairs.length ? 0 : at + 2;
      nextId++;
      const sentMs = performance.now();
      const transfer = { id: nextId, debitAccountId, creditAccountId, amount: 7n };
      const { failures } = await client.createTransfers([{ ...transfer, ledger: 1, code: 1 }]);
      latencies.push(performance.now() - sentMs);
      failed += failures.length;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const took = (performance.now() - startedMs) / 1000;
  latencies.sort((a, b) => a - b);
  return {
    transfers: latencies.length - failed,
    seconds: took,
    failed,
    latencies,
    requestBytes: 0,
  };
}

/** 53 bits of an id. */
function drawHalf(): number {
  return Math.floor(Math.random() * 2 ** 53);
}
