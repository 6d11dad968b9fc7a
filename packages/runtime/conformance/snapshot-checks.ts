import { concatBytes, type StateMachine } from '@quorate/base';
import { firstDifference } from '../src/machines/first-difference.ts';
import { type Check, type Trial, takes } from './trial.ts';
import { fail } from './unfit.ts';

/** What is found in `snapshot`. */
export const snapshotChecks: readonly Check[] = [
  { name: 'is not changed by a snapshot', run: isUnchanged },
  { name: 'snapshots the moment it was asked', run: isOfItsMoment },
  { name: 'goes on when a snapshot is ended early', run: endsEarly },
];

function isUnchanged(trial: Trial): void {
  const machine = trial.applied(trial.entries());
  const first = trial.snapshotOf(machine);
  const problem = 'two snapshots with no entry between them differ';
  const mend = 'write the state and nothing else, always in the same order';
  trial.requireSameSnapshot(first, trial.snapshotOf(machine), problem, mend);
}

/** Apply goes on before the first chunk is drawn, or after it. */
function isOfItsMoment(trial: Trial): void {
  const entries = trial.entries();
  for (const cut of trial.cuts(entries)) {
    const before = entries.slice(0, cut);
    const expected = trial.snapshotOf(trial.restored(trial.snapshotOf(trial.applied(before))));
    for (const chunksBefore of [1, 0]) {
      const machine = trial.applied(before);
      const drawn = drawWhile(trial, machine, chunksBefore, () =>
        trial.applyInBatches(machine, entries.slice(cut), () => 8),
      );
      const place = chunksBefore === 0 ? 'before its first chunk' : 'after its first chunk';
      const problem =
        `a snapshot as of ${cut} of ${entries.length} entries, with the others applied ` +
        `${place} was drawn`;
      trial.requireSameSnapshot(
        expected,
        trial.snapshotOf(restoredFrom(trial, drawn, problem)),
        `${problem}, holds another state`,
        keepWhatIsNeeded,
      );
    }
  }
}

const keepWhatIsNeeded =
  'what the iterator yields must not see later entries: keep what it needs when snapshot is ' +
  'called, which a generator function does not';

function restoredFrom(trial: Trial, drawn: Uint8Array, problem: string): StateMachine<unknown> {
  const machine = trial.create();
  if (!takes(machine, drawn)) fail(`${problem}, cannot be restored; ${keepWhatIsNeeded}`);
  return machine;
}

/** @returns all bytes, as they were when each chunk was drawn */
function drawWhile(
  trial: Trial,
  machine: StateMachine<unknown>,
  chunksBefore: number,
  goOn: () => void,
): Uint8Array {
  const iterator = trial.begin(machine);
  const chunks: Uint8Array[] = [];
  const copies: Uint8Array[] = [];
  const draw = (): boolean => {
    const next = iterator.next();
    if (next.done === true) return false;
    chunks.push(next.value);
    copies.push(new Uint8Array(next.value));
    return true;
  };
  for (let count = 0; count < chunksBefore; count++) draw();
  goOn();
  for (const [at, chunk] of chunks.entries()) {
    if (firstDifference(copies[at], chunk, 'chunk') === null) continue;
    fail(
      'a chunk of a snapshot changed after it was yielded, while apply went on; ' +
        'yield a copy, for it may still wait to be written',
    );
  }
  while (draw());
  return concatBytes(copies);
}

function endsEarly(trial: Trial): void {
  const entries = trial.entries();
  const undisturbed = trial.create();
  const results = trial.applyInBatches(undisturbed, entries, () => 8);
  const problem = 'a state machine whose snapshots were ended early';
  const mend = 'let go of what an iterator holds in its return(), also before the first next()';
  const machine = trial.create();
  const found: unknown[] = [];
  let last = 0;
  for (const cut of trial.cuts(entries)) {
    found.push(...trial.applyInBatches(machine, entries.slice(last, cut), () => 8));
    last = cut;
    trial.begin(machine).return?.();
    const begun = trial.begin(machine);
    begun.next();
    begun.return?.();
  }
  trial.requireSameResults(results, found, entries, `${problem} answers differently`, mend);
  trial.requireSameState(undisturbed, machine, `${problem} has another state`, mend);
}
