import type { SimpleEntry, SimpleStateMachine } from '@quorate/runtime';

export type Command =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'delete'; readonly key: string };

/** Whether the key was there before. */
export interface Result {
  readonly existed: boolean;
}

export interface Entry {
  readonly value: string;
  /** Of the log entry that wrote it. */
  readonly index: number;
}

export const maxKeyLength = 512;
export const maxValueBytes = 64 * 1024;

/** What is replicated: keys and values, both text. */
export class KeyValueStore implements SimpleStateMachine<Command, Result, string, Entry | null> {
  // A Map: keys are chosen by clients, and `__proto__` is one like any other.
  #entries = new Map<string, Entry>();

  apply(command: Command, { index }: SimpleEntry): Result {
    const existed = this.#entries.has(command.key);
    if (command.kind === 'delete') this.#entries.delete(command.key);
    else this.#entries.set(command.key, { value: command.value, index });
    return { existed };
  }

  query(key: string): Entry | null {
    return this.#entries.get(key) ?? null;
  }

  toJSON(): unknown {
    return [...this.#entries];
  }

  fromJSON(state: unknown): void {
    this.#entries = new Map(state as [string, Entry][]);
  }

  checkCommand(command: unknown): void {
    const { kind, key, value } = (command ?? {}) as Readonly<Record<string, unknown>>;
    if (kind !== 'put' && kind !== 'delete') throw new Error('kind is neither put nor delete');
    if (typeof key !== 'string' || key === '' || key.length > maxKeyLength) {
      throw new Error(`key is not a text of 1 to ${maxKeyLength} characters`);
    }
    if (kind === 'put' && typeof value !== 'string') throw new Error('value is no text');
  }
}
