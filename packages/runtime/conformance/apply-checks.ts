import { type AppliedEntry, type Prng, toHex } from '@quorate/base';
import { impure } from '../src/machines/divergence.ts';
import { firstDifference } from '../src/machines/first-difference.ts';
import { messageOf } from '../src/machines/machine-error.ts';
import { over } from '../src/machines/tripwires.ts';
import { globalTripwires } from './global-tripwires.ts';
import type { Check, Trial } from './trial.ts';
import { CheckFailed, fail } from './unfit.ts';

/** What is found in `apply` alone. */
export const applyChecks: readonly Check[] = [
  { name: 'answers every command at once', run: answers },
  { name: 'leaves commands as they are', run: leavesCommands },
  { name: 'uses nothing but its input', run: usesNothingElse },
  { name: 'is the same on every replica', run: isDeterministic },
  { name: 'does not depend on batches', run: isIndependentOfBatches },
  { name: 'gives results that stay as they are', run: resultsStay },
  { name: 'answers commands that are none', run: answersJunk },
];

function answers(trial: Trial): void {
  trial.applied(trial.entries());
}

function leavesCommands(trial: Trial): void {
  const entries = trial.entries();
  trial.applied(entries);
  for (const [at, { index, command }] of trial.entries().entries()) {
    const found = firstDifference(command, entries[at]?.command, 'command');
    if (found === null) continue;
    fail(
      `apply changed the command of entry ${index}: ${found.path} was ${found.first} and is ` +
        `${found.second}; copy the bytes before you change them, for the log holds them too`,
    );
  }
}

function usesNothingElse(trial: Trial): void {
  const { allowedGlobals = [] } = trial.subject;
  const tripwires = globalTripwires({ allowed: allowedGlobals });
  const machine = trial.create();
  for (const entry of trial.entries()) {
    const used = (names: readonly string[]): never => fail(impure(entry.index, names).message);
    over(tripwires, used, () => trial.apply(machine, [entry]));
  }
  const used = (names: readonly string[]): never =>
    fail(`snapshot used ${names.join(', ')}; write nothing but the state`);
  over(tripwires, used, () => trial.snapshotOf(machine));
}

function isDeterministic(trial: Trial): void {
  const [first, second] = [trial.create(), trial.create()];
  const entries = trial.entries();
  const results = trial.applyInBatches(first, entries, () => 8);
  const resultsOfSecond = trial.applyInBatches(second, entries, () => 8);
  const mend =
    'look for a clock, randomness, variables outside of the state machine, and anything ' +
    'that is read from its surroundings';
  const problem = 'two copies that applied the same entries in the same batches';
  trial.requireSameResults(results, resultsOfSecond, entries, `${problem} answered`, mend);
  trial.requireSameState(first, second, `${problem} have parted`, mend);
}

function isIndependentOfBatches(trial: Trial): void {
  const entries = trial.entries();
  const prng = trial.prng(1);
  const ways: readonly [string, () => number][] = [
    ['all in one batch', () => entries.length],
    ['in batches of several sizes', () => 1 + prng.below(12)],
  ];
  const one = trial.create();
  const results = trial.applyInBatches(one, entries, () => 1);
  const mend =
    'leader and followers cut the log differently: answer and change by each command alone, ' +
    'and keep nothing for the length of a batch';
  for (const [way, batchEntries] of ways) {
    const other = trial.create();
    const others = trial.applyInBatches(other, entries, batchEntries);
    const problem = `copies that were given the entries one by one and ${way}`;
    trial.requireSameResults(results, others, entries, `${problem} answered differently`, mend);
    trial.requireSameState(one, other, `${problem} have parted`, mend);
  }
}

function resultsStay(trial: Trial): void {
  const entries = trial.entries();
  const machine = trial.create();
  const given: unknown[] = [];
  const copies: unknown[] = [];
  for (const entry of entries) {
    const [result] = trial.apply(machine, [entry]);
    given.push(result);
    copies.push(copyOf(result));
  }
  trial.requireSameResults(
    copies,
    given.map(copyOf),
    entries,
    'a result changed as later entries were applied',
    'give a copy of what goes on changing: a result is sent, and kept by sessions, later',
  );
}

/** What cannot be copied is not compared. */
function copyOf(result: unknown): unknown {
  try {
    return structuredClone(result);
  } catch {
    return null;
  }
}

function answersJunk(trial: Trial): void {
  const entries = trial.entries();
  const machine = trial.applied(entries);
  const junk = junkEntries(trial, entries);
  for (const entry of junk) {
    try {
      trial.apply(machine, [entry]);
    } catch (error) {
      const bytes = toHex(entry.command.subarray(0, 12));
      const { length } = entry.command;
      const shown = length === 0 ? 'an empty command' : `a command of ${length} bytes (${bytes})`;
      const said = error instanceof CheckFailed ? error.message : messageOf(error);
      fail(
        `${shown} that is none stops it, as it would stop every replica: ${said}; answer it by ` +
          'a result that says that it was refused; in the simple form, throw from checkCommand',
      );
    }
  }
  const again = trial.applied(entries);
  trial.applyInBatches(again, junk, () => 5);
  const problem = 'two copies have parted after commands that are none';
  trial.requireSameState(machine, again, problem, 'refuse them before anything is changed');
}

/** Beginnings of commands, commands with a flipped bit, and bytes at random. */
function junkEntries(trial: Trial, entries: readonly AppliedEntry[]): readonly AppliedEntry[] {
  const prng = trial.prng(2);
  const commands: Uint8Array[] = [new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(0xff)];
  for (const { command } of entries.slice(0, 20)) {
    commands.push(command.slice(0, prng.below(command.length + 1)), flipped(command, prng));
    commands.push(Uint8Array.from({ length: prng.below(40) }, () => prng.below(256)));
  }
  return trial.entriesOf(commands, (entries.at(-1)?.index ?? 0) + 1);
}

function flipped(command: Uint8Array, prng: Prng): Uint8Array {
  const copy = command.slice();
  if (copy.length > 0) {
    const at = prng.below(copy.length);
    copy[at] = (copy[at] as number) ^ (1 << prng.below(8));
  }
  return copy;
}
