/** What a simple state machine is told of the entry that holds the command. */
export interface SimpleEntry {
  /** 1-based position in the group's log: strictly increasing, with gaps. */
  readonly index: number;
  /** Microseconds since the Unix epoch, by the leader's clock; the only time there is. */
  readonly timestampMicros: number;
}

/**
 * A replicated state machine in its simple form, for states of some megabytes: commands, results,
 * answers and the state itself are plain JSON (numbers, strings, booleans, null, arrays, and
 * objects that are not of a class).
 *
 * Every replica applies the same commands in the same order and must reach the same state, so
 * nothing here may look at a clock, draw at random, do I/O or wait. See
 * docs/guides/deterministic-state-machines.md.
 *
 * ```ts
 * class Counter implements SimpleStateMachine<{ add: number }, number> {
 *   #count = 0;
 *   apply(command: { add: number }): number {
 *     this.#count += command.add;
 *     return this.#count;
 *   }
 *   toJSON(): unknown {
 *     return this.#count;
 *   }
 *   fromJSON(state: unknown): void {
 *     this.#count = state as number;
 *   }
 * }
 * ```
 *
 * @typeParam Query what `query` is asked; never when there is no `query`
 */
export interface SimpleStateMachine<Command, Result, Query = never, Answer = never> {
  /**
   * Changes the state as the command says. A command that cannot be carried out is answered by a
   * result that says so: an exception is a bug, and halts the node.
   *
   * @param command as JSON gives it back, this state machine's own to keep
   * @returns what the proposer is answered; copied, and fields that are undefined are left out
   */
  apply(command: Command, entry: SimpleEntry): Result;
  /** Looks at the state and changes nothing. @returns what the asker is answered; copied */
  query?(query: Query): Answer;
  /** @returns all of the state; fields that are undefined are left out */
  toJSON(): unknown;
  /** Replaces all of the state by what `toJSON` gave, here or on another replica. */
  fromJSON(state: unknown): void;
  /**
   * Throws, with a message for the proposer, when `command` is none. Asked before a command is
   * proposed, and once more before it is applied, for others may have proposed it. Looks at the
   * command alone, never at the state. It decides what applies: change it only as `apply`.
   */
  checkCommand?(command: unknown): void;
}

/** Tells the simple form from the full one, which has `snapshot` and `restore`. */
export function isSimpleStateMachine(
  machine: object,
): machine is SimpleStateMachine<unknown, unknown, unknown, unknown> {
  const { apply, toJSON, fromJSON, snapshot, restore } = machine as Readonly<
    Record<'apply' | 'toJSON' | 'fromJSON' | 'snapshot' | 'restore', unknown>
  >;
  if (typeof snapshot === 'function' && typeof restore === 'function') return false;
  return [apply, toJSON, fromJSON].every((method) => typeof method === 'function');
}
