/**
 * How fast changes reach watchers: `npm run bench -- watch [--watchers N] [--rounds N]`. One
 * writer, the store, the hub and the encoding in one process; a stream ends where a transport would
 * begin.
 * Prints what it did and ends with one JSON line. Runs differ; only large ratios mean anything.
 */
import { parseArgs } from 'node:util';
import type { AppliedEntry, Timers } from '@quorate/base';
import { encodeCommand, KvStateMachine } from '@quorate/kv';
import { encodeMessage, etcd } from '@quorate/schema';
import { type StreamMethod, WatchService } from '@quorate/server/core';

const valueBytes = 256;
/** Commands applied together, as one turn of a group does under load. */
const batch = 64;
/** Events of a round, so that each takes about as long. */
const eventsOfRound = 4_000_000;

const { values: flags } = parseArgs({
  options: {
    watchers: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
  },
});
const watchers = Number(flags.watchers);
const rounds = Number(flags.rounds);

const text = new TextEncoder();
const keyOf = (at: number): Uint8Array => text.encode(`bench/key/${String(at).padStart(10, '0')}`);

/** The store with its watches; what is deferred runs when it is told to. */
class Bench {
  readonly machine = new KvStateMachine();
  answers = 0;
  bytes = 0;
  readonly #deferred: (() => void)[] = [];
  readonly #method: StreamMethod;
  #index = 0;

  constructor() {
    const timers: Timers = {
      after: () => ({ cancel: () => undefined }),
      defer: (callback) => this.#deferred.push(callback),
    };
    const [entry] = new WatchService({
      identity: { clusterId: 1n, memberId: 2n },
      feed: this.machine.changes,
      timers,
      raftTerm: () => 3,
    }).methods();
    if (entry === undefined) throw new Error('the service has a method');
    this.#method = entry[1];
  }

  watch(key: Uint8Array, watches: number): void {
    const listener = this.#method({
      context: { requireLeader: false, token: '', commonName: '' },
      send: (message) => {
        this.answers++;
        this.bytes += message.length;
        return true;
      },
      end: (error) => {
        throw new Error(`a stream ended: ${error?.message}`);
      },
    });
    for (let at = 0; at < watches; at++) {
      listener.message(encodeMessage(etcd.WatchRequest, { createRequest: { key } }));
    }
  }

  /** Puts as many commands at a time as `together` says. */
  put(keys: readonly Uint8Array[], together: number): void {
    for (let at = 0; at < keys.length; at += together) {
      this.machine.apply(keys.slice(at, at + together).map((key) => this.#entryOf(key)));
      for (let run = this.#deferred.shift(); run !== undefined; run = this.#deferred.shift()) run();
    }
  }

  compact(): void {
    const revision = this.machine.stats.revision;
    this.machine.apply([this.#entry(encodeCommand({ kind: 'compact', revision }))]);
  }

  #entryOf(key: Uint8Array): AppliedEntry {
    const value = new Uint8Array(valueBytes);
    const flags = { lease: 0n, prevKv: false, ignoreValue: false, ignoreLease: false };
    return this.#entry(encodeCommand({ kind: 'put', key, value, ...flags }));
  }

  #entry(command: Uint8Array): AppliedEntry {
    this.#index++;
    return { index: this.#index, term: 1, timestampMicros: this.#index, command };
  }
}

interface Found {
  readonly events: number;
  readonly wall: number;
  /** By the time of the main thread: what a core does on a machine that others use too. */
  readonly cpu: number;
}

function measure(events: number, run: () => void): Found {
  const cpuStart = process.threadCpuUsage();
  const start = process.hrtime.bigint();
  run();
  const wallMicros = Number(process.hrtime.bigint() - start) / 1000;
  const cpu = process.threadCpuUsage(cpuStart);
  return {
    events,
    wall: Math.round((events * 1e6) / wallMicros),
    cpu: Math.round((events * 1e6) / (cpu.user + cpu.system)),
  };
}

function medianOf(what: string, round: () => Found): Found {
  const found = Array.from({ length: rounds }, round);
  const median = found.toSorted((a, b) => a.cpu - b.cpu)[rounds >> 1] as Found;
  console.log(`${what}: ${median.wall} events/s, ${median.cpu} a second of CPU`);
  return median;
}

/** Each put reaches everybody. */
function oneKey(what: string, streams: number, watches: number, together: number): Found {
  const bench = new Bench();
  for (let at = 0; at < streams; at++) bench.watch(keyOf(0), watches);
  const keys = Array.from({ length: Math.ceil(eventsOfRound / watchers) }, () => keyOf(0));
  return medianOf(what, () => {
    const found = measure(keys.length * watchers, () => bench.put(keys, together));
    bench.compact();
    return found;
  });
}

/** Each put reaches one of ten times as many: their number must not matter. */
function keyEach(count: number): Found {
  const bench = new Bench();
  for (let at = 0; at < count; at++) bench.watch(keyOf(at), 1);
  const keys = Array.from({ length: 100_000 }, (_, at) => keyOf((at * 7919) % count));
  return medianOf(`${count} watchers of a key each`, () => {
    const found = measure(keys.length, () => bench.put(keys, batch));
    bench.compact();
    return found;
  });
}

console.log(`${valueBytes} B values, medians of ${rounds} rounds`);
const alone = oneKey(`${watchers} streams on one key, a put at a time`, watchers, 1, 1);
const batched = oneKey(
  `${watchers} streams on one key, ${batch} puts at a time`,
  watchers,
  1,
  batch,
);
const shared = oneKey(
  `${watchers} watchers of one stream on one key, a put at a time`,
  1,
  watchers,
  1,
);
const few = keyEach(10);
const many = keyEach(10_000);

console.log(
  JSON.stringify({
    bench: 'watch',
    watchers,
    valueBytes,
    rounds,
    eventsPerSecond: alone.wall,
    eventsPerCpuSecond: alone.cpu,
    batchedEventsPerCpuSecond: batched.cpu,
    oneStreamEventsPerCpuSecond: shared.cpu,
    tenKeysEventsPerCpuSecond: few.cpu,
    tenThousandKeysEventsPerCpuSecond: many.cpu,
  }),
);
