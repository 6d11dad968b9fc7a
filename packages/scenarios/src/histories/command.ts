import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MalformedLine, parseJepsenLog, type RegisterOperation } from './jepsen-log.ts';
import { judge } from './judge.ts';
import { parseVerdicts } from './verdicts.ts';

const verdictsFile = 'verdicts.tsv';
const defaultSteps = 2_000_000;

const usage = `Checks recorded histories of a compare-and-set register for linearizability.

  npm run -s histories -- DIR             every *.log in DIR, compared with DIR/${verdictsFile}
  npm run -s histories -- DIR --explain   and why those that are not linearizable are not

  --steps N   give a history up as unknown after N configurations (default ${defaultSteps})

A log that cannot be read counts as failed, and the others are checked.
Exit status: 0 all as expected, 1 some not, 2 usage, or no logs, or verdicts are missing.`;

/** The message says what cannot be read and why. Of a log it is a failure; else it ends the run. */
class Unreadable extends Error {}

interface Options {
  readonly directory: string;
  readonly explain: boolean;
  readonly steps: number;
}

/** Where the command writes: lines of text, without their ends. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** @returns the exit status */
export function runHistories(args: readonly string[], output: Output): number {
  let options: Options | null;
  try {
    options = parse(args);
  } catch (error) {
    output.err(`${usage}\n\n${reason(error)}`);
    return 2;
  }
  if (options === null) {
    output.out(usage);
    return 0;
  }
  try {
    return checkAll(options, output);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    output.err(error.message);
    return 2;
  }
}

/** @returns null: help is wanted */
function parse(args: readonly string[]): Options | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      explain: { type: 'boolean', default: false },
      steps: { type: 'string', default: String(defaultSteps) },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const [directory, ...others] = positionals;
  if (directory === undefined || others.length > 0) throw new Error('give one directory');
  const steps = Number(values.steps);
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new Error(`--steps takes a whole number from 1, not ${values.steps}`);
  }
  return { directory, explain: values.explain, steps };
}

function checkAll(options: Options, { out, err }: Output): number {
  const { directory } = options;
  const files = list(directory).filter((name) => name.endsWith('.log'));
  const verdictsPath = join(directory, verdictsFile);
  const verdicts = parseFile(verdictsPath, parseVerdicts);
  if (files.length === 0) throw new Unreadable(`${directory}: there is no *.log`);
  let failed = 0;
  for (const file of files.sort()) {
    if (!checkOne(file, verdicts.get(file), options, out)) failed += 1;
  }
  const missing = files.filter((file) => !verdicts.has(file));
  for (const file of missing) err(`${verdictsPath}: no row for ${file}`);
  out(`${files.length - failed} passed, ${failed} failed`);
  if (missing.length > 0) return 2;
  return failed > 0 ? 1 : 0;
}

/** @returns whether it is as expected */
function checkOne(
  file: string,
  verdict: boolean | undefined,
  { directory, explain, steps }: Options,
  out: Output['out'],
): boolean {
  let operations: readonly RegisterOperation[];
  try {
    operations = parseFile(join(directory, file), parseJepsenLog);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    out(`${error.message} FAILED`);
    return false;
  }
  const startedMs = performance.now();
  const { passed, text, explanation } = judge(operations, verdict, steps, explain);
  const tookMs = (performance.now() - startedMs).toFixed(1);
  out(`${file}: ${text}, ${operations.length} operations, ${tookMs} ms${passed ? '' : ' FAILED'}`);
  if (explanation !== null) out(explanation.replaceAll(/^/gm, '  '));
  return passed;
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw new Unreadable(`${directory}: ${reason(error)}`);
  }
}

function parseFile<Content>(path: string, parseText: (text: string) => Content): Content {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Unreadable(`${path}: ${reason(error)}`);
  }
  try {
    return parseText(text);
  } catch (error) {
    if (!(error instanceof MalformedLine)) throw error;
    throw new Unreadable(`${path}:${error.line}: ${error.message}`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
