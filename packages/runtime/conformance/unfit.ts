/** One thing that a state machine does against the contract. */
export interface StateMachineFailure {
  /** Name of the check. */
  readonly check: string;
  /** Of the commands it was found with. */
  readonly seed: number;
  /** What happened, and what to do: one sentence. */
  readonly problem: string;
}

/** A state machine does not keep the contract of `StateMachine`. */
export class StateMachineUnfit extends Error {
  override readonly name = 'StateMachineUnfit';
  readonly failures: readonly StateMachineFailure[];

  constructor(failures: readonly StateMachineFailure[]) {
    const lines = failures.map(
      ({ check, seed, problem }) => `- ${check} (seed ${seed}): ${problem}`,
    );
    super(`the state machine cannot be replicated as it is:\n${lines.join('\n')}`);
    this.failures = failures;
  }
}

/** Ends one check. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

export function fail(problem: string): never {
  throw new CheckFailed(problem);
}
