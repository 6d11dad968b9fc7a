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
import { describeJob, type Job, jobsOf, judge, type Outcome, totalsOf } from './model/jobs.ts';
import { explore, INSTALL, missingPrograms } from './model/spin.ts';
import { ROOT } from './run/run-command.ts';
import { readWholeNumber, runTool, UsageError } from './run/run-tool.ts';

const FOLDER = join(ROOT, 'models');
const OPTIONS = {
  ci: { type: 'boolean', default: false },
  mutant: { type: 'string' },
  probe: { type: 'string' },
  jobs: { type: 'string', default: '1' },
} as const;

function readModels(): readonly Model[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.pml'))
    .sort()
    .map((file) => parseModel(file.slice(0, -4), readFileSync(join(FOLDER, file), 'utf8')));
}

function usage(): string {
  const known = readModels().map(({ name, mutants }) => {
    return `  ${name.padEnd(12)}${mutants.map((mutant) => mutant.name).join(' ')}`;
  });
  return [
    'usage: npm run model -- [--ci] [--jobs N] [MODEL...]',
    '       npm run model -- --mutant [MODEL/]NAME | --probe [MODEL/]NAME',
    'models, and their mutants:',
    ...known,
  ].join('\n');
}

/** @throws UsageError when nothing has the name that is asked for */
function plan(
  models: readonly Model[],
  names: readonly string[],
  values: { ci: boolean; mutant?: string | undefined; probe?: string | undefined },
): readonly Job[] {
  const unknown = names.find((name) => !models.some((model) => model.name === name));
  if (unknown !== undefined) throw new UsageError(`there is no model '${unknown}'`);
  const chosen = models.filter(({ name }) => names.length === 0 || names.includes(name));
  const jobs = chosen.flatMap((model) => jobsOf(model, values.ci ? 'ci' : 'full'));
  const [kind, wanted] =
    values.mutant === undefined ? ['probe', values.probe] : ['mutant', values.mutant];
  if (wanted === undefined) return jobs;
  const found = jobs.filter(
    (job) => job.kind === kind && (job.name === wanted || `${job.model}/${job.name}` === wanted),
  );
  if (found.length === 0) throw new UsageError(`there is no ${kind} '${wanted}'`);
  return found;
}

async function work(job: Job, trace: boolean): Promise<Outcome> {
  const startedMs = performance.now();
  const explored = await explore(join(FOLDER, `${job.model}.pml`), job.flags, {
    search: trace ? 'breadth' : job.search,
    optimized: job.kind === 'run' && job.name === 'full',
    trace,
  });
  const good = judge(job, explored) === null;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(describeJob(job, explored, seconds));
  if (trace) console.log(`  ${job.about}\n${explored.trace.replace(/^/gm, '    ')}`);
  return { job, states: explored.states, good };
}

/** `workers` at a time, in order of their beginning. */
async function workAll(jobs: readonly Job[], workers: number, trace: boolean): Promise<Outcome[]> {
  const waiting = [...jobs];
  const outcomes: Outcome[] = [];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      outcomes.push(await work(job, trace));
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return outcomes;
}

async function check(jobs: readonly Job[], workers: number, trace: boolean): Promise<number> {
  const missing = await missingPrograms();
  if (missing.length > 0) {
    console.error(`model: ${missing.join(' and ')} not found; install with: ${INSTALL}`);
    return 3;
  }
  const startedMs = performance.now();
  const outcomes = await workAll(jobs, workers, trace);
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  const totals = totalsOf(outcomes);
  console.log(JSON.stringify({ ...totals, seconds }));
  return totals.failed === 0 ? 0 : 1;
}

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const workers = readWholeNumber('--jobs', values.jobs, 1);
  const trace = values.mutant !== undefined || values.probe !== undefined;
  try {
    return await check(plan(readModels(), positionals, values), workers, trace);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    console.error(`model: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

await runTool({ args: process.argv.slice(2), usage, run });
