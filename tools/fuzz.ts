// Throws damaged inputs at a decoder: `npm run fuzz -- NAME SEED [--inputs N] [--seconds N]`.
// docs/guides/fuzzing.md tells more. Exit 1 on a finding, 2 on wrong usage or an unreadable file.
import { parseArgs } from 'node:util';
import { keepInput, readCorpus, readInput } from './fuzz/corpus.ts';
import { realEnvironment } from './fuzz/environment.ts';
import type { Finding } from './fuzz/finding.ts';
import type { RunLimits } from './fuzz/fuzz-worker.ts';
import { Judge } from './fuzz/judge.ts';
import { corpusFolder, findFuzzers, loadFuzzer } from './fuzz/registry.ts';
import type { FuzzReport } from './fuzz/session.ts';
import { runWatched } from './fuzz/watched-run.ts';
import { readWholeNumber, runTool, UsageError } from './run/run-tool.ts';

const USAGE = `usage: npm run fuzz -- NAME SEED [--inputs N] [--seconds N] [--keep]
       npm run fuzz -- all SEED [--inputs N] [--seconds N] [--keep]
       npm run fuzz -- smoke [SEED]
       npm run fuzz -- NAME --replay FILE...
       npm run fuzz -- --list`;
const OPTIONS = {
  list: { type: 'boolean', default: false },
  inputs: { type: 'string' },
  seconds: { type: 'string' },
  keep: { type: 'boolean', default: false },
  replay: { type: 'boolean', default: false },
} as const;
const defaultSeconds = 10;
const smokeSeconds = 2;
/** A corpus is replayed by every `npm test`. */
const maxKeptInputs = 50;

interface Choice extends RunLimits {
  readonly names: readonly string[];
  readonly seed: number;
  readonly keep: boolean;
}

const fuzzers = findFuzzers();

/** @throws UsageError that says which word makes no sense */
function choose(positionals: readonly string[], inputs?: string, seconds?: string) {
  const [name, seedText, surplus] = positionals;
  const isSmoke = name === 'smoke';
  const isAll = isSmoke || name === 'all';
  if (name === undefined) throw new UsageError('give the name of a fuzzer, and a seed');
  if (!isAll) pathOf(name);
  if (surplus !== undefined) throw new UsageError(`there is nothing behind the seed, '${surplus}'`);
  if (seedText === undefined && !isSmoke) throw new UsageError(`give a seed: ${name} 1`);
  const unbounded = inputs === undefined ? defaultSeconds : Number.POSITIVE_INFINITY;
  const wanted = seconds === undefined ? unbounded : readWholeNumber('--seconds', seconds);
  return {
    names: isAll ? [...fuzzers.keys()] : [name],
    seed: readWholeNumber('the seed', seedText ?? '1'),
    inputs: inputs === undefined ? Number.POSITIVE_INFINITY : readWholeNumber('--inputs', inputs),
    seconds: isSmoke && seconds === undefined ? smokeSeconds : wanted,
  };
}

/** @throws UsageError when there is no fuzzer of that name */
function pathOf(name: string): string {
  const path = fuzzers.get(name);
  if (path === undefined) throw new UsageError(`there is no fuzzer '${name}'`);
  return path;
}

