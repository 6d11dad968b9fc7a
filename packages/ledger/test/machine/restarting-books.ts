import { Books } from '../../src/books/books.ts';
import { BooksState } from '../../src/books/books-state.ts';
import { LedgerSnapshot } from '../../src/machine/ledger-snapshot.ts';
import { LedgerSnapshotSink } from '../../src/machine/ledger-snapshot-sink.ts';
import { RecordWriter } from '../../src/machine/record-writer.ts';
import type { MemoryParts } from '../../src/parts/memory-parts.ts';
import { BooksAdapter } from '../books-adapter.ts';
import type { AccountEvent, Outcome, TransferEvent } from '../oracle/books-under-test.ts';

type Entry = (books: BooksAdapter) => Outcome;

/** When a snapshot is drawn, in entries. */
export interface SnapshotMoment {
  /** So many come before it is opened. */
  readonly after: number;
  /** So many come while it is drawn, one at least. */
  readonly during: number;
}

/**
 * Books that are replaced again and again by what a snapshot says of them. A snapshot is opened,
 * entries go on while it is drawn, and the books made of it are given the same entries.
 */
export class RestartingBooks extends BooksAdapter {
  readonly #nextMoment: () => SnapshotMoment;
  #moment: SnapshotMoment;
  /** Entries since the books were replaced. */
  #played = 0;
  #drawing: { readonly chunks: Iterator<Uint8Array, void>; readonly drawn: Uint8Array[] } | null =
    null;
  #since: Entry[] = [];
  /** So many times the books were replaced. */
  restarts = 0;

  /** Null: snapshots are whole, and everything is in memory. */
  readonly #parts: MemoryParts | null;

  /**
   * @param nextMoment says when the next snapshot is drawn, at first and after each
   * @param parts given: snapshots refer to them
   */
  constructor(nextMoment: () => SnapshotMoment, parts: MemoryParts | null = null) {
    super(new Books(new BooksState(7, parts)));
    this.#parts = parts;
    this.#nextMoment = nextMoment;
    this.#moment = nextMoment();
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
    if (this.#played++ < this.#moment.after) return here();
    if (this.#drawing === null) {
      const chunks = new RecordWriter(new LedgerSnapshot(this.books.state, this.#parts === null));
      this.#drawing = { chunks, drawn: [] };
      this.#since = [];
    }
    const outcome = here();
    this.#since.push(again);
    const next = this.#drawing.chunks.next();
    if (next.done !== true) this.#drawing.drawn.push(next.value);
    if (this.#since.length >= this.#moment.during) this.#restart(this.#drawing);
    return outcome;
  }

  #restart({ chunks, drawn }: { chunks: Iterator<Uint8Array, void>; drawn: Uint8Array[] }): void {
    for (let next = chunks.next(); next.done !== true; next = chunks.next()) drawn.push(next.value);
    const empty = new BooksState(11, this.#parts);
    const sink = new LedgerSnapshotSink(empty, {
      isWhole: () => undefined,
      done: (state) => {
        this.books = new Books(state);
      },
    });
    for (const chunk of drawn) sink.chunk(chunk);
    sink.finish();
    const restored = new BooksAdapter(this.books);
    for (const entry of this.#since) entry(restored);
    this.#drawing = null;
    this.#played = 0;
    this.#moment = this.#nextMoment();
    this.restarts++;
  }
}
