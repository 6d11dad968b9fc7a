/**
 * What leases cost: `node --expose-gc packages/kv/bench/kv-lease.bench.ts`. Prints bytes a lease,
 * and microseconds a grant, a renewal and an end, and ends with one JSON line.
 */
import type { AppliedEntry } from '@quorate/base';
import { encodeCommand, type KvCommand, KvStateMachine } from '../src/index.ts';

const LEASES = 100_000;
const RENEWALS_A_COMMAND = 400;
const TTL_SECONDS = 10;

const text = new TextEncoder();
let machine = new KvStateMachine();
let index = 0;

function entryOf(command: KvCommand): AppliedEntry {
  index += 1;
  return { index, term: 1, timestampMicros: index, command: encodeCommand(command) };
}

function usedBytes(): number {
  if (globalThis.gc === undefined) throw new Error('run it with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function microsEach(count: number, commands: readonly KvCommand[]): number {
  const entries = commands.map(entryOf);
  const { user } = process.cpuUsage();
  for (const entry of entries) machine.apply([entry]);
  return (process.cpuUsage().user - user) / count;
}

function tick(elapsedMs: number): KvCommand {
  return { kind: 'leaseTick', after: machine.leaseSchedule.ticks, elapsedMs };
}

function grants(): KvCommand[] {
  return Array.from({ length: LEASES }, () => ({
    kind: 'leaseGrant',
    id: 0n,
    ttlSeconds: TTL_SECONDS,
  }));
}

function renewals(ids: readonly bigint[]): KvCommand[] {
  return Array.from({ length: Math.ceil(ids.length / RENEWALS_A_COMMAND) }, (_, at) => ({
    kind: 'leaseKeepAlive',
    ids: ids.slice(at * RENEWALS_A_COMMAND, (at + 1) * RENEWALS_A_COMMAND),
  }));
}

function puts(ids: readonly bigint[]): KvCommand[] {
  return ids.map((lease, at) => ({
    kind: 'put',
    key: text.encode(`member/${at}`),
    value: text.encode('here'),
    lease,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  }));
}

/** @returns how long the ticks took, in milliseconds, in rising order */
function endAll(): number[] {
  const taken: number[] = [];
  machine.apply([entryOf(tick(TTL_SECONDS * 1000))]);
  while (machine.stats.leases > 0) {
    const entry = entryOf(tick(0));
    const start = performance.now();
    machine.apply([entry]);
    taken.push(performance.now() - start);
  }
  return taken.sort((a, b) => a - b);
}

const emptyBytes = usedBytes();
const grantMicros = microsEach(LEASES, grants());
const leaseBytes = (usedBytes() - emptyBytes) / LEASES;
machine.apply([entryOf(tick(1))]);
const ids = [...machine.leases()];
const renewMicros = microsEach(LEASES, renewals(ids));
machine.apply([entryOf(tick(1))]);
const start = performance.now();
const snapshot = machine.snapshot();
const snapshotBeginMs = performance.now() - start;
snapshot.return?.();
const { user } = process.cpuUsage();
endAll();
const endMicros = (process.cpuUsage().user - user) / LEASES;

/** Of a machine with as many leases and keys. */
function bytesWithKeys(isAttached: boolean): number {
  machine = new KvStateMachine();
  const before = usedBytes();
  microsEach(LEASES, grants());
  const held = machine.leases();
  microsEach(LEASES, puts(isAttached ? held : held.map(() => 0n)));
  return usedBytes() - before;
}

const plainBytes = bytesWithKeys(false);
const attachmentBytes = (bytesWithKeys(true) - plainBytes) / LEASES;
machine.apply([entryOf(tick(1))]);
const tickMs = endAll();

const round = (value: number): number => Math.round(value * 10) / 10;
const figures = {
  leases: LEASES,
  leaseBytes: Math.round(leaseBytes),
  attachmentBytes: Math.round(attachmentBytes),
  grantMicros: round(grantMicros),
  renewMicros: round(renewMicros),
  endMicros: round(endMicros),
  snapshotBeginMs: round(snapshotBeginMs),
  medianTickMs: round(tickMs[Math.floor(tickMs.length / 2)] ?? 0),
  longestTickMs: round(tickMs.at(-1) ?? 0),
};
for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${value}`);
console.log(JSON.stringify(figures));
