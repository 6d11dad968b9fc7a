/** What is replicated: every node has one, and applies the same commands in the same order. */
export class Counter {
  #value = 0;

  apply({ add }: { readonly add: number }): number {
    this.#value += add;
    return this.#value;
  }

  /** Others may propose what is no command; it is refused before it can do harm. */
  checkCommand(command: unknown): void {
    const { add } = (command ?? {}) as { add?: unknown };
    if (!Number.isSafeInteger(add)) throw new Error('add is no whole number');
  }

  query(_query: 'value'): number {
    return this.#value;
  }

  toJSON(): unknown {
    return this.#value;
  }

  fromJSON(state: unknown): void {
    this.#value = state as number;
  }
}
