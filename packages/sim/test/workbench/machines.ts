import type { AppliedEntry, Prng, StateMachine } from '@quorate/base';
import type { SimpleEntry } from '@quorate/runtime';
import type { Specification } from '../../src/index.ts';

export type Add = { readonly add: number };

export function addCommand(prng: Prng): Add {
  return { add: prng.between(1, 9) };
}

/** Right in every way; the others change one thing. */
export class Counter {
  protected count = 0;

  apply({ add }: Add, _entry: SimpleEntry): number {
    this.count += add;
    return this.count;
  }

  query(_what: 'count'): number {
    return this.count;
  }

  toJSON(): unknown {
    return { count: this.count };
  }

  fromJSON(state: unknown): void {
    this.count = (state as { readonly count: number }).count;
  }
}

export const counting: Specification<number, Add, number, 'count', number> = {
  initial: 0,
  apply: (count, { add }) => ({ state: count + add, result: count + add }),
  query: (count) => count,
};

export const askCount = (): 'count' => 'count';

export type Seen = { readonly key: string };

/** Remembers the last few keys, the one that was there longest going first. */
export class RecentKeys {
  protected keys = new Map<string, number>();

  apply({ key }: Seen): { readonly forgotten: string | null } {
    this.keys.set(key, (this.keys.get(key) ?? 0) + 1);
    const [oldest] = this.keys.keys();
    if (this.keys.size <= 4 || oldest === undefined) return { forgotten: null };
    this.keys.delete(oldest);
    return { forgotten: oldest };
  }

  toJSON(): unknown {
    return [...this.keys];
  }

  fromJSON(state: unknown): void {
    this.keys = new Map(state as [string, number][]);
  }
}

export function seenCommand(prng: Prng): Seen {
  return { key: `key${prng.below(9)}` };
}

/** In the full form: one byte is added to a sum of four. */
export class Sum implements StateMachine<number> {
  protected total = 0;

  apply(entries: readonly AppliedEntry[]): readonly number[] {
    return entries.map(({ command: [add = 0] }) => {
      this.total = (this.total + add) >>> 0;
      return this.total;
    });
  }

  query(_what: 'total'): number {
    return this.total;
  }

  snapshot(): Iterator<Uint8Array, void> {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, this.total);
    return [bytes][Symbol.iterator]();
  }

  restore(): { chunk(bytes: Uint8Array): void; finish(): void } {
    let read = 0;
    return {
      chunk: (bytes) => {
        read = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
      },
      finish: () => {
        this.total = read;
      },
    };
  }
}

export function sumCommand(prng: Prng): Uint8Array {
  return Uint8Array.of(prng.between(1, 200));
}
