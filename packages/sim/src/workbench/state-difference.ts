import { equalBytes } from '@quorate/base';
import {
  type PreparedMachine,
  prepareMachine,
  restoreFrom,
  snapshotOf,
} from './prepared-machine.ts';
import { shown, textOf } from './shown.ts';
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
  const found = difference(machine.describeSnapshot(one), machine.describeSnapshot(other), 'state');
  return found ?? differenceOfBytes(one, other);
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

function difference(first: unknown, second: unknown, path: string): string | null {
  if (!isObject(first) || !isObject(second) || Array.isArray(first) !== Array.isArray(second)) {
    return textOf(first) === textOf(second)
      ? null
      : `${path} is ${shown(first)} and ${shown(second)}`;
  }
  if (Array.isArray(first) && Array.isArray(second)) {
    for (let at = 0; at < Math.min(first.length, second.length); at++) {
      const found = difference(first[at], second[at], `${path}[${at}]`);
      if (found !== null) return found;
    }
    if (first.length === second.length) return null;
    return `${path} has ${first.length} and ${second.length} elements`;
  }
  return differenceOfFields(first, second, path);
}

function differenceOfFields(first: Fields, second: Fields, path: string): string | null {
  const names = Object.keys(first);
  const namesOfSecond = Object.keys(second);
  for (const name of new Set([...names, ...namesOfSecond])) {
    const at = /^[A-Za-z_$][\w$]{0,40}$/.test(name) ? `${path}.${name}` : `${path}[${shown(name)}]`;
    if (!Object.hasOwn(second, name)) return `${at} is ${shown(first[name])} and not there`;
    if (!Object.hasOwn(first, name)) return `${at} is not there and ${shown(second[name])}`;
    const found = difference(first[name], second[name], at);
    if (found !== null) return found;
  }
  if (names.join() === namesOfSecond.join()) return null;
  return `${path} has its fields in the order ${shown(names)} and ${shown(namesOfSecond)}`;
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
