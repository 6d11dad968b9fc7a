import type { AppliedEntry } from '@quorate/base';
import {
  isMachineError,
  isThenable,
  MachineError,
  machineAsync,
  machineThrew,
  rangeOf,
} from './machine-error.ts';

/**
 * @param results what `apply` gave for `entries`, whatever its type says
 * @throws MachineError RUNTIME_MACHINE_ASYNC, RUNTIME_MACHINE_MISCOUNTED
 */
export function checkResults(entries: readonly AppliedEntry[], results: unknown): void {
  if (isThenable(results)) throw machineAsync('apply', onlyIndex(entries), results);
  if (!Array.isArray(results) || results.length !== entries.length)
    throw miscounted(entries, results);
  for (let at = 0; at < entries.length; at++) {
    const result: unknown = results[at];
    if (typeof result === 'object' && isThenable(result))
      throw machineAsync('apply', (entries[at] as AppliedEntry).index, result);
  }
}

/** @returns what to tell of an exception out of `apply` */
export function applyFailed(entries: readonly AppliedEntry[], error: unknown): MachineError {
  if (isMachineError(error)) return error;
  return machineThrew('apply', rangeOf(entries), onlyIndex(entries), error);
}

function onlyIndex(entries: readonly AppliedEntry[]): number | null {
  return entries.length === 1 ? (entries[0] as AppliedEntry).index : null;
}

function miscounted(entries: readonly AppliedEntry[], results: unknown): MachineError {
  const { firstIndex, lastIndex } = rangeOf(entries);
  const count = Array.isArray(results) ? results.length : 0;
  const given = Array.isArray(results) ? `${count} results` : 'no array of results';
  return new MachineError(
    'RUNTIME_MACHINE_MISCOUNTED',
    `the state machine's apply gave ${given} for ${entries.length} entries ` +
      `(${firstIndex} to ${lastIndex}); give one result an entry, in their order`,
    { firstIndex, lastIndex, entries: entries.length, results: count },
  );
}
