import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Children } from './kv-smoke/children.ts';
import { etcdCluster, quorateCluster, type StartCluster } from './kv-smoke/cluster.ts';
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
  readonly systems: ReadonlyMap<string, StartCluster>;
  readonly load: Load;
  readonly directory: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: readonly number[];
}

const keys = 10_000;
const valueBytes = 256;
const putsAtMost = 500_000;
const warmUp = { clients: 100, seconds: 4 };
/** The type of a file system that is only memory. */
const tmpfs = 0x01021994;

type RoundsByClients = Map<number, MeasuredFigures[]>;

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
      seconds: { type: 'string', default: '10' },
      clients: { type: 'string', default: '1,100,1000' },
      directory: { type: 'string', default: tmpdir() },
    },
  });
  if (values.peer !== undefined && values.peer !== 'etcd') {
    throw new RangeError(`--peer: '${values.peer}' is not etcd`);
  }
  const { ETCD: etcd, ETCD_LOAD: etcdLoad } = process.env;
  const peer = etcd ?? (values.peer === undefined ? undefined : 'etcd');
  const systems = new Map([['quorate', quorateCluster(children)]]);
  if (peer !== undefined) systems.set('etcd', etcdCluster(children, peer));
  const seconds = toNumber('seconds', values.seconds);
  const clients = values.clients.split(',').map((text) => toNumber('clients', text));
  const rounds = toNumber('rounds', values.rounds ?? (peer === undefined ? '1' : '2'));
  const parent = resolve(values.directory);
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, 'quorate-bench-'));
  const load = etcdLoad === undefined ? new NodeLoad(children) : new EtcdLoad(children, etcdLoad);
  return { systems, load, directory, rounds, seconds, clients };
}

/** Starts one cluster, measures it at every level, stops it. */
async function measure(
  system: string,
  start: StartCluster,
  { load, directory, seconds, clients }: Plan,
  results: RoundsByClients,
): Promise<void> {
  const path = join(directory, system);
  mkdirSync(path);
  const cluster = await start(path);
  const { endpoints, processIds } = cluster;
  const level: LoadLevel = { endpoints, seconds, clients: 1, puts: putsAtMost, keys, valueBytes };
  await load.run({ ...level, ...warmUp });
  for (const count of clients) {
    const before = processorMicros(processIds);
    const result = await load.run({ ...level, clients: count });
    const figures = withCost(result, before, processorMicros(processIds));
    const rounds = results.get(count) ?? [];
    results.set(count, [...rounds, figures]);
    const { remark } = result;
    const label = `${system.padEnd(8)}${count.toString().padStart(5)} clients`;
    console.log(`${label} ${describeFigures(figures)}${remark === '' ? '' : ` (${remark})`}`);
  }
  await cluster.stop();
  rmSync(path, { recursive: true });
}

function withCost(
  { figures, puts }: LoadResult,
  beforeMicros: number | null,
  afterMicros: number | null,
): MeasuredFigures {
  const isKnown = beforeMicros !== null && afterMicros !== null && puts > 0;
  return { ...figures, serverMicros: isKnown ? (afterMicros - beforeMicros) / puts : 0 };
}

/** Ours to etcd's puts a second, of the medians, by number of clients. */
function ratios(
  results: ReadonlyMap<string, Record<string, MeasuredFigures>>,
): Record<string, number> | null {
  const [ours, theirs] = [results.get('quorate'), results.get('etcd')];
  if (ours === undefined || theirs === undefined) return null;
  const found: Record<string, number> = {};
  for (const [clients, { putsPerSecond }] of Object.entries(ours)) {
    found[clients] = roundTo(putsPerSecond / (theirs[clients]?.putsPerSecond ?? 0), 3);
  }
  return found;
}

function report({ load, rounds, seconds }: Plan, all: ReadonlyMap<string, RoundsByClients>): void {
  const results = new Map<string, Record<string, MeasuredFigures>>();
  for (const [system, byClients] of all) {
    const medians = [...byClients].map(([clients, each]) => [clients, medianFigures(each)]);
    results.set(system, Object.fromEntries(medians));
  }
  const ratio = ratios(results);
  for (const [clients, value] of Object.entries(ratio ?? {})) {
    console.log(`${clients} clients: quorate has ${value} times the puts/s of etcd (of medians)`);
  }
  const conditions = { client: load.name, rounds, seconds, keys, valueBytes };
  const figures = { results: Object.fromEntries(results), ...(ratio === null ? {} : { ratio }) };
  console.log(JSON.stringify({ bench: 'kv-smoke', ...conditions, ...figures }));
}

async function run(planned: Plan): Promise<void> {
  const { systems, load, directory, rounds, seconds } = planned;
  console.log(
    `three members on this machine (${availableParallelism()} cores, shared with the client), ` +
      `client ${load.name}, ${valueBytes}-byte values, ${keys} keys, ${seconds} s a level, ` +
      `rounds: ${rounds}`,
  );
  if (statfsSync(directory).type === tmpfs) {
    console.log(`${directory} is memory, not a disk: choose another with --directory`);
  }
  const all = new Map<string, RoundsByClients>();
  for (let round = 0; round < rounds; round++) {
    for (const [system, start] of systems) {
      const results = all.get(system) ?? new Map<number, MeasuredFigures[]>();
      all.set(system, results);
      await measure(system, start, planned, results);
    }
  }
  report(planned, all);
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
