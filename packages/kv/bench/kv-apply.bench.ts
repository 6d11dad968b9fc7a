/**
 * How fast encoded puts are applied on one core: `node packages/kv/bench/kv-apply.bench.ts`.
 * Prints what it did and ends with one JSON line. Runs differ; only large ratios mean anything.
 */
import { type AppliedEntry, Prng } from '@quorate/base';
import { decodeCommand, encodeCommand, KvStateMachine, type RangeRequest } from '../src/index.ts';

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
    return { index: i + 1, term: 1, timestampMicros: i + 1, command: view };
  });
}

interface Rate {
  readonly wall: number;
  /** By the CPU time of the main thread: what a core does on a machine that others use too. */
  readonly cpu: number;
}

function rate(count: number, run: () => void): Rate {
  const cpuStart = process.threadCpuUsage();
  const start = process.hrtime.bigint();
  run();
  const wallMicros = Number(process.hrtime.bigint() - start) / 1000;
  const cpu = process.threadCpuUsage(cpuStart);
  return {
    wall: Math.round((count * 1e6) / wallMicros),
    cpu: Math.round((count * 1e6) / (cpu.user + cpu.system)),
  };
}

function show(what: string, found: Rate): void {
  console.log(`${what}: ${found.wall} a second, ${found.cpu} a second of CPU`);
}

function applyAll(machine: KvStateMachine, entries: readonly AppliedEntry[]): Rate {
  return rate(entries.length, () => {
    for (let i = 0; i < entries.length; i += BATCH) machine.apply(entries.slice(i, i + BATCH));
  });
}

/** What a map from text to a copy of the value takes for the same: the measure of this machine. */
function applyToMap(map: Map<string, Uint8Array>, entries: readonly AppliedEntry[]): Rate {
  return rate(entries.length, () => {
    for (const { command } of entries) {
      const put = decodeCommand(command);
      if (put.kind !== 'put') continue;
      map.set(String.fromCharCode(...put.key), put.value.slice());
    }
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

function compactAll(machine: KvStateMachine): void {
  const command = encodeCommand({ kind: 'compact', revision: machine.stats.revision });
  machine.apply([{ index: 1, term: 1, timestampMicros: 1, command }]);
}

const machine = new KvStateMachine();
const numbers = prng.shuffle(Array.from({ length: KEYS }, (_, i) => i));
const creates = applyAll(machine, putEntries(numbers));
show(`${KEYS} new keys in random order, ${VALUE_BYTES} B values`, creates);

const updates: Rate[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const entries = putEntries(Array.from({ length: KEYS }, () => prng.below(KEYS)));
  const found = applyAll(machine, entries);
  updates.push(found);
  show(`${KEYS} puts on random ones of them, history kept`, found);
}

const map = new Map<string, Uint8Array>();
applyToMap(map, putEntries(numbers));
const plain: Rate[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const entries = putEntries(Array.from({ length: KEYS }, () => prng.below(KEYS)));
  const found = applyToMap(map, entries);
  plain.push(found);
  show(`${KEYS} puts decoded and set in a plain Map, no history`, found);
}

const sweeps: Rate[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const entries = putEntries(Array.from({ length: KEYS }, () => prng.below(KEYS)));
  compactAll(machine);
  const found = applyAll(machine, entries);
  sweeps.push(found);
  show(`${KEYS} puts while a compaction is swept`, found);
}
console.log(`  ${machine.stats.bytes} B kept, ${machine.stats.bytesInUse} B of it current`);

const keys = Array.from({ length: KEYS }, () => keyOf(prng.below(KEYS)));
const gets = rate(KEYS, () => {
  for (const key of keys) machine.range(rangeOf(key, new Uint8Array(0), 0));
});
show(`${KEYS} gets`, gets);
const pages = rate(KEYS, () => {
  for (const key of keys) machine.range(rangeOf(key, new Uint8Array(1), 10));
});
show(`${KEYS} ranges of 10 keys with the count of all to the end`, pages);

let chunks: Uint8Array[] = [];
const versions = KEYS * 2;
const drawn = rate(versions, () => {
  chunks = drain(machine);
});
show(`snapshot of about ${versions} versions, portable checksum`, drawn);
const restored = new KvStateMachine();
const restores = rate(versions, () => {
  const sink = restored.restore();
  for (const chunk of chunks) sink.chunk(chunk);
  sink.finish();
});
show(`restored, ${restored.hash() === machine.hash() ? 'same' : 'OTHER'} hash`, restores);

function medianCpu(rates: readonly Rate[]): number | undefined {
  return rates.map((found) => found.cpu).toSorted((a, b) => a - b)[rates.length >> 1];
}

console.log(
  JSON.stringify({
    bench: 'kv-apply',
    keys: KEYS,
    valueBytes: VALUE_BYTES,
    batch: BATCH,
    createsPerCpuSecond: creates.cpu,
    updatesPerCpuSecond: medianCpu(updates),
    plainMapPerCpuSecond: medianCpu(plain),
    updatesWhileSweepingPerCpuSecond: medianCpu(sweeps),
    getsPerCpuSecond: gets.cpu,
    rangesOfTenPerCpuSecond: pages.cpu,
    snapshotVersionsPerCpuSecond: drawn.cpu,
    restoredVersionsPerCpuSecond: restores.cpu,
    snapshotBytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
  }),
);
