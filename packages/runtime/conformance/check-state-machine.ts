import type { StateMachine } from '@quorate/base';
import { firstDifference } from '../src/machines/first-difference.ts';
import { messageOf } from '../src/machines/machine-error.ts';
import { adaptSimple } from '../src/machines/simple-adapter.ts';
import type { SimpleStateMachine } from '../src/machines/simple-state-machine.ts';
import { drain } from '../src/machines/snapshot-bytes.ts';
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
  /**
   * Queries of all kinds, for a state machine that has `query`: it must leave the state as it is.
   * Left out: it is not asked.
   */
  readonly queries?: readonly unknown[];
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
  const changing = queryThatChanges(subject);
  if (changing !== null) throw new StateMachineUnfit([changing]);
  checkStateMachine({
    ...subject,
    create: () => adaptSimple(create()),
    commands: (count, seed) => {
      const adapter = adaptSimple(create());
      return commands(count, seed).map((command) => adapter.encodeCommand(command));
    },
  });
}

function queryThatChanges<Command>({
  create,
  commands,
  queries = [],
  count = 100,
}: SimpleStateMachineSubject<Command>): StateMachineFailure | null {
  if (queries.length === 0) return null;
  const check = 'queries leave the state as it is';
  const seed = 1;
  const machine = adaptSimple(create());
  const stateOf = (): unknown => machine.describeSnapshot(drain(machine.snapshot()));
  for (const [at, command] of commands(count, seed).entries()) {
    const entry = { index: at + 1, term: 1, timestampMicros: 1_000_000 * (at + 1) };
    machine.apply([{ ...entry, command: machine.encodeCommand(command) }]);
  }
  for (const query of queries) {
    const before = stateOf();
    machine.query(query as never);
    const found = firstDifference(before, stateOf(), 'state');
    if (found === null) continue;
    const problem =
      `query(${JSON.stringify(query)}) changed the state: ${found.path} was ${found.first} and ` +
      `is ${found.second}; a query runs on one replica alone, so copy what you change`;
    return { check, seed, problem };
  }
  return null;
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
