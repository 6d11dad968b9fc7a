/**
 * What the store of accounts takes, in time and memory: `npm run bench -- accounts [COUNT...]`,
 * 10,000, a million and ten million when none is given. Prints what it did and ends with one JSON
 * line. Runs differ; only large ratios mean anything. Times are of this thread's CPU, except pauses
 * and what says ms.
 */
import { Prng } from '@quorate/base';
import { AccountBlockReader } from '../src/accounts/account-block-reader.ts';
import { AccountBlockWriter } from '../src/accounts/account-block-writer.ts';
import {
  type AccountChunk,
  chunkMask,
  chunkShift,
  numbersShift,
} from '../src/accounts/account-chunk.ts';
import { AccountStore } from '../src/accounts/account-store.ts';

const SEED = 7;
const FINDS = 1_000_000;
/** Accounts that one full batch of transfers writes to. */
const BATCH_WRITES = 2 * 8190;
const BATCHES = 50;

const sizes = process.argv.slice(2).map(Number);
const id = new Uint32Array(4);

/** Another id for each number, in no order; `kind` tells ids that exist from those that do not. */
function setId(number: number, kind: number): void {
  id[0] = Math.imul(number, 0x9e37_79b1);
  id[1] = Math.imul(number ^ (number >>> 13), 0x85eb_ca6b);
  id[2] = Math.imul(number ^ (number >>> 7), 0xc2b2_ae35);
  id[3] = kind;
}

function nanosEach(count: number, run: () => void): number {
  const start = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(start);
  return Math.round(((user + system) * 10_000) / count) / 10;
}

function milliseconds(run: () => void): number {
  const start = performance.now();
  run();
  return Math.round((performance.now() - start) * 1000) / 1000;
}

function create(store: AccountStore, count: number): void {
  for (let i = 0; i < count; i++) {
    setId(i, 1);
    store.create(id, 0, 978, 1, 0, i, 0);
  }
}

/**
 * The longest single creation, and how many took more than a millisecond. By the clock, because the
 * CPU time of a thread may move in steps of milliseconds: on a machine that others use, too, the
 * longest of ten million tells of them. A new chunk is the largest step of the store's own.
 */
function pauses(count: number): Record<string, number> {
  const store = new AccountStore();
  const chunkMs: number[] = [];
  let longestMs = 0;
  let aboveMs = 0;
  for (let i = 0; i < count; i++) {
    setId(i, 1);
    const start = performance.now();
    store.create(id, 0, 978, 1, 0, i, 0);
    const tookMs = performance.now() - start;
    if ((i & chunkMask) === 0) chunkMs.push(tookMs);
    if (tookMs > longestMs) longestMs = tookMs;
    if (tookMs > 1) aboveMs++;
  }
  chunkMs.sort((a, b) => a - b);
  const medianChunkMs = chunkMs[chunkMs.length >> 1] ?? 0;
  return { longestMs, aboveMs, medianChunkMs };
}

function find(store: AccountStore, picks: Uint32Array, kind: number): number {
  let found = 0;
  for (const pick of picks) {
    setId(pick, kind);
    if (store.find(id, 0) >= 0) found++;
  }
  if (found !== (kind === 1 ? picks.length : 0)) throw new Error('what is found is wrong');
  return found;
}

function write(store: AccountStore, picks: Uint32Array, from: number): void {
  const { chunks } = store;
  for (let i = from; i < from + BATCH_WRITES; i++) {
    const slot = picks[i % picks.length] as number;
    store.touch(slot);
    const { numbers } = chunks[slot >>> chunkShift] as AccountChunk;
    const at = ((slot & chunkMask) << numbersShift) + 1;
    numbers[at] = (numbers[at] as number) + 3;
    numbers[at + 3] = i;
  }
}

/** Batches of writes all over: on average, and the longest. */
function batches(store: AccountStore, picks: Uint32Array): { average: number; longest: number } {
  const took: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    took.push(milliseconds(() => write(store, picks, batch * BATCH_WRITES)));
  }
  const average = took.reduce((sum, one) => sum + one, 0) / BATCHES;
  return { average: Math.round(average * 1000) / 1000, longest: Math.max(...took) };
}

function drawAndRestore(store: AccountStore): Record<string, number> {
  const blocks: Uint8Array[] = [];
  let longestMs = 0;
  const drawMs = milliseconds(() => {
    const writer = new AccountBlockWriter(store.chunks, store.openSnapshot());
    for (;;) {
      let done = false;
      const took = milliseconds(() => {
        const next = writer.next();
        if (next.done) done = true;
        else blocks.push(next.value);
      });
      longestMs = Math.max(longestMs, took);
      if (done) break;
    }
  });
  const bytes = blocks.reduce((sum, block) => sum + block.length, 0);
  const restored = new AccountStore();
  const reader = new AccountBlockReader(restored, (reason) => {
    throw new Error(reason);
  });
  const restoreMs = milliseconds(() => {
    for (const block of blocks) reader.block(block);
  });
  const { count } = store;
  if (restored.hashWindow(0, count) !== store.hashWindow(0, count)) throw new Error('it differs');
  return {
    drawMs,
    longestBlockMs: longestMs,
    restoreMs,
    blockBytesEach: Math.round(bytes / count),
  };
}

function measure(count: number): Record<string, unknown> {
  const prng = new Prng(SEED);
  const picks = new Uint32Array(FINDS);
  for (let i = 0; i < FINDS; i++) picks[i] = prng.below(count);
  const before = process.memoryUsage.rss();
  const store = new AccountStore();
  const createNanos = nanosEach(count, () => create(store, count));
  const rssEach = Math.round((process.memoryUsage.rss() - before) / count);
  const bytesEach = Math.round((store.bytes / count) * 10) / 10;
  find(store, picks.subarray(0, 100_000), 1);
  const hitNanos = nanosEach(FINDS, () => find(store, picks, 1));
  const missNanos = nanosEach(FINDS, () => find(store, picks, 2));
  batches(store, picks);
  const plain = batches(store, picks);
  store.hashWindow(0, count);
  const hashNanos = nanosEach(count, () => store.hashWindow(0, count));
  // What is measured is the code once it is compiled.
  let snapshot = store.openSnapshot();
  batches(store, picks);
  snapshot.close();
  const openMs = milliseconds(() => {
    snapshot = store.openSnapshot();
  });
  const copying = batches(store, picks);
  const { copiedBytes } = snapshot;
  snapshot.close();
  return {
    ...{ count, createNanos, bytesEach, rssEach, hitNanos, missNanos, hashNanos },
    ...{ openMs, batchMs: plain, copyingBatchMs: copying, copiedBytes },
    ...drawAndRestore(store),
    ...pauses(count),
  };
}

const results: Record<string, unknown>[] = [];
for (const count of sizes.length > 0 ? sizes : [10_000, 1_000_000, 10_000_000]) {
  const found = measure(count);
  console.log(`${count} accounts`);
  for (const [what, value] of Object.entries(found)) {
    console.log(`  ${what.padEnd(16)}${JSON.stringify(value)}`);
  }
  results.push(found);
}
console.log(JSON.stringify({ bench: 'accounts', results }));
