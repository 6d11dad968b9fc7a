import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { TraceLine } from '@quorate/sim';
import { canaries } from './canaries/registry.ts';
import { runKvScenario, type ScenarioResult } from './kv/kv-scenario.ts';
import { traceText } from './trace.ts';

const usage = `Runs clusters of the real code in virtual time, with faults drawn from a seed.

  npm run sim -- --seeds 200              seeds 1 to 200
  npm run sim -- --seed 42                one seed
  npm run sim -- --seed 42 --trace        and what every node logged
  npm run sim -- --seed 1000 --seeds 50   seeds 1000 to 1049
  npm run sim -- --canary NAME            plants a known mistake, which must be caught

  --nodes N     voters (default 3)
  --seeds N     how many seeds (default 1)
  --seed FIRST  the first seed (default 1)
  --trace       log lines of all nodes, in virtual time
  --canary NAME ${canaries.map(({ name }) => name).join('\n                ')}

Exit status: 0 no violation, 1 a violation was found (with --canary: as it should be), 2 usage.
`;

interface Totals {
  events: number;
  virtualMs: number;
  writes: number;
  reads: number;
  readonly faults: Map<string, number>;
}

function main(): number {
  let values: ReturnType<typeof parse>;
  try {
    values = parse();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (values.canary !== undefined && process.env['QUORATE_CANARY'] === undefined) {
    return runWithCanary(values.canary);
  }
  return runSeeds(values.first, values.count, values.nodes, values.trace, values.canary);
}

function parse(): {
  help: boolean;
  first: number;
  count: number;
  nodes: number;
  trace: boolean;
  canary: string | undefined;
} {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      nodes: { type: 'string', default: '3' },
      trace: { type: 'boolean', default: false },
      canary: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { canary } = values;
  if (canary !== undefined && !canaries.some(({ name }) => name === canary)) {
    throw new Error(`--canary: there is no canary ${canary}`);
  }
  const defaultCount = canary === undefined ? '1' : '2000';
  return {
    help: values.help,
    first: wholeNumber('--seed', values.seed ?? '1', Number.MAX_SAFE_INTEGER),
    count: wholeNumber('--seeds', values.seeds ?? defaultCount, 1e9),
    nodes: wholeNumber('--nodes', values.nodes, 9),
    trace: values.trace,
    canary,
  };
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`${option} takes a whole number from 1 to ${max}, not ${text}`);
}

/** The mistake is planted while the modules load, in a process of its own; no file is changed. */
function runWithCanary(name: string): number {
  const hook = new URL('./canaries/plant.ts', import.meta.url);
  const args = ['--import', hook.href, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const env = { ...process.env, QUORATE_CANARY: name };
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env });
  return status ?? 1;
}

function runSeeds(
  first: number,
  count: number,
  nodes: number,
  trace: boolean,
  canary: string | undefined,
): number {
  const startedMs = performance.now();
  const totals: Totals = { events: 0, virtualMs: 0, writes: 0, reads: 0, faults: new Map() };
  let lastProgressMs = startedMs;
  for (let seed = first; seed < first + count; seed++) {
    const print = trace ? { trace: (line: TraceLine) => say(traceText(line)) } : {};
    const result = runKvScenario({ seed, nodes, ...print });
    add(totals, result);
    if (result.violation !== null) {
      report(result.violation, seed, nodes, seed - first + 1, canary);
      finish(totals, startedMs, { seeds: seed - first + 1, failedSeed: seed, canary });
      return 1;
    }
    if (count === 1) say(`seed ${seed}: event hash ${result.hash}`);
    if (performance.now() - lastProgressMs > 5000) {
      lastProgressMs = performance.now();
      say(`${seed - first + 1} of ${count} seeds, ${totals.events} events`);
    }
  }
  finish(totals, startedMs, { seeds: count, failedSeed: null, canary });
  if (canary === undefined) return 0;
  say(`canary ${canary} was NOT caught by ${count} seeds`);
  return 3;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function report(
  violation: Error,
  seed: number,
  nodes: number,
  seeds: number,
  canary: string | undefined,
): void {
  if (canary !== undefined) say(`canary ${canary} caught by seed ${seed}, the ${seeds}. tried`);
  say(`VIOLATION with seed ${seed}, ${nodes} nodes:`);
  const known = violation.name === 'InvariantViolation';
  say(known ? violation.message : (violation.stack ?? violation.message));
  const planted = canary === undefined ? '' : ` --canary ${canary}`;
  say(`again: npm run sim -- --seed ${seed} --seeds 1 --nodes ${nodes}${planted} --trace`);
}

function add(totals: Totals, result: ScenarioResult): void {
  totals.events += result.events;
  totals.virtualMs += result.virtualMs;
  totals.writes += result.acknowledgedWrites;
  totals.reads += result.answeredReads;
  for (const [name, count] of result.faults) {
    totals.faults.set(name, (totals.faults.get(name) ?? 0) + count);
  }
}

function finish(
  totals: Totals,
  startedMs: number,
  end: { seeds: number; failedSeed: number | null; canary: string | undefined },
): void {
  const wallSeconds = (performance.now() - startedMs) / 1000;
  const eventsPerSecond = Math.round(totals.events / wallSeconds);
  const virtualPerWallSecond = Math.round(totals.virtualMs / 1000 / wallSeconds);
  say(
    `${end.seeds} seeds, ${totals.events} events, ` +
      `${totals.writes} writes acknowledged, ${totals.reads} reads answered`,
  );
  say(`${eventsPerSecond} events/s, ${virtualPerWallSecond} virtual seconds a second`);
  const faults = [...totals.faults].sort(([a], [b]) => (a < b ? -1 : 1));
  say(`faults: ${faults.map(([name, count]) => `${name} ${count}`).join(', ')}`);
  say(
    JSON.stringify({
      seeds: end.seeds,
      failedSeed: end.failedSeed,
      ...(end.canary === undefined ? {} : { canary: end.canary }),
      events: totals.events,
      eventsPerSecond,
      virtualPerWallSecond,
      faults: Object.fromEntries(faults),
    }),
  );
}

// A reader that has seen enough (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = main();
