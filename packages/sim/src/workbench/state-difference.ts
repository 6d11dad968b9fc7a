import { equalBytes } from '@quorate/base';
import { firstDifference } from '@quorate/runtime';
import {
  type PreparedMachine,
  prepareMachine,
  restoreFrom,
  snapshotOf,
} from './prepared-machine.ts';
import type { Subject } from './subject.ts';

/**
 * How the states that two snapshots hold differ, as `PATH is A and B`; null when they do not. Order
 * counts, that of fields too: the next snapshot shows it.
 */
export function stateDifference(
  { create, snapshotBytes }: Pick<Subject, 'create' | 'snapshotBytes'>,
  first: Uint8Array,
  second: Uint8Array,
): string | null {
  if (equalBytes(first, second)) return null;
  const fresh = (): PreparedMachine => prepareMachine(create());
  let [one, other] = [first, second];
  if (snapshotBytes === 'mayDiffer') {
    [one, other] = [redrawn(fresh(), first), redrawn(fresh(), second)];
    if (equalBytes(one, other)) return null;
  }
  const machine = fresh();
  if (machine.describeSnapshot === undefined) return differenceOfBytes(one, other);
  const [ofOne, ofOther] = [machine.describeSnapshot(one), machine.describeSnapshot(other)];
  const found = firstDifference(ofOne, ofOther, 'state');
  if (found === null) return differenceOfBytes(one, other);
  return `${found.path} is ${found.first} and ${found.second}`;
}

function redrawn(machine: PreparedMachine, bytes: Uint8Array): Uint8Array {
  restoreFrom(machine, bytes);
  return snapshotOf(machine);
}

function differenceOfBytes(first: Uint8Array, second: Uint8Array): string {
  let at = 0;
  while (at < first.length && first[at] === second[at]) at++;
  const what = `the snapshot, ${first.length} and ${second.length} bytes long, at byte ${at}`;
  return `${what} is ${first[at] ?? 'over'} and ${second[at] ?? 'over'}`;
}
