import { parseArgs } from 'node:util';
import { canaries } from '../canaries/registry.ts';
import { pictures } from '../election/pictures/registry.ts';
import { drawPlan } from '../plan/draw-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { parsePlan } from '../plan/plan-text.ts';
import { type ScenarioName, scenarioNames } from '../scenario-name.ts';

export const usage = `Runs clusters of the real code in virtual time, with faults drawn from a seed.

  npm run sim -- --seeds 200              seeds 1 to 200
  npm run sim -- --seed 42                one seed
  npm run sim -- --seed 42 --trace        and what every node did
  npm run sim -- --seed 42 --shrink       a failing seed, reduced to what it needs to fail
  npm run sim -- --plan 'seed=42;...'     a reduced run, as --shrink printed it
  npm run sim -- --canary NAME            plants a known mistake, which must be caught
  npm run sim -- --canaries               all of them
  npm run sim -- --scenario ledger --seeds 200            books, instead of a key-value store
  npm run sim -- --scenario election --pictures           what an election has to stand
  npm run sim -- --scenario election --picture NAME       one of these, --trace goes with it
  npm run sim -- --scenario election --violate-drift --seeds 200
                                          clocks worse than declared: two leaders are found

  --scenario NAME     ${scenarioNames.join(' or ')} (default kv, or where the canary shows)
  --nodes N           voters (default 3)
  --seeds N           how many seeds (default 1; with --canary or --canaries at most 500)
  --picture NAME      ${pictures.map(({ name }) => name).join('\n                      ')}
  --pictures          all of them, each with as many seeds
  --violate-drift     of the election: overlaps are counted, and must be found
  --seed FIRST        the first seed (default 1)
  --jobs N            processes to share the seeds, or the canaries (default 1)
  --plan TEXT         plays this plan instead of one drawn from a seed
  --shrink            when a run fails, looks for the smallest that fails in the same way
  --shrink-seconds N  for at most so long (default 60)
  --trace [json]      every event, in virtual time, one a line (docs/internals/simulator.md)
  --trace-node N      only of this node, and strikes
  --trace-group N     only turns of this group
  --trace-from MS     only from this virtual time on
  --canary NAME       ${canaries.map(({ name }) => name).join('\n                      ')}
  --runs K            with --canaries: from K different first seeds, and the median (default 1)

Exit status: 0 no violation (with --canaries: all were caught), 1 a violation was found (with
--canary: as it should be), 2 usage, 3 a canary was not caught (with --violate-drift: no two leaders
were found), 4 a canary could not be planted.
`;

export interface SimOptions {
  readonly help: boolean;
  readonly scenario: ScenarioName;
  readonly first: number;
  readonly count: number;
  readonly nodes: number;
  readonly jobs: number;
  readonly plan: Plan | null;
  readonly shrink: boolean;
  readonly shrinkSeconds: number;
  readonly trace: TraceOptions | null;
  readonly canary: string | null;
  readonly canaries: boolean;
  readonly runs: number;
  /** Names; empty: none, seeds are drawn. */
  readonly pictures: readonly string[];
  readonly violateDrift: boolean;
}

export interface TraceOptions {
  readonly format: 'text' | 'json';
  readonly node: number | null;
  readonly group: number | null;
  readonly fromMs: number;
}

