import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type ClusterPlan, killAll } from './election/cluster.ts';
import { failover } from './election/failover.ts';
import { describeSpread, roundTo } from './election/figures.ts';
import { handOver } from './election/hand-over.ts';
import { type Idle, idle } from './election/idle.ts';
import { partition } from './election/partition.ts';
import {
  nameOf,
  numberOf,
  type Phase,
  phases,
  phasesOf,
  type Settings,
  type Timing,
  timingsOf,
} from './election/settings.ts';

/**
 * An election of real processes with real disks: how long nobody leads after a leader was killed,
 * gave up or was cut off, and what it costs while nothing happens. docs/guides/benchmarks.md says
 * how to read it.
 */
const usage = `usage: npm run bench -- election [--only LIST] [--rounds N] [--timings LIST]
                                 [--wan-rounds N] [--wan-timings LIST] [--round-trip MS]
                                 [--seconds N] [--settle-seconds N] [--observers N]
                                 [--directory DIR]

  --only LIST         of ${phases.join(',')} (all)
  --rounds N          how often a leader is killed, gives up, is cut off (60)
  --timings LIST      HEARTBEAT/TIMEOUT in ms, the first is used throughout (40/200,50/250)
  --wan-rounds N      as --rounds, with long round trips (20)
  --wan-timings LIST  as --timings, there (200/2000,100/1000,60/600)
  --round-trip MS     there (200)
  --seconds N         how long idle processes are watched (20)
  --settle-seconds N  how long they are left alone before that (40)
  --observers N       how many follow in the last row of idle; 0: none (100)
  --directory DIR     where the temporary directory is made, which decides the disk (the system's)`;

/** The type of a file system that is only memory. */
const tmpfs = 0x01021994;
const candidate = new URL('./election/candidate.ts', import.meta.url);

function settingsOf(): Settings | null {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: phases.join(',') },
      rounds: { type: 'string', default: '60' },
      timings: { type: 'string', default: '40/200,50/250' },
      'wan-rounds': { type: 'string', default: '20' },
      'wan-timings': { type: 'string', default: '200/2000,100/1000,60/600' },
      'round-trip': { type: 'string', default: '200' },
      seconds: { type: 'string', default: '20' },
      'settle-seconds': { type: 'string', default: '40' },
      observers: { type: 'string', default: '100' },
      directory: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  return {
    only: phasesOf('only', values.only),
    rounds: numberOf('rounds', values.rounds, 1, 10_000),
    timings: timingsOf('timings', values.timings),
    wanRounds: numberOf('wan-rounds', values['wan-rounds'], 1, 10_000),
    wanTimings: timingsOf('wan-timings', values['wan-timings']),
    roundTripMs: numberOf('round-trip', values['round-trip'], 1, 10_000),
    seconds: numberOf('seconds', values.seconds, 1, 3_600),
    settleSeconds: numberOf('settle-seconds', values['settle-seconds'], 0, 3_600),
    observers: numberOf('observers', values.observers, 0, 1_000),
    directory: resolve(values.directory),
  };
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** One after the other, each in a directory of its own. */
class Bench {
  readonly rows: Record<string, unknown>[] = [];
  readonly #settings: Settings;
  readonly #directory: string;
  #clusters = 0;

  constructor(settings: Settings, directory: string) {
    this.#settings = settings;
    this.#directory = directory;
  }

  async run(): Promise<void> {
    const { only, timings } = this.#settings;
    const [first] = timings;
    if (first === undefined) return;
    const measures: Record<Phase, () => Promise<void>> = {
      failover: () => this.#failovers(),
      handover: () => this.#handOvers(first),
      partition: () => this.#partition(first),
      wan: () => this.#wan(),
      idle: async () => {
        for (const timing of timings) await this.#idle(timing);
      },
    };
    for (const phase of phases) if (only.has(phase)) await measures[phase]();
  }

  async #failovers(): Promise<void> {
    const { timings, rounds } = this.#settings;
    for (const timing of timings) {
      const found = await failover(this.#plan(timing), rounds, progress);
      this.#report('leader killed', timing, describeSpread(found.killed), { ...found });
    }
  }

