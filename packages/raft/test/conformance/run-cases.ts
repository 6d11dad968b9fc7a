import { ConfchangeRun } from './confchange-directives.ts';
import { type Directive, type Malformed, parseCases, quoted } from './parse-cases.ts';
import { runQuorumDirective } from './quorum-directives.ts';

/** Of a directive that prints something else than it must. */
export interface Difference {
  /** 1-based, of the directive. */
  readonly line: number;
  readonly wanted: string;
  readonly got: string;
}

/** What cannot be run is a failure too. */
export type Failure = Difference | Malformed;

export interface CaseFileResult {
  readonly passed: number;
  readonly failures: readonly Failure[];
}

const quorumCommands = ['committed', 'vote'];
const confchangeCommands = ['simple', 'enter-joint', 'leave-joint'];

/** Runs a case file's directives in order, on state of its own. A file without any fails. */
export function runCases(text: string): CaseFileResult {
  const binaryAt = text.indexOf('\0');
  if (binaryAt >= 0) {
    return noCaseFile(text.slice(0, binaryAt).split('\n').length, 'there is a zero byte');
  }
  const directives = parseCases(text);
  const [first] = directives;
  if (first === undefined) return noCaseFile(1, 'there is no directive');
  if (!directives.some((one) => 'command' in one && isKnown(one.command))) {
    return noCaseFile(first.line, 'problem' in first ? first.problem : noCommand(first));
  }
  const run = new ConfchangeRun();
  const failures = directives.map((directive) => runOne(directive, run));
  const failed = failures.filter((failure) => failure !== null);
  return { passed: directives.length - failed.length, failures: failed };
}

function noCaseFile(line: number, why: string): CaseFileResult {
  return { passed: 0, failures: [{ line, problem: `this is no case file: ${why}` }] };
}

function isKnown(command: string): boolean {
  return quorumCommands.includes(command) || confchangeCommands.includes(command);
}

function noCommand({ command }: Directive): string {
  return `there is no command ${quoted(command)}`;
}

function runOne(directive: Directive | Malformed, run: ConfchangeRun): Failure | null {
  if ('problem' in directive) return directive;
  const { line, command, expected } = directive;
  if (!isKnown(command)) return { line, problem: noCommand(directive) };
  const wanted = expected.join('\n');
  const isQuorum = quorumCommands.includes(command);
  const got = isQuorum ? runQuorumDirective(directive) : run.run(directive);
  const matches = command === 'committed' ? lastIndex(expected) === got : wanted === got;
  return matches ? null : { line, wanted, got };
}

/** The index that ends the last line; a drawing may stand before it. */
function lastIndex(expected: readonly string[]): string | null {
  const last = expected.findLast((line) => line !== '') ?? '';
  return /(?:^|[^\d-])(\d+|∞)$/.exec(last)?.[1] ?? null;
}
