import type { AccountEvent, BooksUnderTest, Outcome, TransferEvent } from './books-under-test.ts';

/** One entry of the log, as the books see it. */
export type LedgerEntry =
  | {
      readonly kind: 'accounts';
      readonly timestampMicros: number;
      readonly events: readonly AccountEvent[];
    }
  | {
      readonly kind: 'transfers';
      readonly timestampMicros: number;
      readonly events: readonly TransferEvent[];
    }
  | { readonly kind: 'pulse'; readonly timestampMicros: number };

/** Gives the entry to the books. */
export function playEntry(books: BooksUnderTest, entry: LedgerEntry): Outcome {
  switch (entry.kind) {
    case 'accounts':
      return books.createAccounts(entry.events, entry.timestampMicros);
    case 'transfers':
      return books.createTransfers(entry.events, entry.timestampMicros);
    case 'pulse':
      return books.pulse(entry.timestampMicros);
  }
}
