/**
 * How fast encoded puts are applied on one core: `node packages/kv/bench/kv-apply.bench.ts`.
 * Prints what it did and ends with one JSON line. Runs differ; only large ratios mean anything.
 */
import { type AppliedEntry, Prng } from '@quorate/base';
import { encodeCommand, KvStateMachine, type RangeRequest } from '../src/index.ts';

const KEYS = 100_000;
const VALUE_BYTES = 256;
const BATCH = 64;
const ROUNDS = 5;
const SEED = 7;

const text = new TextEncoder();
const prng = new Prng(SEED);

function keyOf(number: number): Uint8Array {
  return text.encode(`bench/key/${String(number).padStart(10, '0')}`);
}

function value(): Uint8Array {
  const bytes = new Uint8Array(VALUE_BYTES);
  for (let i = 0; i < bytes.length; i++) bytes[i] = prng.uint32();
  return bytes;
}

/** Commands lie side by side in one large buffer, as they do when they come from the log. */
function putEntries(numbers: readonly number[]): AppliedEntry[] {
  const commands = numbers.map((number) =>
    encodeCommand({
      kind: 'put',
      key: keyOf(number),
      value: value(),
      lease: 0n,
      prevKv: false,
      ignoreValue: false,
      ignoreLease: false,
    }),
  );
  const log = new Uint8Array(commands.reduce((sum, command) => sum + command.length, 0));
  let offset = 0;
  return commands.map((command, i) => {
    log.set(command, offset);
    const view = log.subarray(offset, offset + command.length);
    offset += command.length;
    return { index: i + 1, timestampMicros: i + 1, command: view };
  });
}

function perSecond(count: number, run: () => void): number {
  const start = process.hrtime.bigint();
  run();
  return Math.round(count / (Number(process.hrtime.bigint() - start) / 1e9));
}

function applyAll(machine: KvStateMachine, entries: readonly AppliedEntry[]): number {
  return perSecond(entries.length, () => {
    for (let i = 0; i < entries.length; i += BATCH) machine.apply(entries.slice(i, i + BATCH));
  });
}

function rangeOf(key: Uint8Array, rangeEnd: Uint8Array, limit: number): RangeRequest {
  return {
    kind: 'range',
    key,
    rangeEnd,
    limit,
    revision: 0,
    sortOrder: 'none',
    sortTarget: 'key',
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

function drain(machine: KvStateMachine): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const snapshot = machine.snapshot();
  for (let next = snapshot.next(); !next.done; next = snapshot.next()) chunks.push(next.value);
  return chunks;
}

const machine = new KvStateMachine();
const numbers = prng.shuffle(Array.from({ length: KEYS }, (_, i) => i));
const creates = applyAll(machine, putEntries(numbers));
console.log(`${KEYS} new keys in random order, ${VALUE_BYTES} B values: ${creates} puts/s`);

const updateRates: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const entries = putEntries(Array.from({ length: KEYS }, () => prng.below(KEYS)));
  updateRates.push(applyAll(machine, entries));
  console.log(`${KEYS} puts on random ones of them, history kept: ${updateRates.at(-1)} puts/s`);
}

const compact = encodeCommand({ kind: 'compact', revision: machine.stats.revision });
const before = machine.stats.bytes;
machine.apply([{ index: 1, timestampMicros: 1, command: compact }]);
const sweeping = applyAll(machine, putEntries(numbers));
console.log(`${KEYS} puts while a compaction is swept: ${sweeping} puts/s`);
console.log(`  kept before ${before} B, after ${machine.stats.bytes} B`);

const keys = Array.from({ length: KEYS }, () => keyOf(prng.below(KEYS)));
const gets = perSecond(KEYS, () => {
  for (const key of keys) machine.range(rangeOf(key, new Uint8Array(0), 0));
});
const pages = perSecond(KEYS, () => {
  for (const key of keys) machine.range(rangeOf(key, new Uint8Array(1), 10));
});
console.log(`${KEYS} gets: ${gets}/s; ranges of 10 with their count: ${pages}/s`);

let chunks: Uint8Array[] = [];
const snapshotRate = perSecond(1, () => {
  chunks = drain(machine);
});
const restored = new KvStateMachine();
const restoreRate = perSecond(1000, () => {
  const sink = restored.restore();
  for (const chunk of chunks) sink.chunk(chunk);
  sink.finish();
});
const snapshotBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
console.log(`snapshot ${snapshotBytes} B, about ${snapshotRate} a second; restored in`);
console.log(
  `  ${Math.round(1e6 / restoreRate)} ms; same hash: ${restored.hash() === machine.hash()}`,
);

const updates = updateRates.toSorted((a, b) => a - b)[ROUNDS >> 1];
console.log(
  JSON.stringify({
    bench: 'kv-apply',
    keys: KEYS,
    valueBytes: VALUE_BYTES,
    batch: BATCH,
    createsPerSecond: creates,
    updatesPerSecond: updates,
    updatesWhileSweepingPerSecond: sweeping,
    getsPerSecond: gets,
    rangesOfTenPerSecond: pages,
    snapshotBytes,
  }),
);
