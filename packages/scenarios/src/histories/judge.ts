import {
  casRegister,
  checkLinearizability,
  describeViolation,
  explainViolation,
  StepBudget,
} from '@quorate/sim';
import type { RegisterOperation } from './jepsen-log.ts';

export interface Judgement {
  readonly passed: boolean;
  /** What was found, in two words, and what was expected when that is something else. */
  readonly text: string;
  /** Why it is not linearizable; null: it is, or nobody wants to know. */
  readonly explanation: string | null;
}

/**
 * Checks one history and compares with the verdict it should have.
 *
 * @param expected undefined: there is no verdict for it, which is a failure
 * @param always explain a violation also when it was expected
 */
export function judge(
  operations: readonly RegisterOperation[],
  expected: boolean | undefined,
  steps: number,
  always: boolean,
): Judgement {
  const verdict = checkLinearizability(casRegister, operations, { budget: new StepBudget(steps) });
  const found = {
    linearizable: 'linearizable',
    violation: 'not linearizable',
    unknown: `unknown after ${steps} steps`,
  }[verdict.kind];
  const passed = verdict.kind !== 'unknown' && (verdict.kind === 'linearizable') === expected;
  const wanted = expected === true ? 'linearizable' : 'not linearizable';
  const difference = expected === undefined ? 'no verdict given' : `expected: ${wanted}`;
  let explanation: string | null = null;
  if (verdict.kind === 'violation' && (always || !passed)) {
    const budget = new StepBudget(steps);
    const why = explainViolation(casRegister, verdict.part.history, { budget });
    explanation = describeViolation(casRegister, why, { unit: 'line' });
  }
  return { passed, text: passed ? found : `${found}, ${difference}`, explanation };
}
