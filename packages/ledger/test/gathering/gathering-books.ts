import { Prng } from '@quorate/base';
import { type BatchOutcome, Books } from '../../src/books/books.ts';
import type { BooksLimits } from '../../src/books/books-state.ts';
import { BooksState } from '../../src/books/books-state.ts';
import { RowGathering } from '../../src/gathering/row-gathering.ts';
import { encodeLedgerCommand } from '../../src/machine/ledger-command.ts';
import { MemoryParts } from '../../src/parts/memory-parts.ts';

/** So small that nearly everything has to be read again. */
export const tightLimits = {
  idsInMemory: 64,
  transfersPerChunk: 32,
  loadedBytes: 2000,
} as const satisfies BooksLimits;

/** Books that gather what each batch refers to before they carry it out. */
export class GatheringBooks extends Books {
  readonly counts = { gathered: 0, ids: 0, steps: 0, readByApply: 0 };
  readonly #prng: Prng;

  constructor(seed: number, limits: BooksLimits = tightLimits) {
    super(new BooksState(seed, new MemoryParts(), limits));
    this.#prng = new Prng(seed);
  }

  override createTransfers(batch: Uint8Array, micros: number): BatchOutcome {
    const command = encodeLedgerCommand({ kind: 'transfers', batch });
    return this.#gathered(command, micros, () => super.createTransfers(batch, micros));
  }

  override pulse(micros: number): bigint {
    const command = encodeLedgerCommand({ kind: 'pulse' });
    return this.#gathered(command, micros, () => super.pulse(micros));
  }

  #gathered<Result>(command: Uint8Array, timestampMicros: number, apply: () => Result): Result {
    const { state, counts } = this;
    const { transfers } = state;
    const entry = { index: 1, term: 1, timestampMicros, command };
    const gathering = RowGathering.of(state, [entry], this.#prng);
    if (gathering !== null) {
      do counts.steps++;
      while (!gathering.step());
      counts.gathered += transfers.gathered?.size ?? 0;
    }
    const { reads } = transfers.sealed;
    const result = apply();
    counts.readByApply += transfers.sealed.reads - reads;
    counts.ids += state.ids.gathered?.count ?? 0;
    state.dropGathered();
    return result;
  }
}
