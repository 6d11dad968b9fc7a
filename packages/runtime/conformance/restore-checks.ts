import { handOver } from '../src/machines/snapshot-bytes.ts';
import { type Check, type Trial, takes } from './trial.ts';
import { fail } from './unfit.ts';

/** What is found in `restore`. */
export const restoreChecks: readonly Check[] = [
  { name: 'goes on from a snapshot as from the log', run: goesOn },
  { name: 'takes chunks wherever they begin', run: takesAnyChunks },
  { name: 'is replaced by a snapshot, whatever it held', run: replacesEverything },
  { name: 'changes nothing before finish', run: waitsForFinish },
  { name: 'refuses an incomplete snapshot', run: refusesIncomplete },
];

function goesOn(trial: Trial): void {
  const entries = trial.entries();
  for (const cut of trial.cuts(entries)) {
    const before = trial.applied(entries.slice(0, cut));
    const restored = trial.restored(trial.snapshotOf(before));
    const problem = `a copy restored from a snapshot as of ${cut} of ${entries.length} entries`;
    const mend = 'write all of the state into the snapshot, and bring all of it back in its order';
    trial.requireSameState(before, restored, `${problem} has another state at once`, mend);
    const rest = entries.slice(cut);
    const results = trial.applyInBatches(before, rest, () => 8);
    const ofRestored = trial.applyInBatches(restored, rest, () => 8);
    trial.requireSameResults(results, ofRestored, rest, `${problem} answers differently`, mend);
    trial.requireSameState(before, restored, `${problem} has parted after the others`, mend);
  }
}

function takesAnyChunks(trial: Trial): void {
  const machine = trial.applied(trial.entries());
  const bytes = trial.snapshotOf(machine);
  for (const chunkBytes of [1, 7, 1000]) {
    // A call for each byte of a large state would take long.
    const size = Math.max(chunkBytes, Math.ceil(bytes.length / 4096));
    const restored = trial.create();
    trial.restoreInto(restored, bytes, size);
    const problem = `a copy restored in chunks of ${size} bytes has another state`;
    const mend = 'chunks may begin anywhere and are overwritten after the call: copy what is kept';
    trial.requireSameState(machine, restored, problem, mend);
  }
}

function replacesEverything(trial: Trial): void {
  const entries = trial.entries();
  const [few, all] = [trial.applied(entries.slice(0, entries.length / 2)), trial.applied(entries)];
  for (const [source, target] of [
    [few, trial.applied(entries)],
    [all, trial.applied(entries.slice(0, entries.length / 2))],
    [trial.create(), trial.applied(entries)],
  ] as const) {
    trial.restoreInto(target, trial.snapshotOf(source));
    const problem = 'a copy that held another state before it was restored has not the same state';
    trial.requireSameState(source, target, problem, 'drop all that was there in finish()');
  }
}

function waitsForFinish(trial: Trial): void {
  const entries = trial.entries();
  const { length } = entries;
  const bytes = trial.snapshotOf(trial.applied(entries));
  const target = trial.applied(entries.slice(0, length / 2));
  const before = trial.snapshotOf(target);
  handOver(target.restore(), bytes, 1000);
  const problem = 'restore changed the state although finish() was not called';
  const mend = 'gather what the chunks say apart from the state, and put it there in finish()';
  trial.requireSameSnapshot(before, trial.snapshotOf(target), problem, mend);
}

function refusesIncomplete(trial: Trial): void {
  const entries = trial.entries();
  const bytes = trial.snapshotOf(trial.applied(entries));
  const { length } = bytes;
  const prng = trial.prng(3);
  const target = trial.applied(entries.slice(0, entries.length / 2));
  const before = trial.snapshotOf(target);
  const lengths = [length - 1, length - 4, length >> 1, 1, 0];
  for (let count = 0; count < 8; count++) lengths.push(prng.below(length + 1));
  for (const cut of lengths) {
    if (cut < 0 || cut >= length) continue;
    if (takes(target, bytes.subarray(0, cut))) {
      fail(
        `restore took ${cut} of the ${length} bytes of a snapshot for a whole one; end ` +
          'snapshots with a mark or a length, and throw from finish() when it is not there',
      );
    }
    const problem = `refusing ${cut} of the ${length} bytes of a snapshot changed the state`;
    const mend = 'change nothing before all of it has been looked at';
    trial.requireSameSnapshot(before, trial.snapshotOf(target), problem, mend);
  }
}