  async #handOvers(timing: Timing): Promise<void> {
    for (const how of ['resign', 'close'] as const) {
      const spread = await handOver(this.#plan(timing), how, this.#settings.rounds, progress);
      this.#report(how, timing, describeSpread(spread), { spread });
    }
  }

  async #partition(timing: Timing): Promise<void> {
    const { rounds } = this.#settings;
    const found = await partition(this.#plan(timing), rounds, progress);
    const words =
      `${found.overlaps} overlaps; old one ends ${describeSpread(found.lost)}; ` +
      `next leads ${describeSpread(found.elected)}; nobody leads ${describeSpread(found.nobody)}`;
    this.#report('leader cut off', timing, words, { ...found });
  }

  async #wan(): Promise<void> {
    const { wanTimings, wanRounds, roundTripMs } = this.#settings;
    for (const timing of wanTimings) {
      const plan = { ...this.#plan(timing), delayMs: roundTripMs / 2 };
      const found = await failover(plan, wanRounds, progress);
      const words = `${describeSpread(found.killed)}; ${found.disturbed} ended by themselves`;
      this.#report(`leader killed, round trips of ${roundTripMs} ms`, timing, words, { ...found });
    }
  }

  async #idle(timing: Timing): Promise<void> {
    const { observers: most } = this.#settings;
    const sizes = [
      { members: 3, observers: 0 },
      { members: 5, observers: 0 },
      ...(most > 0 ? [{ members: 3, observers: most }] : []),
    ];
    for (const { members, observers } of sizes) {
      const plan = { ...this.#plan(timing), members };
      const found = await idle(plan, observers, this.#settings, progress);
      const what = `idle, ${members} members${observers > 0 ? `, ${observers} observers` : ''}`;
      this.#report(what, timing, describeIdle(found), { ...found });
    }
  }

  #plan(timing: Timing): ClusterPlan {
    this.#clusters += 1;
    const directory = join(this.#directory, `cluster${this.#clusters}`);
    return { program: candidate, members: 3, directory, ...timing, delayMs: null };
  }

  #report(what: string, timing: Timing, words: string, figures: Record<string, unknown>): void {
    const name = nameOf(timing);
    const load = roundTo(loadavg()[0] ?? 0, 1);
    console.log(`${what}, ${name}: ${words} (load ${load})`);
    this.rows.push({ what, timing: name, load, ...figures });
  }
}

function describeIdle({ costs, elections }: Idle): string {
  const lines = costs.map((cost) => {
    const { role, cpuPercent, sentBytesPerSecond, packetsPerSecond, residentMib } = cost;
    return (
      `${role} ${cpuPercent} % of a core, ${sentBytesPerSecond} bytes/s and ` +
      `${packetsPerSecond} packets/s sent, ${residentMib} MiB`
    );
  });
  return `${elections} elections\n  ${lines.join('\n  ')}\n `;
}

async function main(settings: Settings): Promise<void> {
  mkdirSync(settings.directory, { recursive: true });
  const directory = mkdtempSync(join(settings.directory, 'quorate-election-bench-'));
  const cleanUp = async (): Promise<void> => {
    await killAll();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
  }
  if (statfsSync(directory).type === tmpfs) {
    console.log(`${directory} is memory, not a disk: choose another with --directory`);
  }
  const loadAverage = roundTo(loadavg()[0] ?? 0, 1);
  const cores = availableParallelism();
  console.log(`processes on this machine, ${cores} cores, load average ${loadAverage}`);
  const bench = new Bench(settings, directory);
  try {
    await bench.run();
  } finally {
    await cleanUp();
  }
  const { rounds, wanRounds, seconds } = settings;
  const rest = { rounds, wanRounds, seconds, cores, loadAverage };
  console.log(JSON.stringify({ bench: 'election', ...rest, rows: bench.rows }));
}

try {
  const settings = settingsOf();
  if (settings === null) console.log(usage);
  else await main(settings);
} catch (error) {
  // Flags that do not fit are the caller's; anything else is the bench's.
  const isUsage = error instanceof RangeError || error instanceof TypeError;
  if (!isUsage) throw error;
  console.error(`${error.message}\n${usage}`);
  process.exitCode = 2;
}
