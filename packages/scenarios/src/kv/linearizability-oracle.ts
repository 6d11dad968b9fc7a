import {
  checkLinearizability,
  describeViolation,
  explainViolation,
  HistoryRecorder,
  InvariantViolation,
  type KeyValueInput,
  type KeyValueOutput,
  revisedKeyValueModel,
  StepBudget,
} from '@quorate/sim';

/** More cost more than they find: revisions are checked of all operations. */
const maxOperations = 600;
/** A search that needs more is given up, without a verdict. */
const maxSteps = 300_000;

/**
 * Asks whether the first operations of a run could have happened one after another. It trusts
 * nothing that the store says of its own order, beside which `History` checks revisions alone.
 */
export class LinearizabilityOracle {
  readonly #recorder = new HistoryRecorder<KeyValueInput, KeyValueOutput>();
  #operations = 0;
  /** Something happened that was not recorded: what is answered from then on may have seen it. */
  #isFull = false;

  /** @returns null when enough were recorded */
  begin(client: number, input: KeyValueInput): RecordedOperation | null {
    this.#isFull ||= this.#operations === maxOperations;
    if (this.#isFull) return null;
    this.#operations += 1;
    const recorder = this.#recorder;
    const id = recorder.invoke(client, input);
    return {
      answered: (output) => {
        if (!this.#isFull) recorder.ok(id, output);
      },
      refused: () => recorder.fail(id),
    };
  }

  /** @throws InvariantViolation */
  check(): void {
    const history = this.#recorder.history();
    const budget = new StepBudget(maxSteps);
    const verdict = checkLinearizability(revisedKeyValueModel, history, { budget });
    if (verdict.kind !== 'violation') return;
    const { name, history: part } = verdict.part;
    const explanation = explainViolation(revisedKeyValueModel, part);
    const text = describeViolation(revisedKeyValueModel, explanation);
    throw new InvariantViolation('linearizability', `of ${name}: ${text}`);
  }
}

/** What was begun and not closed may have happened, or not. */
export interface RecordedOperation {
  answered(output: KeyValueOutput): void;
  /** It has not happened and never will. */
  refused(): void;
}
