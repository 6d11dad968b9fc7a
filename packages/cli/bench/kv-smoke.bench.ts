import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Children } from './kv-smoke/children.ts';
import {
  type Cluster,
  etcdCluster,
  quorateCluster,
  type StartCluster,
} from './kv-smoke/cluster.ts';
import { EtcdLoad } from './kv-smoke/etcd-load.ts';
import {
  describeFigures,
  type MeasuredFigures,
  medianFigures,
  roundTo,
} from './kv-smoke/figures.ts';
import type { Load, LoadLevel, LoadResult } from './kv-smoke/load.ts';
import { NodeLoad } from './kv-smoke/node-load.ts';
import { processorMicros } from './kv-smoke/processor-time.ts';

/**
 * Puts a second and their latency, on three real processes with real disks; beside etcd when one
 * is named. docs/guides/benchmarks.md says how to read it.
 *
 * `npm run bench -- kv-smoke [--peer etcd] [--rounds N] [--seconds N] [--clients LIST]
 * [--directory DIR]`
 */
interface Plan {
  readonly clusters: ReadonlyMap<string, StartCluster>;
  readonly load: Load;
  readonly directory: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: readonly number[];
}

const keys = 10_000;
const valueBytes = 256;
const putsAtMost = 500_000;
const warmUp = { clients: 100, seconds: 15 };
/** The type of a file system that is only memory. */
const tmpfs = 0x01021994;

/** One of the clusters compared. All are up the whole time, one at a time is under load. */
interface System {
  readonly name: string;
  readonly cluster: Cluster;
  /** By the number of clients. */
  readonly rounds: Map<number, MeasuredFigures[]>;
}

function toNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10_000) {
    throw new RangeError(`--${flag}: '${text}' is no number from 1 to 10000`);
  }
  return value;
}

function plan(children: Children): Plan {
  const { values } = parseArgs({
    options: {
      peer: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string', default: '5' },
      clients: { type: 'string', default: '1,100,1000' },
      directory: { type: 'string', default: tmpdir() },
    },
  });
  if (values.peer !== undefined && values.peer !== 'etcd') {
    throw new RangeError(`--peer: '${values.peer}' is not etcd`);
  }
  const { ETCD: etcd, ETCD_LOAD: etcdLoad } = process.env;
  const peer = etcd ?? (values.peer === undefined ? undefined : 'etcd');
  const clusters = new Map([['quorate', quorateCluster(children)]]);
  if (peer !== undefined) clusters.set('etcd', etcdCluster(children, peer));
  const seconds = toNumber('seconds', values.seconds);
  const clients = values.clients.split(',').map((text) => toNumber('clients', text));
  const rounds = toNumber('rounds', values.rounds ?? (peer === undefined ? '2' : '4'));
  const parent = resolve(values.directory);
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, 'quorate-bench-'));
  const load = etcdLoad === undefined ? new NodeLoad(children) : new EtcdLoad(children, etcdLoad);
  return { clusters, load, directory, rounds, seconds, clients };
}

/** Loads one cluster once, the others standing by. */
async function measure(system: System, level: LoadLevel, load: Load): Promise<void> {
  const { endpoints, processIds } = system.cluster;
  const before = processorMicros(processIds);
  const result = await load.run({ ...level, endpoints });
  const figures = withCost(result, before, processorMicros(processIds));
  const rounds = system.rounds.get(level.clients) ?? [];
  system.rounds.set(level.clients, [...rounds, figures]);
  const label = `${system.name.padEnd(8)}${level.clients.toString().padStart(5)} clients`;
  const { remark } = result;
  console.log(`${label} ${describeFigures(figures)}${remark === '' ? '' : ` (${remark})`}`);
}

function withCost(
  { figures, puts }: LoadResult,
  beforeMicros: number | null,
  afterMicros: number | null,
): MeasuredFigures {
  const isKnown = beforeMicros !== null && afterMicros !== null && puts > 0;
  return { ...figures, serverMicros: isKnown ? (afterMicros - beforeMicros) / puts : 0 };
}

function mediansOf({ rounds }: System): Record<string, MeasuredFigures> {
  return Object.fromEntries(
    [...rounds].map(([clients, figures]) => [clients, medianFigures(figures)]),
  );
}

function report(systems: readonly System[], { load, rounds, seconds }: Plan): void {
  const results = Object.fromEntries(systems.map((system) => [system.name, mediansOf(system)]));
  const { quorate, etcd } = results;
  const ratio: Record<string, number> = {};
  for (const [clients, { putsPerSecond }] of Object.entries(etcd ?? {})) {
    const ours = quorate?.[clients]?.putsPerSecond ?? 0;
    const value = roundTo(ours / putsPerSecond, 3);
    ratio[clients] = value;
    console.log(`${clients} clients: quorate has ${value} times the puts/s of etcd, of medians`);
  }
  const conditions = { client: load.name, rounds, seconds, keys, valueBytes };
  const compared = etcd === undefined ? {} : { ratio };
  console.log(JSON.stringify({ bench: 'kv-smoke', ...conditions, results, ...compared }));
}

async function run(planned: Plan): Promise<void> {
  const { load, directory, rounds, seconds, clients } = planned;
  console.log(
    `three members on this machine (${availableParallelism()} cores, shared with the client), ` +
      `client ${load.name}, ${valueBytes}-byte values, ${keys} keys, ` +
      `${rounds} rounds of ${seconds} s`,
  );
  if (statfsSync(directory).type === tmpfs) {
    console.log(`${directory} is memory, not a disk: choose another with --directory`);
  }
  const level = { endpoints: [], seconds, clients: 1, puts: putsAtMost, keys, valueBytes };
  const systems: System[] = [];
  for (const [name, start] of planned.clusters) {
    const cluster = await start(join(directory, name));
    systems.push({ name, cluster, rounds: new Map() });
    await load.run({ ...level, ...warmUp, endpoints: cluster.endpoints });
  }
  for (const count of clients) {
    for (let round = 0; round < rounds; round++) {
      for (const system of systems) await measure(system, { ...level, clients: count }, load);
    }
  }
  await Promise.all(systems.map(({ cluster }) => cluster.stop()));
  report(systems, planned);
}

const children = new Children();
const planned = plan(children);
const cleanUp = async (): Promise<void> => {
  await planned.load.stop();
  await children.stopAll();
  rmSync(planned.directory, { recursive: true, force: true, maxRetries: 5 });
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
}
try {
  await run(planned);
} finally {
  await cleanUp();
}
