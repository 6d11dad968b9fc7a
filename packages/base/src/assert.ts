/** Raised when this program contradicts itself: a bug here, never a user's mistake. */
export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}

/**
 * Checks an invariant. Programmer errors crash the process; operating errors are values.
 *
 * @param message says what must hold, in the present tense
 * @throws AssertionFailed when `condition` is false
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message);
}

/** Narrows away `undefined` and `null` where the program knows a value is there. */
export function present<T>(value: T | undefined | null, message: string): T {
  if (value === undefined || value === null) throw new AssertionFailed(message);
  return value;
}

/** The default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unreachable case: ${String(value)}`);
}
