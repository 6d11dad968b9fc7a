// Checks the models of the extensions to Raft, exhaustively within their bounds, with Spin:
//   npm run model                        all models at full size, their probes and mutants
//   npm run model -- NAME...             these models
//   npm run model -- --ci                at the size that takes seconds
//   npm run model -- --mutant NAME       one planted mistake, and the shortest way to the damage
//   npm run model -- --probe MODEL/NAME  the shortest way to a state that must be reachable
//   npm run model -- --jobs 2            so many at once, each with up to 4 GiB
// The last line is JSON. Exit: 0 as it should be, 1 not so, 2 usage, 3 spin or gcc is missing.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Model, parseModel } from './model/directives.ts';
import { type Job, jobsOf, judge } from './model/jobs.ts';
import { explore, INSTALL, missingPrograms } from './model/spin.ts';
import { ROOT } from './run/run-command.ts';

const FOLDER = join(ROOT, 'models');
const OPTIONS = {
  ci: { type: 'boolean', default: false },
  mutant: { type: 'string' },
  probe: { type: 'string' },
  jobs: { type: 'string', default: '1' },
} as const;

interface Totals {
  models: number;
  runs: number;
  states: number;
  mutants: number;
  caught: number;
  probes: number;
  reached: number;
  failed: number;
}

function readModels(): readonly Model[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.pml'))
    .sort()
    .map((file) => parseModel(file.slice(0, -4), readFileSync(join(FOLDER, file), 'utf8')));
}

function usage(problem: string, models: readonly Model[]): void {
  console.error(problem);
  console.error('usage: npm run model -- [--ci] [--jobs N] [MODEL...]');
  console.error('       npm run model -- --mutant [MODEL/]NAME | --probe [MODEL/]NAME');
  for (const { name, mutants } of models) {
    console.error(`  ${name.padEnd(12)}${mutants.map((mutant) => mutant.name).join(' ')}`);
  }
  process.exitCode = 2;
}

/** @returns the jobs asked for, or a sentence that says why there are none */
function plan(
  models: readonly Model[],
  names: readonly string[],
  values: { ci: boolean; mutant?: string | undefined; probe?: string | undefined },
): readonly Job[] | string {
  const unknown = names.find((name) => !models.some((model) => model.name === name));
  if (unknown !== undefined) return `there is no model '${unknown}'`;
  const chosen = models.filter(({ name }) => names.length === 0 || names.includes(name));
  const jobs = chosen.flatMap((model) => jobsOf(model, values.ci ? 'ci' : 'full'));
  const [kind, wanted] =
    values.mutant === undefined ? ['probe', values.probe] : ['mutant', values.mutant];
  if (wanted === undefined) return jobs;
  const found = jobs.filter(
    (job) => job.kind === kind && (job.name === wanted || `${job.model}/${job.name}` === wanted),
  );
  return found.length > 0 ? found : `there is no ${kind} '${wanted}'`;
}

async function work(job: Job, trace: boolean, totals: Totals): Promise<void> {
  const startedMs = performance.now();
  const explored = await explore(
    join(FOLDER, `${job.model}.pml`),
    job.flags,
    trace ? 'breadth' : job.search,
    trace,
  );
  const problem = judge(job, explored);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const what = job.kind === 'run' ? `${job.name} ${job.flags.join(' ')}` : job.name;
  const found = `${explored.states} states, depth ${explored.depth}, ${seconds} s`;
  const good = { run: 'holds', mutant: `caught by ${job.expected}`, probe: 'reached' }[job.kind];
  console.log(`${job.model} ${job.kind} ${what}: ${found}: ${problem ?? good}`);
  if (trace && job.about !== '') console.log(`  ${job.about}`);
  if (explored.trace !== '') console.log(explored.trace.replace(/^/gm, '    '));
  if (problem !== null) totals.failed += 1;
  if (job.kind === 'run') {
    totals.runs += 1;
    totals.states += explored.states;
  } else if (job.kind === 'mutant') {
    totals.mutants += 1;
    totals.caught += problem === null ? 1 : 0;
  } else {
    totals.probes += 1;
    totals.reached += problem === null ? 1 : 0;
  }
}

async function main(): Promise<void> {
  const models = readModels();
  let parsed: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (error) {
    usage(error instanceof Error ? error.message : String(error), models);
    return;
  }
  const { values, positionals } = parsed;
  const workers = Number(values.jobs);
  if (!Number.isInteger(workers) || workers < 1) {
    usage(`--jobs ${values.jobs}: a whole number from 1 on`, models);
    return;
  }
  const jobs = plan(models, positionals, values);
  if (typeof jobs === 'string') {
    usage(jobs, models);
    return;
  }
  const missing = await missingPrograms();
  if (missing.length > 0) {
    console.error(`model: ${missing.join(' and ')} not found; install with: ${INSTALL}`);
    process.exitCode = 3;
    return;
  }
  const trace = values.mutant !== undefined || values.probe !== undefined;
  const names = new Set(jobs.map((job) => job.model));
  const totals: Totals = {
    models: names.size,
    runs: 0,
    states: 0,
    mutants: 0,
    caught: 0,
    probes: 0,
    reached: 0,
    failed: 0,
  };
  const startedMs = performance.now();
  const waiting = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      await work(job, trace, totals);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  console.log(JSON.stringify({ ...totals, seconds }));
  process.exitCode = totals.failed === 0 ? 0 : 1;
}

await main();
