import {
  AccountColumns,
  type Column,
  ColumnWriter,
  decodeLanes,
  encodeLedgerCommand,
  LedgerError,
  maxBatchEvents,
  replaceAccountColumns,
  TransferColumns,
} from '@quorate/ledger';
import { type LedgerRefusal, malformed } from './ledger-refusal.ts';
import type { AccountSlots, ServedBooks } from './served-books.ts';

/** A command for the log, or why a client's bytes are none. */
export type Intake =
  | { readonly command: Uint8Array; readonly refusal: null }
  | { readonly command: null; readonly refusal: LedgerRefusal };

/**
 * Makes commands of clients' batches: checks all of their form, and puts the accounts' slots in
 * place of their ids, so that no replica has to look for them while it applies.
 *
 * A slot is for ever from the moment the account has been applied anywhere. So any server may
 * resolve, however far behind it is: what it does not find it leaves to the state machine.
 */
export class BatchIntake {
  readonly #books: Pick<ServedBooks, 'accounts'>;
  readonly #transfers = new TransferColumns();
  readonly #newAccounts = new AccountColumns();
  readonly #writer = new ColumnWriter();
  readonly #lanes = new Uint32Array(maxBatchEvents * 4);
  readonly #debitSlots = new Int32Array(maxBatchEvents);
  readonly #creditSlots = new Int32Array(maxBatchEvents);

  constructor(books: Pick<ServedBooks, 'accounts'>) {
    this.#books = books;
  }

  /** @param bytes of a batch in a client's form; not needed any more afterwards */
  transfers(bytes: Uint8Array): Intake {
    const columns = this.#transfers;
    return intake(() => {
      columns.parse(bytes, { allowSlots: false });
      const { debitAccountId, creditAccountId } = columns;
      const debitSlots = this.#resolve(debitAccountId, this.#debitSlots);
      const creditSlots = this.#resolve(creditAccountId, this.#creditSlots);
      replaceAccountColumns(columns, debitSlots, creditSlots, this.#writer);
      return encodeLedgerCommand({ kind: 'transfers', batch: this.#writer.take() });
    });
  }

  /** As `transfers`. */
  accounts(bytes: Uint8Array): Intake {
    return intake(() => {
      this.#newAccounts.parse(bytes);
      return encodeLedgerCommand({ kind: 'accounts', batch: bytes });
    });
  }

  /** @returns `slots`, filled; null when one of the accounts is not known here */
  #resolve(column: Column, slots: Int32Array): Int32Array | null {
    if (!column.isPresent) return null;
    const lanes = this.#lanes;
    const accounts: AccountSlots = this.#books.accounts;
    decodeLanes(column, lanes);
    const { count } = column;
    const ids = column.isConstant ? 1 : count;
    accounts.findMany(lanes, ids, slots);
    for (let i = 0; i < ids; i++) if (slots[i] === -1) return null;
    if (column.isConstant) slots.fill(slots[0] as number, 1, count);
    return slots;
  }
}

function intake(make: () => Uint8Array): Intake {
  try {
    return { command: make(), refusal: null };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { command: null, refusal: malformed(error.message) };
  }
}
