// Throws damaged inputs at a decoder: `npm run fuzz -- NAME SEED [--inputs N] [--seconds N]`.
// docs/guides/fuzzing.md tells more. Exit 1 on a finding, 2 on wrong usage.
import { parseArgs } from 'node:util';
import { keepInput, readCorpus, readInput } from './fuzz/corpus.ts';
import { realEnvironment } from './fuzz/environment.ts';
import type { Finding } from './fuzz/finding.ts';
import type { RunLimits } from './fuzz/fuzz-worker.ts';
import { Judge } from './fuzz/judge.ts';
import { corpusFolder, findFuzzers, loadFuzzer } from './fuzz/registry.ts';
import type { FuzzReport } from './fuzz/session.ts';
import { runWatched } from './fuzz/watched-run.ts';

const USAGE = `usage: npm run fuzz -- NAME SEED [--inputs N] [--seconds N] [--keep]
       npm run fuzz -- all SEED [--inputs N] [--seconds N] [--keep]
       npm run fuzz -- smoke [SEED]
       npm run fuzz -- NAME --replay FILE...
       npm run fuzz -- --list`;
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

function wholeNumber(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

/** @returns null when the words make no sense */
function choose(positionals: readonly string[], inputs?: string, seconds?: string) {
  const [name = '', seedText] = positionals;
  const isSmoke = name === 'smoke';
  const seed = wholeNumber(seedText ?? (isSmoke ? '1' : undefined));
  const givenInputs = inputs === undefined ? Number.POSITIVE_INFINITY : wholeNumber(inputs);
  const unbounded = inputs === undefined ? defaultSeconds : Number.POSITIVE_INFINITY;
  const givenSeconds = seconds === undefined ? unbounded : wholeNumber(seconds);
  if (![seed, givenInputs, givenSeconds].every((value) => value >= 0)) return null;
  const isAll = isSmoke || name === 'all';
  if (!isAll && !fuzzers.has(name)) return null;
  return {
    names: isAll ? [...fuzzers.keys()] : [name],
    seed,
    inputs: givenInputs,
    seconds: isSmoke && seconds === undefined ? smokeSeconds : givenSeconds,
  };
}

async function list(): Promise<void> {
  for (const [name, path] of fuzzers) {
    const { about } = await loadFuzzer(path);
    console.log(`${name.padEnd(22)}${about}`);
  }
}

/** @returns how many of the files are findings */
async function replay(name: string, files: readonly string[]): Promise<number> {
  const judge = new Judge(await loadFuzzer(fuzzers.get(name) ?? ''), realEnvironment());
  let findings = 0;
  for (const file of files) {
    const { outcome, fault, elapsedMs } = judge.judge(readInput(file), false);
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
  const path = fuzzers.get(name) ?? '';
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
    const { isCanary = false } = await loadFuzzer(fuzzers.get(name) ?? '');
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

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    inputs: { type: 'string' },
    seconds: { type: 'string' },
    keep: { type: 'boolean', default: false },
    replay: { type: 'boolean', default: false },
  },
});
const choice = choose(positionals, values.inputs, values.seconds);
const [first = '', ...files] = positionals;
if (values.list) {
  await list();
} else if (values.replay && fuzzers.has(first) && files.length > 0) {
  process.exitCode = (await replay(first, files)) === 0 ? 0 : 1;
} else if (choice !== null && !values.replay) {
  process.exitCode = (await runAll({ ...choice, keep: values.keep })) === 0 ? 0 : 1;
} else {
  console.error(`${USAGE}\nnames: ${[...fuzzers.keys()].join(', ')}`);
  process.exitCode = 2;
}
