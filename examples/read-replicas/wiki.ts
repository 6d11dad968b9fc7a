import type { SimpleStateMachine } from '@quorate/runtime';

export interface Edit {
  readonly page: string;
  readonly text: string;
}

/** Pages with their newest text. Every edit makes a revision of the whole. */
export class Wiki implements SimpleStateMachine<Edit, number, string, string | null> {
  revision = 0;
  #pages = new Map<string, string>();

  /** @returns the revision that it made */
  apply({ page, text }: Edit): number {
    this.#pages.set(page, text);
    this.revision += 1;
    return this.revision;
  }

  query(page: string): string | null {
    return this.#pages.get(page) ?? null;
  }

  toJSON(): unknown {
    return { revision: this.revision, pages: [...this.#pages] };
  }

  fromJSON(state: unknown): void {
    const { revision, pages } = state as { revision: number; pages: [string, string][] };
    this.revision = revision;
    this.#pages = new Map(pages);
  }

  checkCommand(command: unknown): void {
    const { page, text } = (command ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof page !== 'string') throw new Error('page is no text');
    if (typeof text !== 'string') throw new Error('text is no text');
  }
}
