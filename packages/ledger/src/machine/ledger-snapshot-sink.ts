import type { SnapshotSink } from '@quorate/base';
import { AccountBlockReader } from '../accounts/account-block-reader.ts';
import { BooksState } from '../books/books-state.ts';
import { LedgerError, snapshotInvalid } from '../ledger-error.ts';
import { PendingStatus } from '../transfers/pending-statuses.ts';
import { SealedChunk } from '../transfers/sealed-chunk.ts';
import { chunkRows, LaneColumn, NumberColumn } from '../transfers/transfer-chunk.ts';
import { RecordReader } from './record-reader.ts';
import {
  historyRowBytes,
  RecordKind,
  snapshotHeadBytes,
  snapshotVersion,
} from './snapshot-layout.ts';

interface Head {
  readonly last: bigint;
  readonly batches: number;
  readonly accounts: number;
  readonly transfers: number;
  readonly history: number;
}

/** Builds a state of the records of a snapshot, beside the one that is in use. */
export class LedgerSnapshotSink implements SnapshotSink {
  readonly #state: BooksState;
  readonly #accounts: AccountBlockReader;
  readonly #reader = new RecordReader((kind, bytes) => this.#record(kind, bytes));
  readonly #done: (state: BooksState) => void;
  #head: Head | null = null;
  #hasEnded = false;

  /** @param done gets the state once it is whole */
  constructor(hashSeed: number, done: (state: BooksState) => void) {
    this.#state = new BooksState(hashSeed);
    this.#accounts = new AccountBlockReader(this.#state.accounts, snapshotInvalid);
    this.#done = done;
  }

  /** @throws LedgerError LEDGER_SNAPSHOT_INVALID */
  chunk(bytes: Uint8Array): void {
    try {
      this.#reader.read(bytes);
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'LEDGER_BATCH_MALFORMED')
        snapshotInvalid(`a column of a chunk: ${error.message}`);
      throw error;
    }
  }

  /** @throws LedgerError LEDGER_SNAPSHOT_INVALID */
  finish(): void {
    const head = this.#head;
    if (head === null || !this.#hasEnded || !this.#reader.isAtEnd)
      return snapshotInvalid('it ends too early');
    const { accounts, transfers, history, timeline } = this.#state;
    const isWhole =
      accounts.count === head.accounts &&
      transfers.count === head.transfers &&
      history.count === head.history;
    if (!isWhole) snapshotInvalid('it has not as many rows as it says');
    timeline.restore(head.last);
    this.#state.batches = head.batches;
    this.#done(this.#state);
  }

  #record(kind: number, bytes: Uint8Array): void {
    if (this.#hasEnded) snapshotInvalid('something follows its end');
    if (this.#head === null) {
      if (kind !== RecordKind.head) snapshotInvalid('it has no head');
      this.#head = readHead(bytes);
      return;
    }
    switch (kind) {
      case RecordKind.accounts:
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
      case RecordKind.failedIds:
        this.#failedIds(bytes);
        return;
      case RecordKind.farLinks:
        this.#farLinks(bytes);
        return;
      case RecordKind.end:
        this.#hasEnded = true;
        return;
      default:
        snapshotInvalid(`an unknown kind of record: ${kind}`);
    }
  }

  #transfers(chunk: SealedChunk): void {
    const { transfers, ids, accounts } = this.#state;
    if (transfers.open.count > 0) snapshotInvalid('a chunk follows one that is not full');
    const position = transfers.count;
    const runs = chunk.idRuns;
    if (runs === null) {
      for (let row = 0; row < chunk.count; row++) ids.add(...laneAt(chunk, row), position + row);
    } else {
      runs.rows.forEach((row, run) => {
        const end = runs.rows[run + 1] ?? chunk.count;
        ids.addRun(...laneAt(chunk, row), position + row, end - row);
      });
    }
    for (const column of [NumberColumn.debitSlot, NumberColumn.creditSlot])
      if (chunk.most(column) >= accounts.count) snapshotInvalid('a transfer of no account');
    transfers.restore(chunk);
  }

  #statuses(bytes: Uint8Array): void {
    if (bytes.length !== 4 + chunkRows) snapshotInvalid('statuses that are no chunk');
    const at = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    const statuses = bytes.slice(4);
    const { transfers, expiries } = this.#state;
    statuses.forEach((status, row) => {
      if (status > PendingStatus.expired) snapshotInvalid('a status that there is not');
      const position = at * chunkRows + row;
      if (status !== PendingStatus.none && position >= transfers.count)
        snapshotInvalid('a status of no transfer');
      if (status !== PendingStatus.open) return;
      const timeout = transfers.number(position, NumberColumn.timeout);
      if (timeout === 0) return;
      const timestamp = transfers.timestamp(position);
      const micros = Number(timestamp / 1000n) + timeout * 1_000_000;
      expiries.add(micros, Number(timestamp % 1000n), position);
    });
    this.#state.statuses.restore(at, statuses);
  }

  #history(bytes: Uint8Array): void {
    if (bytes.length % historyRowBytes !== 0) snapshotInvalid('half a row of history');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += historyRowBytes) {
      const slot = view.getUint32(at, true);
      if (slot >= this.#state.accounts.count) snapshotInvalid('history of no account');
      const balances = [14, 30, 46, 62].map(
        (from) =>
          view.getBigUint64(at + from, true) | (view.getBigUint64(at + from + 8, true) << 64n),
      );
      const micros = view.getFloat64(at + 4, true);
      const nanos = view.getUint16(at + 12, true);
      this.#state.history.restore({ slot, micros, nanos, balances });
    }
  }

  #failedIds(bytes: Uint8Array): void {
    if (bytes.length % 16 !== 0) snapshotInvalid('half an id');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += 16) {
      this.#state.ids.addFailed(
        view.getInt32(at, true),
        view.getInt32(at + 4, true),
        view.getInt32(at + 8, true),
        view.getInt32(at + 12, true),
      );
    }
  }

  #farLinks(bytes: Uint8Array): void {
    if (bytes.length % 16 !== 0) snapshotInvalid('half a link');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += 16)
      this.#state.transfers.restoreFarLink(
        view.getFloat64(at, true),
        view.getFloat64(at + 8, true),
      );
  }
}

function laneAt(chunk: SealedChunk, row: number): [number, number, number, number] {
  return [
    chunk.lane(LaneColumn.id, row, 0) | 0,
    chunk.lane(LaneColumn.id, row, 1) | 0,
    chunk.lane(LaneColumn.id, row, 2) | 0,
    chunk.lane(LaneColumn.id, row, 3) | 0,
  ];
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
