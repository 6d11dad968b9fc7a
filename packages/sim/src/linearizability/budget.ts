import { assert } from '@quorate/base';

/**
 * How much work a check may be. Searching costs exponential time in bad cases; when the budget is
 * used up the verdict is 'unknown', never a guess.
 */
export interface Budget {
  /** Asked before each step of the search. False: stop. Once false, false for ever. */
  take(): boolean;
}

/** Allows a number of steps: the same verdict on every machine. */
export class StepBudget implements Budget {
  readonly limit: number;
  #taken = 0;

  /** @param limit steps; one is a configuration: some operations placed, and a state */
  constructor(limit: number) {
    assert(limit >= 0, 'a budget is not negative');
    this.limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  take(): boolean {
    if (this.#taken >= this.limit) return false;
    this.#taken += 1;
    return true;
  }
}

/** Some steps of another budget. */
export class PartOfBudget implements Budget {
  readonly #whole: Budget;
  readonly #part: StepBudget;

  constructor(whole: Budget, limit: number) {
    this.#whole = whole;
    this.#part = new StepBudget(limit);
  }

  take(): boolean {
    return this.#part.take() && this.#whole.take();
  }
}
