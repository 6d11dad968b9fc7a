import type { SnapshotSink } from '@quorate/base';
import { accountsPerBlock } from '../accounts/account-block.ts';
import { AccountBlockReader } from '../accounts/account-block-reader.ts';
import type { AccountCheckpoints } from '../accounts/account-checkpoints.ts';
import type { BooksState } from '../books/books-state.ts';
import { LedgerError, snapshotInvalid } from '../ledger-error.ts';
import { PartLane, type PartPlace } from '../parts/part-store.ts';
import { PendingStatus } from '../transfers/pending-statuses.ts';
import { SealedChunk } from '../transfers/sealed-chunk.ts';
import { NumberColumn } from '../transfers/transfer-chunk.ts';
import { forEachHistoryRow } from './history-rows.ts';
import { IdRecordsReader } from './id-records-reader.ts';
import { RecordReader } from './record-reader.ts';
import {
  historyRowBytes,
  linkBytes,
  newestBytes,
  RecordKind,
  snapshotHeadBytes,
  snapshotVersion,
  storedMark,
} from './snapshot-layout.ts';
import { lonePlaceOf, type StoredStatuses, storedStatusesOf } from './stored-record.ts';

interface Head {
  readonly last: bigint;
  readonly batches: number;
  readonly accounts: number;
  readonly transfers: number;
  readonly history: number;
}

/** Parts that a snapshot refers to, by lane. */
type UsedPlaces = ReadonlyMap<PartLane, readonly PartPlace[]>;

export interface LedgerSnapshotSinkOptions {
  /** It refers to nothing, which shows when its first accounts come. */
  readonly isWhole: () => void;
  /** Gets the state once it is complete, and what it refers to. */
  readonly done: (state: BooksState, places: UsedPlaces) => void;
}

/** Builds a state of the records of a snapshot, beside the one that is in use. */
export class LedgerSnapshotSink implements SnapshotSink {
  readonly #state: BooksState;
  readonly #accounts: AccountBlockReader;
  readonly #reader = new RecordReader((kind, bytes) => this.#record(kind, bytes));
  readonly #options: LedgerSnapshotSinkOptions;
  readonly #places = new Map<PartLane, PartPlace[]>();
  #ids: IdRecordsReader | null = null;
  /** The chunk whose statuses came last. */
  #lastStatuses = -1;
  #head: Head | null = null;
  #hasEnded = false;

  /**
   * @param state an empty one
   */
  constructor(state: BooksState, options: LedgerSnapshotSinkOptions) {
    this.#state = state;
    this.#accounts = new AccountBlockReader(state.accounts, snapshotInvalid);
    this.#options = options;
  }

