import type { StateMachine } from '@quorate/base';
import { messageOf } from '../src/machines/machine-error.ts';
import { adaptSimple } from '../src/machines/simple-adapter.ts';
import type { SimpleStateMachine } from '../src/machines/simple-state-machine.ts';
import { applyChecks } from './apply-checks.ts';
import { restoreChecks } from './restore-checks.ts';
import { snapshotChecks } from './snapshot-checks.ts';
import { Trial } from './trial.ts';
import { CheckFailed, type StateMachineFailure, StateMachineUnfit } from './unfit.ts';

/** What is common to both forms of a state machine under check. */
interface Subject {
  /** How many commands a run has; 100 by default. */
  readonly count?: number;
  /** One run for each; 1, 2 and 3 by default. */
  readonly seeds?: readonly number[];
  /**
   * Whether equal states have equal snapshots, byte for byte (the default), or are compared only
   * after both have been restored.
   */
  readonly snapshotBytes?: 'equal' | 'mayDiffer';
  /** Names of globals that may be used all the same: `Math.exp`. */
  readonly allowedGlobals?: readonly string[];
}

/** A state machine in the full form, and commands to try it with. */
export interface StateMachineSubject extends Subject {
  /** @returns a new, empty state machine each time */
  readonly create: () => StateMachine<unknown>;
  /**
   * Commands of all kinds, also such as are refused. A few large ones are of use: a snapshot is
   * then more than one chunk.
   *
   * @returns `count` of them, the same ones each time it is asked with the same seed
   */
  readonly commands: (count: number, seed: number) => readonly Uint8Array[];
}

/** A state machine in the simple form, and commands to try it with. */
export interface SimpleStateMachineSubject<Command> extends Subject {
  readonly create: () => SimpleStateMachine<Command, unknown, never, unknown>;
  /** As `StateMachineSubject.commands`. */
  readonly commands: (count: number, seed: number) => readonly Command[];
}

const checks = [...applyChecks, ...snapshotChecks, ...restoreChecks];

/**
 * Holds a state machine to the contract of `StateMachine`: the same results and state on every
 * replica, however the log is cut into batches and wherever a snapshot takes the place of its
 * beginning. Takes a few thousand calls of `apply`, all at once; needs no test framework.
 *
 * ```ts
 * it('can be replicated', () => checkStateMachine({ create: () => new Ledger(), commands }));
 * ```
 *
 * @throws StateMachineUnfit with a sentence for each check that failed: what happened, what to do;
 *   what `commands` throws
 */
export function checkStateMachine(subject: StateMachineSubject): void {
  const { count = 100 } = subject;
  const unusable = firstFailure(subject, 'commands are the same each time', (trial) =>
    trial.requireCommands(count),
  );
  if (unusable !== null) throw new StateMachineUnfit([unusable]);
  const failures: StateMachineFailure[] = [];
  for (const check of checks) {
    const failure = firstFailure(subject, check.name, check.run);
    if (failure !== null) failures.push(failure);
  }
  if (failures.length > 0) throw new StateMachineUnfit(failures);
}

/**
 * As `checkStateMachine`, for the simple form: also that commands, results and state are JSON.
 *
 * @throws StateMachineUnfit
 */
export function checkSimpleStateMachine<Command>(
  subject: SimpleStateMachineSubject<Command>,
): void {
  const { create, commands } = subject;
  checkStateMachine({
    ...subject,
    create: () => adaptSimple(create()),
    commands: (count, seed) => {
      const adapter = adaptSimple(create());
      return commands(count, seed).map((command) => adapter.encodeCommand(command));
    },
  });
}

function firstFailure(
  subject: StateMachineSubject,
  check: string,
  run: (trial: Trial) => void,
): StateMachineFailure | null {
  const { count = 100, seeds = [1, 2, 3] } = subject;
  for (const seed of seeds) {
    // What `commands` throws is no fault of the state machine, and goes out as it is.
    const trial = new Trial(subject, count, seed);
    try {
      run(trial);
    } catch (error) {
      const problem =
        error instanceof CheckFailed ? error.message : `it threw ${messageOf(error)}; mend that`;
      return { check, seed, problem };
    }
  }
  return null;
}