/** @throws Error that says which option is wrong */
export function parseOptions(args: readonly string[]): SimOptions {
  const { values } = parseArgs({
    args: joinTraceFormat(args),
    options: {
      scenario: { type: 'string' },
      seed: { type: 'string' },
      seeds: { type: 'string' },
      nodes: { type: 'string', default: '3' },
      jobs: { type: 'string', default: '1' },
      plan: { type: 'string' },
      shrink: { type: 'boolean', default: false },
      'shrink-seconds': { type: 'string', default: '60' },
      trace: { type: 'string' },
      'trace-node': { type: 'string' },
      'trace-group': { type: 'string' },
      'trace-from': { type: 'string' },
      canary: { type: 'string' },
      canaries: { type: 'boolean', default: false },
      runs: { type: 'string', default: '1' },
      picture: { type: 'string' },
      pictures: { type: 'boolean', default: false },
      'violate-drift': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const canary = values.canary ?? null;
  if (canary !== null && !canaries.some(({ name }) => name === canary)) {
    throw new Error(`--canary: there is no canary ${canary}`);
  }
  const plan = values.plan === undefined ? null : readPlan(values.plan);
  if (plan !== null && (values.seed !== undefined || values.seeds !== undefined)) {
    throw new Error('--plan has its own seed: leave --seed and --seeds out');
  }
  const nodes = plan?.nodes ?? wholeNumber('--nodes', values.nodes, 9);
  const scenario = scenarioOf(values.scenario, canary);
  if (scenario !== 'kv' && (plan !== null || values.shrink)) {
    throw new Error('--plan and --shrink are of the kv scenario');
  }
  const played = picturesOf(values.picture, values.pictures, canary);
  const isOfElection = played.length > 0 || values['violate-drift'];
  if (scenario !== 'election' && isOfElection) {
    throw new Error('--picture, --pictures and --violate-drift are of the election scenario');
  }
  const isHunt = canary !== null || values.canaries;
  const defaultCount = isHunt && plan === null && played.length === 0 ? '500' : '1';
  return {
    help: values.help,
    scenario,
    first: wholeNumber('--seed', values.seed ?? '1', Number.MAX_SAFE_INTEGER),
    count: wholeNumber('--seeds', values.seeds ?? defaultCount, 1e9),
    nodes,
    jobs: wholeNumber('--jobs', values.jobs, 64),
    plan,
    shrink: values.shrink,
    shrinkSeconds: wholeNumber('--shrink-seconds', values['shrink-seconds'], 1e6),
    trace: traceOptions(values, plan ?? drawPlan(1, nodes)),
    canary,
    canaries: values.canaries,
    runs: wholeNumber('--runs', values.runs, 1000),
    pictures: played,
    violateDrift: values['violate-drift'],
  };
}

function scenarioOf(given: string | undefined, canary: string | null): ScenarioName {
  const shownIn = canaries.find(({ name }) => name === canary)?.scenario ?? 'kv';
  const scenario = given ?? shownIn;
  const known = scenarioNames.find((name) => name === scenario);
  if (known !== undefined) return known;
  throw new Error(`--scenario takes one of ${scenarioNames.join(', ')}, not ${scenario}`);
}

function picturesOf(
  name: string | undefined,
  isAll: boolean,
  canary: string | null,
): readonly string[] {
  if (isAll) return pictures.map((picture) => picture.name);
  const asked = name ?? canaries.find((one) => one.name === canary)?.picture;
  if (asked === undefined) return [];
  if (pictures.some((picture) => picture.name === asked)) return [asked];
  throw new Error(`--picture: there is no picture ${asked}; --help lists them`);
}

/** `--trace` stands alone, or before its format. */
function joinTraceFormat(args: readonly string[]): string[] {
  const joined: string[] = [];
  args.forEach((arg, position) => {
    const next = args[position + 1];
    const isFormat = (arg === 'json' || arg === 'text') && args[position - 1] === '--trace';
    if (isFormat) return;
    if (arg !== '--trace') joined.push(arg);
    else joined.push(`--trace=${next === 'json' ? 'json' : 'text'}`);
  });
  return joined;
}

/** @param plan what is played, or one that has as many nodes and groups */
function traceOptions(
  values: {
    trace?: string | undefined;
    'trace-node'?: string | undefined;
    'trace-group'?: string | undefined;
    'trace-from'?: string | undefined;
  },
  plan: Plan,
): TraceOptions | null {
  const { trace: format } = values;
  const filters = ['trace-node', 'trace-group', 'trace-from'] as const;
  if (format === undefined) {
    const filter = filters.find((name) => values[name] !== undefined);
    if (filter !== undefined) throw new Error(`--${filter} goes with --trace`);
    return null;
  }
  if (format !== 'text' && format !== 'json') {
    throw new Error(`--trace takes text or json, not ${format}`);
  }
  const from = values['trace-from'] ?? '0';
  if (!/^\d{1,12}$/.test(from)) throw new Error(`--trace-from takes milliseconds, not ${from}`);
  const id = (name: 'trace-node' | 'trace-group', last: number): number | null => {
    const value = values[name];
    return value === undefined ? null : wholeNumber(`--${name}`, value, last);
  };
  const node = id('trace-node', plan.nodes);
  const group = id('trace-group', 1 + plan.idleGroups);
  return { format, node, group, fromMs: Number(from) };
}

function readPlan(text: string): Plan {
  try {
    return parsePlan(text);
  } catch (error) {
    throw new Error(`--plan: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`${option} takes a whole number from 1 to ${max}, not ${text}`);
}
