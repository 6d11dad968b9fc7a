import type { Reader } from './readers.ts';

/** Says where an edit is in the log, and which revision it made. */
export interface Edited {
  readonly index: number;
  readonly result: number;
}

export const writesOfRound = 40;
const boundMs = 250;

/** Writes and reads at the same time, and holds every read to what was asked for. */
export class Traffic {
  readonly #write: () => Promise<Edited>;
  /** The newest revision that was acknowledged by then. */
  readonly #acknowledged = [{ atMs: 0, revision: 0 }];
  reads = 0;
  /** Reads that gave less than they had to. */
  tooOld = 0;

  constructor(write: () => Promise<Edited>) {
    this.#write = write;
  }

  /** The newest revision that was acknowledged. */
  get newest(): number {
    return this.#acknowledged.at(-1)?.revision ?? 0;
  }

  async round(readers: readonly Reader[]): Promise<void> {
    const writes = Array.from({ length: writesOfRound }, async (_, at) => {
      const reader = readers[at % readers.length];
      const { index, result } = await this.#writeOne();
      const own = { consistency: 'local', minIndex: index } as const;
      if (reader !== undefined) await this.#check(reader, own, result);
    });
    const others = readers.map(async (reader) => {
      await this.#check(reader, { consistency: 'linearizable' }, this.newest);
      const bounded = { consistency: 'bounded', maxStalenessMs: boundMs } as const;
      await this.#check(reader, bounded, this.#newestAt(performance.now() - boundMs));
    });
    await Promise.all([...writes, ...others]);
  }

  /** Every reader by itself, when all is written. */
  async last(readers: readonly Reader[]): Promise<void> {
    await Promise.all(readers.map((reader) => this.#check(reader, {}, this.newest)));
  }

  async #writeOne(): Promise<Edited> {
    const edited = await this.#write();
    const revision = Math.max(this.newest, edited.result);
    this.#acknowledged.push({ atMs: performance.now(), revision });
    return edited;
  }

  #newestAt(ms: number): number {
    return this.#acknowledged.findLast(({ atMs }) => atMs <= ms)?.revision ?? 0;
  }

  async #check(
    reader: Reader,
    options: Parameters<Reader['revision']>[0],
    atLeast: number,
  ): Promise<void> {
    const revision = await reader.revision(options);
    this.reads += 1;
    if (revision < atLeast) this.tooOld += 1;
  }
}
