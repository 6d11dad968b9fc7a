/** One breach of one rule. */
export interface Problem {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  /** 1-based; 1 when the whole file is meant. */
  readonly line: number;
  readonly rule: string;
  /** What is wrong and how to mend it. */
  readonly message: string;
}

/** Orders by place, so that the same tree always gives the same list. */
export function compareProblems(a: Problem, b: Problem): number {
  return (
    compareText(a.path, b.path) ||
    a.line - b.line ||
    compareText(a.rule, b.rule) ||
    compareText(a.message, b.message)
  );
}

export function formatProblem(problem: Problem): string {
  return `${problem.path}:${problem.line}: ${problem.rule}: ${problem.message}`;
}

/** By code units, so that no locale changes the order. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
