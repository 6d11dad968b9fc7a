import {
  AccountBatchBuilder,
  maxBatchEvents,
  type NewTransfer,
  TransferBatchBuilder,
  TransferFlag,
} from '@quorate/ledger';
import type { EventKind } from '../files/event-columns.ts';
import type { FileEvent } from '../files/event-file.ts';
import type { BadRecord, StartPlace } from '../files/record.ts';

/** What goes to the ledger at once, and which part of the file it is. */
export interface EventBatch {
  /** In columns; null: only lines that were left out. */
  readonly bytes: Uint8Array | null;
  /** Of each event, in its order. */
  readonly lines: readonly number[];
  readonly ids: readonly bigint[];
  readonly bad: readonly BadRecord[];
  /** Behind its last line. */
  readonly end: StartPlace;
  /** What comes before or after it may not be carried out beside it. */
  readonly hasOrder: boolean;
  /** Whose limits may give it an order; empty when it has one anyway. */
  readonly accounts: ReadonlySet<bigint>;
}

/** Their outcome depends on what was carried out before, whatever the accounts. */
const ordered =
  TransferFlag.postPendingTransfer |
  TransferFlag.voidPendingTransfer |
  TransferFlag.balancingDebit |
  TransferFlag.balancingCredit |
  TransferFlag.closingDebit |
  TransferFlag.closingCredit;

/** Puts events together into batches; a chain is never cut. */
export class EventBatches {
  readonly #kind: EventKind;
  readonly #transfers = new TransferBatchBuilder();
  readonly #accounts = new AccountBatchBuilder();
  readonly #capacity: number;
  #lines: number[] = [];
  #ids: bigint[] = [];
  #bad: BadRecord[] = [];
  #touched = new Set<bigint>();
  #hasOrder = false;
  #end: StartPlace | null = null;

  /** @param capacity events in a batch, at most 8190 */
  constructor(kind: EventKind, capacity: number = maxBatchEvents) {
    this.#kind = kind;
    this.#capacity = capacity;
  }

  /** Whether `count` events more go into the batch. */
  hasRoom(count: number): boolean {
    return this.#lines.length + count <= this.#capacity;
  }

  add({ event, line, endBytes, nextLine }: FileEvent): void {
    if (this.#kind === 'transfers') this.#addTransfer(event);
    else this.#accounts.add(event);
    this.#lines.push(line);
    this.#ids.push(event.id);
    this.#end = { bytes: endBytes, line: nextLine };
  }

  /** Takes note of a line that is left out. */
  leaveOut(bad: BadRecord): void {
    this.#bad.push(bad);
    this.#end = { bytes: bad.endBytes, line: bad.nextLine };
  }

  /** @returns what has come together; null: nothing */
  take(): EventBatch | null {
    if (this.#end === null) return null;
    const builder = this.#kind === 'transfers' ? this.#transfers : this.#accounts;
    const batch: EventBatch = {
      bytes: this.#lines.length === 0 ? null : builder.encode(),
      lines: this.#lines,
      ids: this.#ids,
      bad: this.#bad,
      end: this.#end,
      hasOrder: this.#hasOrder,
      accounts: this.#touched,
    };
    builder.clear();
    this.#lines = [];
    this.#ids = [];
    this.#bad = [];
    this.#touched = new Set();
    this.#hasOrder = false;
    this.#end = null;
    return batch;
  }

  #addTransfer(event: NewTransfer): void {
    this.#transfers.add(event);
    if (((event.flags ?? 0) & ordered) !== 0) this.#hasOrder = true;
    if (this.#hasOrder) return;
    this.#touched.add(event.debitAccountId);
    this.#touched.add(event.creditAccountId);
  }
}
