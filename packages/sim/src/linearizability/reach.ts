import type { Problem } from './problem.ts';

/** Wider reaches are not listed; such writes are then never taken for closed. */
const maxReach = 64;

/**
 * For each completed operation that overwrites: which others might see its effect. These are the
 * completed operations that observe its label, or depend on states otherwise, and can come behind
 * it with no other overwriting operation in between.
 */
export interface Reach {
  /** null: it does not overwrite, too many see it, or one of unbounded time might. */
  readonly seenBy: readonly (readonly number[] | null)[];
  /** Behind the event of this rank its effect is overwritten for certain. */
  readonly coveredRanks: readonly number[];
  /** Completed operations that overwrite, by their returns. */
  readonly overwriting: readonly number[];
  /**
   * Completed operations that depend on more of a state than on one label that it must have, by
   * their calls. Not among them are those that must not meet a label which they cannot meet.
   */
  readonly sensitive: readonly number[];
  /** The first call of an open operation that does; Infinity: there is none. */
  readonly openSensitiveRank: number;
}

export function reachOf<State, Input, Output>(problem: Problem<State, Input, Output>): Reach {
  const { completed, callRanks, returnRanks, traits, operations } = problem;
  const call = (operation: number): number => callRanks[operation] as number;
  const end = (operation: number): number => returnRanks[operation] as number;
  const overwriting: number[] = [];
  const unsure: number[] = [];
  const openSensitive: number[] = [];
  for (let operation = 0; operation < operations.length; operation++) {
    const { overwrites, observes } = traits[operation] ?? {};
    if (operation < completed) {
      if (overwrites === true) overwriting.push(operation);
      else if (observes === undefined) unsure.push(operation);
    } else if (overwrites !== true && observes === undefined) {
      openSensitive.push(operation);
    }
  }
  const openSensitiveRank = Math.min(...openSensitive.slice(0, 1).map(call));
  const observerWindows = problem.labels?.observers.map((observers) =>
    windowOf(
      observers.toSorted((a, b) => call(a) - call(b)),
      call,
      end,
    ),
  );
  const coveredAfter = coveredFrom(overwriting, call, end);
  const sensitive = unsure.filter((operation) => mayMeetAvoided(problem, operation, coveredAfter));
  const sensitiveWindow = windowOf(sensitive, call, end);
  const coveredRanks = operations.map((_, operation) => coveredAfter(end(operation)));
  const seenBy = operations.map((_, operation): number[] | null => {
    const { overwrites, writes } = traits[operation] ?? {};
    if (operation >= completed || overwrites !== true || writes === undefined) return null;
    const covered = coveredRanks[operation] as number;
    if (openSensitiveRank < covered) return null;
    const label = problem.labels?.writtenBy[operation] ?? -1;
    const observers = label === -1 ? [] : observerWindows?.[label]?.(call(operation), covered);
    const others = sensitiveWindow(call(operation), covered);
    return observers == null || others === null ? null : [...observers, ...others];
  });
  overwriting.sort((a, b) => end(a) - end(b));
  return { seenBy, coveredRanks, overwriting, sensitive, openSensitiveRank };
}

/**
 * Whether `operation` depends on more than a label that it avoids, or may meet that label behind
 * the write of another. Behind any write the label of the beginning is met no more by itself.
 */
function mayMeetAvoided<State, Input, Output>(
  problem: Problem<State, Input, Output>,
  operation: number,
  coveredAfter: (returned: number) => number,
): boolean {
  const { callRanks, labels, returnRanks, traits } = problem;
  const { avoids } = traits[operation] ?? {};
  if (avoids === undefined || labels === null) return true;
  const called = callRanks[operation] as number;
  const returned = returnRanks[operation] as number;
  for (const writer of labels.writers[labels.numbers.get(avoids) as number] ?? []) {
    if ((callRanks[writer] as number) > returned) return false;
    if (coveredAfter(returnRanks[writer] as number) > called) return true;
  }
  return false;
}

/**
 * @param overwriting by their calls
 * @returns for the rank of a return: the rank by which something called later has overwritten it
 */
function coveredFrom(
  overwriting: readonly number[],
  call: (operation: number) => number,
  end: (operation: number) => number,
): (returned: number) => number {
  const earliestEnd: number[] = Array.from(overwriting, () => Infinity);
  let earliest = Infinity;
  for (let at = overwriting.length - 1; at >= 0; at--) {
    earliest = Math.min(earliest, end(overwriting[at] as number));
    earliestEnd[at] = earliest;
  }
  return (returned) => {
    const next = firstIndex(overwriting.length, (at) => call(overwriting[at] as number) > returned);
    return earliestEnd[next] ?? Infinity;
  };
}

/**
 * @param operations by their calls
 * @returns finds those that return behind `from` and are called before `to`; null: too many
 */
function windowOf(
  operations: readonly number[],
  call: (operation: number) => number,
  end: (operation: number) => number,
): (from: number, to: number) => number[] | null {
  const latestEnd: number[] = [];
  for (const operation of operations) {
    latestEnd.push(Math.max(latestEnd.at(-1) ?? -1, end(operation)));
  }
  return (from, to) => {
    const found: number[] = [];
    let at = firstIndex(operations.length, (index) => (latestEnd[index] as number) > from);
    for (; at < operations.length; at++) {
      const operation = operations[at] as number;
      if (call(operation) > to) break;
      if (end(operation) < from) continue;
      if (found.length === maxReach) return null;
      found.push(operation);
    }
    return found;
  };
}

/** The first index below `length` for which `holds`, which stays so once it does; else `length`. */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
