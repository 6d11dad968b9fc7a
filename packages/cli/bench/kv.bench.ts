import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Children } from './kv/children.ts';
import { Cluster, etcdMember, quorateMember } from './kv/cluster.ts';
import { failover } from './kv/failover.ts';
import { fanOut } from './kv/fan-out.ts';
import { buildWatchers, chooseLoad, etcdProgram } from './kv/peers.ts';
import { level, type Plan, phases, type Row, type System } from './kv/plan.ts';
import { report } from './kv/report.ts';
import { start } from './kv/start.ts';
import { memory, throughput } from './kv/throughput.ts';

/**
 * What clients of three real processes with real disks see, and the same of etcd beside them;
 * docs/guides/benchmarks.md says how to read it.
 *
 * `npm run bench -- kv [--vs etcd] [--only LIST] [--clients LIST] [--rounds N] [--seconds N]
 * [--kills N] [--watchers N] [--keys N] [--directory DIR]`
 */
const warmUp = { clients: 100, seconds: 15, operation: 'put' } as const;
/** The type of a file system that is only memory. */
const tmpfs = 0x01021994;

async function plan(children: Children): Promise<Plan> {
  const { values } = parseArgs({
    options: {
      vs: { type: 'string' },
      only: { type: 'string', default: phases.join(',') },
      clients: { type: 'string', default: '1,100,1000' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      kills: { type: 'string', default: '3' },
      watchers: { type: 'string', default: '1000' },
      keys: { type: 'string', default: '1000000' },
      directory: { type: 'string', default: tmpdir() },
    },
  });
  if (values.vs !== undefined && values.vs !== 'etcd') {
    throw new RangeError(`--vs: '${values.vs}' is not etcd`);
  }
  const only = values.only.split(',').map((text) => {
    const phase = phases.find((known) => known === text);
    if (phase === undefined) throw new RangeError(`--only: '${text}' is not of ${phases.join()}`);
    return phase;
  });
  const commands = new Map([['quorate', quorateMember]]);
  if (values.vs !== undefined) commands.set('etcd', etcdMember(etcdProgram()));
  const parent = resolve(values.directory);
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, 'quorate-bench-'));
  return {
    commands,
    only: new Set(only),
    load: await chooseLoad(children, directory),
    watchers: only.includes('watchers') ? await buildWatchers(children, directory) : null,
    directory,
    clients: values.clients.split(',').map((text) => toNumber('clients', text, 10_000)),
    rounds: toNumber('rounds', values.rounds, 1000),
    seconds: toNumber('seconds', values.seconds, 3600),
    kills: toNumber('kills', values.kills, 100),
    watcherCount: toNumber('watchers', values.watchers, 100_000),
    startKeys: toNumber('keys', values.keys, 10_000_000),
  };
}

function toNumber(flag: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new RangeError(`--${flag}: '${text}' is no number from 1 to ${most}`);
}

/** All clusters are up the whole time; one at a time is under load. */
async function startAll(planned: Plan, children: Children): Promise<System[]> {
  const systems: System[] = [];
  for (const [name, command] of planned.commands) {
    const cluster = await Cluster.start(children, command, join(planned.directory, name));
    await planned.load.run({ ...level, ...warmUp, endpoints: cluster.endpoints });
    systems.push({ name, cluster });
  }
  return systems;
}

async function measureAll(planned: Plan, children: Children): Promise<Row[]> {
  const { only } = planned;
  const rows: Row[] = [];
  if (phases.some((phase) => phase !== 'start' && only.has(phase))) {
    const systems = await startAll(planned, children);
    const operations = (['put', 'get', 'sget'] as const).filter((phase) => only.has(phase));
    for (const operation of operations) {
      rows.push(...(await throughput(planned, systems, operation)));
    }
    if (operations.length > 0) rows.push(...(await memory(systems)));
    if (only.has('watchers')) rows.push(...(await fanOut(planned, systems, children)));
    if (only.has('failover')) rows.push(...(await failover(planned, systems)));
    await Promise.all(systems.map(({ cluster }) => cluster.stop()));
  }
  if (only.has('start')) rows.push(...(await start(planned, children)));
  return rows;
}

async function run(planned: Plan, children: Children): Promise<void> {
  const { load, directory, rounds, seconds } = planned;
  console.log(
    `three members on this machine (${availableParallelism()} cores, shared with the client), ` +
      `client ${load.name}, ${level.valueBytes}-byte values, ${level.keys} keys, ` +
      `${rounds} rounds of ${seconds} s by turns, load average ${loadavg()[0]?.toFixed(1)}`,
  );
  if (statfsSync(directory).type === tmpfs) {
    console.log(`${directory} is memory, not a disk: choose another with --directory`);
  }
  report(await measureAll(planned, children), planned);
}

const children = new Children();
const planned = await plan(children);
const cleanUp = async (): Promise<void> => {
  await planned.load.stop();
  await children.stopAll();
  rmSync(planned.directory, { recursive: true, force: true, maxRetries: 5 });
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
}
try {
  await run(planned, children);
} finally {
  await cleanUp();
}