  /** @throws LedgerError LEDGER_SNAPSHOT_INVALID, LEDGER_PART_DAMAGED */
  chunk(bytes: Uint8Array): void {
    try {
      this.#reader.read(bytes);
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'LEDGER_BATCH_MALFORMED')
        snapshotInvalid(`a column of a chunk: ${error.message}`);
      throw error;
    }
  }

  drained(done: () => void): void {
    const { parts } = this.#state;
    if (parts === null) done();
    else parts.drained(done);
  }

  /** @throws LedgerError LEDGER_SNAPSHOT_INVALID, LEDGER_PART_DAMAGED */
  finish(): void {
    const head = this.#head;
    if (head === null || !this.#hasEnded || !this.#reader.isAtEnd)
      return snapshotInvalid('it ends too early');
    const { accounts, transfers, history, ids, timeline } = this.#state;
    const isWhole =
      accounts.count === head.accounts &&
      transfers.count === head.transfers &&
      history.count === head.history &&
      ids.count >= transfers.count;
    if (!isWhole) snapshotInvalid('it has not as many rows as it says');
    timeline.restore(head.last);
    this.#state.batches = head.batches;
    this.#options.done(this.#state, this.#places);
  }

  #record(kind: number, bytes: Uint8Array): void {
    if (this.#hasEnded) snapshotInvalid('something follows its end');
    if (this.#head === null) {
      if (kind !== RecordKind.head) snapshotInvalid('it has no head');
      this.#head = readHead(bytes);
      return;
    }
    if ((kind & storedMark) !== 0) this.#stored(kind & ~storedMark, bytes);
    else this.#inline(kind, bytes);
  }

  #inline(kind: number, bytes: Uint8Array): void {
    switch (kind) {
      case RecordKind.accounts:
        // A checkpoint has none of them in itself.
        if (this.#state.accounts.count === 0) this.#options.isWhole();
        this.#accounts.block(bytes);
        return;
      case RecordKind.chunk:
        this.#transfers(new SealedChunk(bytes));
        return;
      case RecordKind.statuses:
        this.#statuses(bytes);
        return;
      case RecordKind.history:
        this.#history(bytes);
        return;
      case RecordKind.newest:
        this.#newest(bytes);
        return;
      case RecordKind.farLinks:
        this.#farLinks(bytes);
        return;
      case RecordKind.end:
        this.#idReader().end();
        this.#hasEnded = true;
        return;
      default:
        this.#idReader().record(kind, bytes);
    }
  }

  #stored(kind: number, bytes: Uint8Array): void {
    const { parts, transfers, history, accountParts } = this.#state;
    if (parts === null || accountParts === null)
      return snapshotInvalid('it refers to parts, and this node has none');
    if (kind === RecordKind.statuses) {
      this.#storedStatuses(storedStatusesOf(bytes));
      return;
    }
    const place = lonePlaceOf(bytes);
    switch (kind) {
      case RecordKind.accounts:
        this.#storedAccounts(parts.read(place), accountParts, place);
        return;
      case RecordKind.chunk:
        if (transfers.open.count > 0) snapshotInvalid('a chunk follows one that is not full');
        transfers.restoreStored(place);
        this.#uses(PartLane.history, place);
        return;
      case RecordKind.history:
        history.restoreStored(place);
        this.#uses(PartLane.history, place);
        return;
      default:
        this.#idReader().stored(kind, place);
        this.#uses(PartLane.ids, place);
    }
  }

  #storedAccounts(bytes: Uint8Array, accountParts: AccountCheckpoints, place: PartPlace): void {
    const block = Math.floor(this.#state.accounts.count / accountsPerBlock);
    this.#accounts.block(bytes);
    accountParts.restored(block, place);
    this.#uses(PartLane.accounts, place);
  }

  #uses(lane: PartLane, place: PartPlace): void {
    const places = this.#places.get(lane);
    if (places === undefined) this.#places.set(lane, [place]);
    else places.push(place);
  }

  /** Ids come after all transfers. */
  #idReader(): IdRecordsReader {
    this.#ids ??= new IdRecordsReader(this.#state.ids, this.#state.transfers.count);
    return this.#ids;
  }

  #transfers(chunk: SealedChunk): void {
    const { transfers, accounts } = this.#state;
    if (transfers.open.count > 0) snapshotInvalid('a chunk follows one that is not full');
    if (chunk.count > transfers.rowsPerChunk) snapshotInvalid('a chunk has too many rows');
    for (const column of [NumberColumn.debitSlot, NumberColumn.creditSlot])
      if (chunk.most(column) >= accounts.count) snapshotInvalid('a transfer of no account');
    transfers.restore(chunk);
  }

  #statuses(bytes: Uint8Array): void {
    const { transfers } = this.#state;
    const { rowsPerChunk } = transfers;
    if (bytes.length !== 4 + rowsPerChunk) snapshotInvalid('statuses that are no chunk');
    const at = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    this.#nextStatuses(at, 1);
    const statuses = bytes.slice(4);
    for (let row = 0; row < rowsPerChunk; row++) {
      const status = statuses[row] as number;
      if (status === PendingStatus.none) continue;
      if (status > PendingStatus.expired) snapshotInvalid('a status that there is not');
      const position = at * rowsPerChunk + row;
      if (position >= transfers.count) snapshotInvalid('a status of no transfer');
      if (status === PendingStatus.open) this.#expiry(position);
    }
    this.#state.statuses.restore(at, statuses);
    // Of a whole one there may be much; and with a checkpoint, files are not gone on with yet.
    if (this.#places.size === 0) this.#state.statuses.settle(transfers.sealed.count);
  }

  #storedStatuses({ chunk, place, rows }: StoredStatuses): void {
    const { rowsPerChunk } = this.#state.transfers;
    if (place.length !== 4 + rowsPerChunk) snapshotInvalid('statuses that are no chunk');
    this.#nextStatuses(chunk, rowsPerChunk);
    rows.forEach((row, status) => {
      if (status === PendingStatus.open) this.#expiry(chunk * rowsPerChunk + row);
    });
    this.#state.statuses.restoreStored(chunk, place, rows);
    this.#uses(PartLane.history, place);
  }

  /** @param leastRows that are there of the chunk */
  #nextStatuses(chunk: number, leastRows: number): void {
    const { count, rowsPerChunk } = this.#state.transfers;
    const isNext = chunk > this.#lastStatuses && chunk * rowsPerChunk + leastRows <= count;
    if (!isNext) snapshotInvalid('statuses of a chunk that is not there, or was before');
    this.#lastStatuses = chunk;
  }

  /** Of one that is open. */
  #expiry(position: number): void {
    const { transfers, expiries } = this.#state;
    const timeout = transfers.number(position, NumberColumn.timeout);
    if (timeout === 0) return;
    const timestamp = transfers.timestamp(position);
    const micros = Number(timestamp / 1000n) + timeout * 1_000_000;
    expiries.add(micros, Number(timestamp % 1000n), position);
  }

  #history(bytes: Uint8Array): void {
    if (bytes.length % historyRowBytes !== 0) snapshotInvalid('half a row of history');
    const { history, accounts } = this.#state;
    forEachHistoryRow(bytes, (row) => {
      if (row.slot >= accounts.count) snapshotInvalid('history of no account');
      history.restore(row);
    });
    history.settle();
  }

  #newest(bytes: Uint8Array): void {
    const { history, accounts } = this.#state;
    if (bytes.length % newestBytes !== 0) snapshotInvalid('half a newest row');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += newestBytes) {
      const [slot, record] = [view.getUint32(at, true), view.getFloat64(at + 4, true)];
      const isThere = slot < accounts.count && record >= 0 && record < history.count;
      if (!isThere || !Number.isInteger(record)) snapshotInvalid('a newest row that there is not');
      history.restoreNewest(slot, record);
    }
  }

  #farLinks(bytes: Uint8Array): void {
    if (bytes.length % linkBytes !== 0) snapshotInvalid('half a link');
    const { transfers } = this.#state;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += linkBytes) {
      const [key, position] = [view.getFloat64(at, true), view.getFloat64(at + 8, true)];
      // Links lead back, or whoever follows them would not come to an end.
      const isLink =
        Number.isInteger(key) &&
        Number.isInteger(position) &&
        key < transfers.count * 2 &&
        position >= 0 &&
        position < Math.floor(key / 2);
      if (!isLink) snapshotInvalid('a link that leads nowhere');
      transfers.restoreFarLink(key, position);
    }
  }
}

function readHead(bytes: Uint8Array): Head {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length !== snapshotHeadBytes || bytes[0] !== snapshotVersion)
    snapshotInvalid(`version ${bytes[0]}; this is ${snapshotVersion}`);
  return {
    last: view.getBigUint64(1, true),
    batches: view.getFloat64(9, true),
    accounts: view.getFloat64(17, true),
    transfers: view.getFloat64(25, true),
    history: view.getFloat64(33, true),
  };
}