/** @throws UsageError that says which file cannot be read, and why */
function readReplayed(file: string): Uint8Array {
  try {
    return readInput(file);
  } catch (error) {
    throw new UsageError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function list(): Promise<void> {
  for (const [name, path] of fuzzers) {
    const { about } = await loadFuzzer(path);
    console.log(`${name.padEnd(22)}${about}`);
  }
}

/** @returns how many of the files are findings */
async function replay(name: string, files: readonly string[]): Promise<number> {
  const path = pathOf(name);
  const inputs = files.map((file) => [file, readReplayed(file)] as const);
  const judge = new Judge(await loadFuzzer(path), realEnvironment());
  let findings = 0;
  for (const [file, input] of inputs) {
    const { outcome, fault, elapsedMs } = judge.judge(input, false);
    const verdict = outcome === null ? '' : outcome.accepted ? 'accepted: ' : 'rejected: ';
    const said = fault === null ? verdict + (outcome?.behaviour ?? '') : `FOUND ${fault.detail}`;
    console.log(`${file}: ${said} (${elapsedMs.toFixed(1)} ms)`);
    if (fault !== null) findings += 1;
  }
  console.log(JSON.stringify({ fuzz: name, replayed: files.length, findings }));
  return findings;
}

function summary(name: string, seed: number, report: FuzzReport): string {
  const { inputs, accepted, rejected, findings, behaviours, inputsPerSecond } = report;
  const peak = `${Math.ceil(report.peakHeapBytes / 2 ** 20)} MiB`;
  return (
    `${name} ${seed}: ${inputs} inputs, ${accepted} accepted, ${rejected} rejected, ` +
    `${behaviours} behaviours, ${findings} findings, ${inputsPerSecond}/s, ` +
    `slowest ${report.slowestMs.toFixed(1)} ms, peak heap ${peak}`
  );
}

async function runOne(name: string, choice: Choice, isAlone: boolean): Promise<FuzzReport> {
  const path = pathOf(name);
  const { isCanary = false } = await loadFuzzer(path);
  const folder = corpusFolder(name, path);
  const found = ({ title, detail, input }: Finding): void => {
    const hex = Buffer.from(input.subarray(0, 64)).toString('hex');
    console.error(`${name}: ${title}\n${detail}\n${input.length} bytes, beginning with ${hex}`);
    if (!isCanary) console.error(`kept as ${keepInput(folder, title, input)}`);
  };
  let room = maxKeptInputs - readCorpus(folder).length;
  const learnt = (behaviour: string, input: Uint8Array): void => {
    if (room-- > 0) keepInput(folder, behaviour, input);
  };
  const { inputs, seconds, seed } = choice;
  const keep = choice.keep && !isCanary ? { learnt } : {};
  const report = await runWatched({ name, path, seed, inputs, seconds, found, ...keep });
  if (!isAlone) console.log(summary(name, seed, report));
  return report;
}

/** @returns how many findings there were */
async function runAll(choice: Choice): Promise<number> {
  const isAlone = choice.names.length === 1;
  const reports: Record<string, FuzzReport> = {};
  for (const name of choice.names) {
    const { isCanary = false } = await loadFuzzer(pathOf(name));
    if (isAlone || !isCanary) reports[name] = await runOne(name, choice, isAlone);
  }
  const all = Object.entries(reports);
  const sum = (field: keyof FuzzReport): number =>
    all.reduce((total, [, report]) => total + report[field], 0);
  if (isAlone) for (const [name, report] of all) console.log(summary(name, choice.seed, report));
  console.log(
    JSON.stringify({
      fuzz: isAlone ? choice.names[0] : 'all',
      seed: choice.seed,
      inputs: sum('inputs'),
      accepted: sum('accepted'),
      rejected: sum('rejected'),
      findings: sum('findings'),
      inputsPerSecond: Math.round(sum('inputs') / Math.max(sum('seconds'), 0.001)),
      peakHeapBytes: Math.max(...all.map(([, report]) => report.peakHeapBytes)),
    }),
  );
  return sum('findings');
}

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  if (values.list) {
    await list();
    return 0;
  }
  if (!values.replay) {
    const choice = choose(positionals, values.inputs, values.seconds);
    return (await runAll({ ...choice, keep: values.keep })) === 0 ? 0 : 1;
  }
  const [name, ...files] = positionals;
  if (name === undefined || files.length === 0) {
    throw new UsageError('--replay takes the name of a fuzzer, and the files');
  }
  return (await replay(name, files)) === 0 ? 0 : 1;
}

const usage = (): string => `${USAGE}\nnames: ${[...fuzzers.keys()].join(', ')}`;
await runTool({ args: process.argv.slice(2), usage, run });
