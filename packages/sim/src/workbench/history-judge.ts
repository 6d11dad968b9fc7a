import { InvariantViolation } from '../invariants/invariant.ts';
import { StepBudget } from '../linearizability/budget.ts';
import { checkLinearizability } from '../linearizability/check.ts';
import { describeViolation } from '../linearizability/describe-violation.ts';
import { explainViolation } from '../linearizability/explain.ts';
import { HistoryRecorder } from '../linearizability/history-recorder.ts';
import type { WorkInput, WorkModel, WorkOutput } from './specification.ts';

/** More cost more than they find: the order of the log is checked of all operations. */
const maxOperations = 400;
/** A search that needs more is given up, without a verdict. */
const maxSteps = 50_000;

type Input = WorkInput<unknown, unknown>;
type Output = WorkOutput<unknown, unknown>;

/** What was begun and not closed may have happened, or not. */
export interface JudgedOperation {
  answered(output: Output): void;
  /** It has not happened and never will. */
  refused(): void;
}

/** A violation, with the virtual time at which a client saw it. */
export interface SeenViolation {
  readonly violation: InvariantViolation;
  readonly atMs: number;
}

/**
 * Asks whether the first operations of a run could have happened one after another as the user's
 * model says. It trusts nothing that the log says of their order.
 */
export class HistoryJudge {
  readonly #model: WorkModel;
  readonly #nowMs: () => number;
  readonly #recorder = new HistoryRecorder<Input, Output>();
  /** Virtual times of the history's positions. */
  readonly #timesMs: number[] = [];
  #operations = 0;
  /** Something happened that was not recorded: what is answered from then on may have seen it. */
  #isFull = false;

  constructor(model: WorkModel, nowMs: () => number) {
    this.#model = model;
    this.#nowMs = nowMs;
  }

  /** @returns null when enough were recorded */
  begin(client: number, input: Input): JudgedOperation | null {
    this.#isFull ||= this.#operations === maxOperations;
    if (this.#isFull) return null;
    this.#operations += 1;
    const recorder = this.#recorder;
    const id = recorder.invoke(client, input);
    this.#timesMs.push(this.#nowMs());
    return {
      answered: (output) => {
        if (this.#isFull) return;
        recorder.ok(id, output);
        this.#timesMs.push(this.#nowMs());
      },
      refused: () => recorder.fail(id),
    };
  }

  judge(): SeenViolation | 'linearizable' | 'undecided' {
    const model = this.#model;
    const budget = new StepBudget(maxSteps);
    const verdict = checkLinearizability(model, this.#recorder.history(), { budget });
    if (verdict.kind === 'unknown') return 'undecided';
    if (verdict.kind === 'linearizable') return 'linearizable';
    const explanation = explainViolation(model, verdict.part.history);
    const text = describeViolation(model, explanation, { unit: 'position' });
    const { returnAt } = explanation.operation;
    return {
      violation: new InvariantViolation('linearizability', `of ${verdict.part.name}: ${text}`),
      atMs: this.#timesMs[returnAt] ?? this.#nowMs(),
    };
  }
}
