import { ConfchangeRun } from './confchange-directives.ts';
import { type Directive, type Malformed, parseCases } from './parse-cases.ts';
import { runQuorumDirective } from './quorum-directives.ts';

export interface Failure {
  /** 1-based, of the directive. */
  readonly line: number;
  readonly wanted: string;
  readonly got: string;
}

export interface CaseFileResult {
  readonly passed: number;
  readonly failures: readonly Failure[];
}

const quorumCommands = ['committed', 'vote'];
const confchangeCommands = ['simple', 'enter-joint', 'leave-joint'];

/** Runs a case file's directives in order, on state of its own. A file without any fails. */
export function runCases(text: string): CaseFileResult {
  const directives = parseCases(text);
  const run = new ConfchangeRun();
  const failures: Failure[] = [];
  for (const directive of directives) {
    const failure = runOne(directive, run);
    if (failure !== null) failures.push({ line: directive.line, ...failure });
  }
  if (directives.length === 0) {
    return { passed: 0, failures: [{ line: 1, wanted: 'a directive', got: 'none' }] };
  }
  return { passed: directives.length - failures.length, failures };
}

function runOne(
  directive: Directive | Malformed,
  run: ConfchangeRun,
): Omit<Failure, 'line'> | null {
  if ('problem' in directive) return { wanted: 'a directive', got: directive.problem };
  const wanted = directive.expected.join('\n');
  const isQuorum = quorumCommands.includes(directive.command);
  if (!isQuorum && !confchangeCommands.includes(directive.command)) {
    return { wanted, got: `error: there is no command '${directive.command}'` };
  }
  const got = isQuorum ? runQuorumDirective(directive) : run.run(directive);
  const matches =
    directive.command === 'committed' ? lastIndex(directive.expected) === got : wanted === got;
  return matches ? null : { wanted, got };
}

/** The index that ends the last line; a drawing may stand before it. */
function lastIndex(expected: readonly string[]): string | null {
  const last = expected.findLast((line) => line !== '') ?? '';
  return /(?:^|[^\d-])(\d+|∞)$/.exec(last)?.[1] ?? null;
}
