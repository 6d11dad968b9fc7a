import type { SimpleStateMachine } from '@quorate/runtime';

export interface Put {
  readonly key: string;
  readonly value: string;
}

/** What one shard has: the values of its keys. */
export class Store implements SimpleStateMachine<Put, 'new' | 'changed', string, string | null> {
  #values = new Map<string, string>();

  apply({ key, value }: Put): 'new' | 'changed' {
    const isNew = !this.#values.has(key);
    this.#values.set(key, value);
    return isNew ? 'new' : 'changed';
  }

  query(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  toJSON(): unknown {
    return [...this.#values];
  }

  fromJSON(state: unknown): void {
    this.#values = new Map(state as [string, string][]);
  }

  checkCommand(command: unknown): void {
    const { key, value } = (command ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof key !== 'string') throw new Error('key is no text');
    if (typeof value !== 'string') throw new Error('value is no text');
  }
}
