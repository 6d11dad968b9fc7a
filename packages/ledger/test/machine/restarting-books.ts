import { Books } from '../../src/books/books.ts';
import { BooksState } from '../../src/books/books-state.ts';
import { LedgerSnapshot } from '../../src/machine/ledger-snapshot.ts';
import { LedgerSnapshotSink } from '../../src/machine/ledger-snapshot-sink.ts';
import { RecordWriter } from '../../src/machine/record-writer.ts';
import { BooksAdapter } from '../books-adapter.ts';
import type { AccountEvent, Outcome, TransferEvent } from '../oracle/books-under-test.ts';

type Entry = (books: BooksAdapter) => Outcome;

/**
 * Books that are replaced again and again by what a snapshot says of them. A snapshot is opened,
 * entries go on while it is drawn, and the books made of it are given the same entries.
 */
export class RestartingBooks extends BooksAdapter {
  readonly #entriesPerSnapshot: number;
  #drawing: { readonly chunks: Iterator<Uint8Array, void>; readonly drawn: Uint8Array[] } | null =
    null;
  #since: Entry[] = [];
  /** So many times the books were replaced. */
  restarts = 0;

  /** @param entriesPerSnapshot entries that come while a snapshot is drawn */
  constructor(entriesPerSnapshot: number) {
    super(new Books(new BooksState(7)));
    this.#entriesPerSnapshot = entriesPerSnapshot;
  }

  override createAccounts(events: readonly AccountEvent[], micros: number): Outcome {
    return this.#play(
      () => super.createAccounts(events, micros),
      (books) => books.createAccounts(events, micros),
    );
  }

  override createTransfers(events: readonly TransferEvent[], micros: number): Outcome {
    return this.#play(
      () => super.createTransfers(events, micros),
      (books) => books.createTransfers(events, micros),
    );
  }

  override pulse(micros: number): Outcome {
    return this.#play(
      () => super.pulse(micros),
      (books) => books.pulse(micros),
    );
  }

  #play(here: () => Outcome, again: Entry): Outcome {
    if (this.#drawing === null) {
      const chunks = new RecordWriter(new LedgerSnapshot(this.books.state));
      this.#drawing = { chunks, drawn: [] };
      this.#since = [];
    }
    const outcome = here();
    this.#since.push(again);
    const next = this.#drawing.chunks.next();
    if (next.done !== true) this.#drawing.drawn.push(next.value);
    if (this.#since.length >= this.#entriesPerSnapshot) this.#restart(this.#drawing);
    return outcome;
  }

  #restart({ chunks, drawn }: { chunks: Iterator<Uint8Array, void>; drawn: Uint8Array[] }): void {
    for (let next = chunks.next(); next.done !== true; next = chunks.next()) drawn.push(next.value);
    const sink = new LedgerSnapshotSink(11, (state) => {
      this.books = new Books(state);
    });
    for (const chunk of drawn) sink.chunk(chunk);
    sink.finish();
    const restored = new BooksAdapter(this.books);
    for (const entry of this.#since) entry(restored);
    this.#drawing = null;
    this.restarts++;
  }
}
