import { AccountColumns } from '../columns/account-columns.ts';
import { TransferColumns } from '../columns/transfer-columns.ts';
import { maxBatchEvents } from '../model/limits.ts';
import { TransferFlag } from '../model/transfer.ts';
import { AccountEvents } from './account-events.ts';
import { BooksState } from './books-state.ts';
import { ChainRunner } from './chains.ts';
import { expireDue } from './expire.ts';
import { PlainTransfers } from './plain-transfers.ts';
import { areOrdinaryIds, TransferEvents } from './transfer-events.ts';
import { TransferRows } from './transfer-rows.ts';

const { linked } = TransferFlag;

/** What became of the events of one batch. */
export interface BatchOutcome {
  /** Of event 0, in nanoseconds since the epoch; the others follow, a nanosecond apart. */
  readonly timestamp: bigint;
  readonly count: number;
  /** A number of `TransferResult` or `AccountResult` each; valid until the next batch. */
  readonly results: Uint8Array;
  /** How many of them are not ok. */
  readonly failures: number;
}

/** Accounts, transfers and the rules between them: the state that a ledger replicates. */
export class Books {
  readonly #state: BooksState;
  readonly #accountColumns = new AccountColumns();
  readonly #rows: TransferRows;
  readonly #plain: PlainTransfers;
  readonly #transferEvents: TransferEvents;
  readonly #accountEvents: AccountEvents;
  readonly #chain: ChainRunner;
  readonly #results = new Uint8Array(maxBatchEvents);

  constructor(state: BooksState = new BooksState()) {
    this.#state = state;
    this.#rows = new TransferRows(new TransferColumns(), state.accounts);
    this.#plain = new PlainTransfers(state, this.#rows);
    this.#transferEvents = new TransferEvents(state, this.#rows);
    this.#accountEvents = new AccountEvents(state, this.#accountColumns);
    this.#chain = new ChainRunner(state.undo);
  }

  get state(): BooksState {
    return this.#state;
  }

  /**
   * Opens accounts.
   *
   * @param batch in the form of `AccountColumns`
   * @param timestampMicros of the entry
   * @throws LedgerError LEDGER_BATCH_MALFORMED, and nothing has changed
   */
  createAccounts(batch: Uint8Array, timestampMicros: number): BatchOutcome {
    const columns = this.#accountColumns;
    columns.parse(batch);
    const { count } = columns;
    const timestamp = this.#begin(timestampMicros);
    for (let row = 0; row < count; row++) {
      const isLinked = (columns.flags.numberAt(row) & linked) !== 0;
      this.#chain.run(this.#accountEvents, row, isLinked, row === count - 1, this.#results);
    }
    return this.#end(timestamp, count);
  }

  /**
   * Carries out transfers.
   *
   * @param batch in the form of `TransferColumns`, accounts as ids or as slots
   * @param timestampMicros of the entry
   * @throws LedgerError LEDGER_BATCH_MALFORMED, and nothing has changed
   */
  createTransfers(batch: Uint8Array, timestampMicros: number): BatchOutcome {
    const rows = this.#rows;
    rows.columns.parse(batch, { allowSlots: true });
    const { count } = rows;
    rows.load();
    const timestamp = this.#begin(timestampMicros);
    const results = this.#results;
    const isRun = rows.isPlain && this.#areNewIds();
    let row = 0;
    while (row < count) {
      if (rows.isPlain) {
        const next = this.#plain.run(row, count, isRun);
        results.fill(0, row, next);
        row = next;
        if (row === count) break;
      }
      const isLinked = ((rows.flags[row] as number) & linked) !== 0;
      this.#chain.run(this.#transferEvents, row, isLinked, row === count - 1, results);
      row++;
    }
    return this.#end(timestamp, count);
  }

  /**
   * Lets go what was pending for too long.
   *
   * @returns the moment, in nanoseconds since the epoch, after that of the last one let go
   */
  pulse(timestampMicros: number): bigint {
    return this.#begin(timestampMicros);
  }

  #areNewIds(): boolean {
    const { id } = this.#rows.columns;
    const { count, ids } = this.#rows;
    const isRun = id.isSequence || count === 1;
    if (!isRun || !areOrdinaryIds(id.uint128At(0), count)) return false;
    const [l0 = 0, l1 = 0, l2 = 0, l3 = 0] = ids.subarray(0, 4);
    return this.#state.ids.areUnused(l0, l1, l2, l3, count);
  }

  #begin(timestampMicros: number): bigint {
    const { timeline } = this.#state;
    timeline.begin(timestampMicros);
    expireDue(this.#state);
    return timeline.base;
  }

  #end(timestamp: bigint, count: number): BatchOutcome {
    const state = this.#state;
    state.timeline.take(count);
    state.batches++;
    state.settle();
    const results = this.#results.subarray(0, count);
    let failures = 0;
    for (const result of results) if (result !== 0) failures++;
    return { timestamp, count, results, failures };
  }
}
