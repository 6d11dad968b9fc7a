import type { LogModel, ModelGroup } from './log-model.ts';

/**
 * @param path where the values stand, for the sentence
 * @returns where and how what was found differs from what was written; null when it does not
 */
function firstDifference(found: unknown, written: unknown, path: string): string | null {
  if (found instanceof Uint8Array && written instanceof Uint8Array) {
    return differenceOfBytes(found, written, path);
  }
  if (!isComposite(found) || !isComposite(written)) {
    return Object.is(found, written) ? null : `${path} is ${say(found)}, written ${say(written)}`;
  }
  if (Array.isArray(found) && Array.isArray(written) && found.length !== written.length) {
    return `${path} has ${found.length} elements, written were ${written.length}`;
  }
  for (const key of new Set([...Object.keys(written), ...Object.keys(found)])) {
    const at = Array.isArray(written) ? `${path}[${key}]` : `${path}.${key}`;
    const difference = firstDifference(found[key], written[key], at);
    if (difference !== null) return difference;
  }
  return null;
}

/** @returns as `firstDifference`; groups of which nothing was ever written do not count */
export function differenceOfLogs(found: LogModel, written: LogModel): string | null {
  for (const group of new Set([...written.keys(), ...found.keys()])) {
    const [here, there] = [found.get(group), written.get(group)];
    if (isUntouched(here) && isUntouched(there)) continue;
    if (here === undefined) return `group ${group} is not there`;
    if (there === undefined) return `group ${group} is there, and nothing was written to it`;
    const difference = differenceOfEntries(here, there) ?? firstDifference(here, there, 'it');
    if (difference !== null) return `of group ${group} ${difference.replace(/^it\./, '')}`;
  }
  return null;
}

/** Which indexes are there says more than how the first of them differs. */
function differenceOfEntries(found: ModelGroup, written: ModelGroup): string | null {
  const here = found.entries.map(({ index }) => index);
  const there = written.entries.map(({ index }) => index);
  if (here.length === there.length && here.every((index, at) => index === there[at])) return null;
  return `the entries are ${range(here)}, written were ${range(there)}`;
}

function range(indexes: readonly number[]): string {
  const [first, last] = [indexes[0], indexes.at(-1)];
  if (first === undefined || last === undefined) return 'none';
  const isWhole = indexes.every((index, at) => index === first + at);
  return isWhole ? `${first} to ${last}` : indexes.slice(0, 20).join(', ');
}

function isUntouched(state: ModelGroup | undefined): boolean {
  if (state === undefined) return true;
  const { hardState, snapshot, logStart, entries } = state;
  const isVoid = hardState.term === 0 && hardState.votedFor === 0 && hardState.commitIndex === 0;
  return isVoid && snapshot === null && logStart.index === 0 && entries.length === 0;
}

function differenceOfBytes(found: Uint8Array, written: Uint8Array, path: string): string | null {
  if (found.length !== written.length) {
    return `${path} has ${found.length} bytes, written were ${written.length}`;
  }
  const at = written.findIndex((byte, i) => found[i] !== byte);
  return at < 0 ? null : `${path}[${at}] is ${found[at]}, written ${written[at]}`;
}

function isComposite(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function say(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? `'${value}'` : `${value as number | boolean | null}`;
}
