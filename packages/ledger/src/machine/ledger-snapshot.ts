import { AccountBlockWriter } from '../accounts/account-block-writer.ts';
import type { AccountCheckpoint } from '../accounts/account-checkpoint.ts';
import type { BooksState } from '../books/books-state.ts';
import { ColumnWriter } from '../columns/column-writer.ts';
import { ChunkSealing } from '../transfers/chunk-sealing.ts';
import { encodeStatuses, type FrozenStatuses } from '../transfers/pending-statuses.ts';
import type { FrozenTransfers } from '../transfers/transfer-store.ts';
import { encodeHistoryRows } from './history-rows.ts';
import { drawIds } from './id-records.ts';
import type { DrawnRecord, SnapshotRecord } from './record-writer.ts';
import {
  historyRowsPerRecord,
  linkBytes,
  newestBytes,
  RecordKind,
  rowsPerRecord,
  snapshotHeadBytes,
  snapshotVersion,
  storedMark,
} from './snapshot-layout.ts';
import { placeOf, storedRecord, storedStatusesRecord, wholeStatuses } from './stored-record.ts';

/** What is taken at once; of what only grows, how much of it there was. */
interface Frozen {
  readonly transfers: FrozenTransfers;
  readonly statuses: Iterable<FrozenStatuses>;
  readonly historyCount: number;
  readonly fullHistory: number;
  readonly farLinks: readonly (readonly [number, number])[];
  readonly head: SnapshotRecord;
  readonly accounts: AccountRecords;
  readonly ids: Iterable<SnapshotRecord>;
}

/**
 * The records of a ledger's state as it is when this is made, whatever is applied while they are
 * drawn. What never changes is shared; of accounts and statuses what is written to is copied.
 */
export class LedgerSnapshot implements Iterator<DrawnRecord, void> {
  readonly #accounts: AccountRecords;
  readonly #records: Iterator<DrawnRecord, void>;
  readonly #files = new Set<number>();

  /** @param isWhole false: what is stored in parts is referred to */
  constructor(state: BooksState, isWhole: boolean) {
    const { accounts, accountParts, transfers, statuses, history } = state;
    this.#accounts =
      isWhole || accountParts === null
        ? new WholeAccounts(new AccountBlockWriter(accounts.chunks, accounts.openSnapshot()))
        : new StoredAccounts(accountParts.begin());
    this.#records = records(state, isWhole, {
      transfers: transfers.freeze(),
      statuses: statuses.freeze(transfers.count),
      historyCount: history.count,
      fullHistory: isWhole || state.parts === null ? 0 : history.full.count,
      farLinks: [...transfers.farLinks],
      head: headOf(state),
      accounts: this.#accounts,
      ids: drawIds(state.ids, isWhole ? state.parts : null),
    });
  }

  /** Of what it refers to, as far as it was drawn. */
  get files(): ReadonlySet<number> {
    return this.#files;
  }

  /** Bytes that were put into parts for it. */
  get writtenBytes(): number {
    return this.#accounts.writtenBytes;
  }

  next(): IteratorResult<DrawnRecord, void> {
    const next = this.#records.next();
    if (next.done === true || next.value === null) return next;
    const { kind, bytes } = next.value;
    if ((kind & storedMark) !== 0) this.#files.add(placeOf(bytes).file);
    return next;
  }

  return(): IteratorResult<DrawnRecord, void> {
    this.#accounts.return();
    return this.#records.return?.() ?? { done: true, value: undefined };
  }
}

/** To be ended, also before anything was drawn: until then accounts are copied for it. */
interface AccountRecords extends Iterator<SnapshotRecord, void> {
  readonly writtenBytes: number;
  return(): IteratorResult<SnapshotRecord, void>;
}

class WholeAccounts implements AccountRecords {
  readonly writtenBytes = 0;
  readonly #blocks: AccountBlockWriter;

  constructor(blocks: AccountBlockWriter) {
    this.#blocks = blocks;
  }

  next(): IteratorResult<SnapshotRecord, void> {
    const block = this.#blocks.next();
    if (block.done === true) return block;
    return { done: false, value: { kind: RecordKind.accounts, bytes: block.value } };
  }

  return(): IteratorResult<SnapshotRecord, void> {
    this.#blocks.return();
    return { done: true, value: undefined };
  }
}

class StoredAccounts implements AccountRecords {
  readonly #places: AccountCheckpoint;

  constructor(places: AccountCheckpoint) {
    this.#places = places;
  }

  get writtenBytes(): number {
    return this.#places.writtenBytes;
  }

  next(): IteratorResult<SnapshotRecord, void> {
    const place = this.#places.next();
    if (place.done === true) return place;
    return { done: false, value: storedRecord(RecordKind.accounts, place.value) };
  }

  return(): IteratorResult<SnapshotRecord, void> {
    this.#places.return();
    return { done: true, value: undefined };
  }
}

function headOf(state: BooksState): SnapshotRecord {
  const bytes = new Uint8Array(snapshotHeadBytes);
  const view = new DataView(bytes.buffer);
  bytes[0] = snapshotVersion;
  view.setBigUint64(1, state.timeline.last, true);
  view.setFloat64(9, state.batches, true);
  view.setFloat64(17, state.accounts.count, true);
  view.setFloat64(25, state.transfers.count, true);
  view.setFloat64(33, state.history.count, true);
  return { kind: RecordKind.head, bytes };
}

function* records(
  state: BooksState,
  isWhole: boolean,
  frozen: Frozen,
): Generator<DrawnRecord, void> {
  yield frozen.head;
  const { accounts } = frozen;
  for (let next = accounts.next(); next.done !== true; next = accounts.next()) yield next.value;
  yield* chunkRecords(state, frozen, isWhole);
  yield* statusRecords(state, frozen, isWhole);
  yield* historyRecords(state, frozen);
  yield* frozen.ids;
  for (let from = 0; from < frozen.farLinks.length; from += rowsPerRecord)
    yield farLinkRecord(frozen.farLinks.slice(from, from + rowsPerRecord));
  yield { kind: RecordKind.end, bytes: new Uint8Array(0) };
}

function* chunkRecords(
  { transfers, parts }: BooksState,
  { transfers: { chunkCount, open, openCount } }: Frozen,
  isWhole: boolean,
): Generator<DrawnRecord, void> {
  const { sealed } = transfers;
  for (let chunk = 0; chunk < chunkCount; chunk++) {
    while (sealed.count <= chunk) {
      transfers.sealStep();
      if (!isWhole) yield null;
    }
    const place = sealed.placeOf(chunk);
    if (place === null || parts === null)
      yield { kind: RecordKind.chunk, bytes: sealed.at(chunk).bytes };
    else if (isWhole) yield { kind: RecordKind.chunk, bytes: parts.read(place) };
    else yield storedRecord(RecordKind.chunk, place);
  }
  if (openCount === 0) return;
  const sealing = new ChunkSealing(open, openCount, new ColumnWriter());
  let last = sealing.step();
  for (; last === null; last = sealing.step()) if (!isWhole) yield null;
  yield { kind: RecordKind.chunk, bytes: last.bytes };
}

function* statusRecords(
  { parts }: BooksState,
  { statuses: all }: Frozen,
  isWhole: boolean,
): Generator<SnapshotRecord, void> {
  for (const frozen of all) {
    if (frozen.place === null)
      yield { kind: RecordKind.statuses, bytes: encodeStatuses(frozen.chunk, frozen.bytes) };
    else if (!isWhole || parts === null) yield storedStatusesRecord(frozen);
    else
      yield {
        kind: RecordKind.statuses,
        bytes: wholeStatuses(frozen, parts.read(frozen.place)),
      };
  }
}

function* historyRecords(
  { history }: BooksState,
  { fullHistory, historyCount }: Frozen,
): Generator<SnapshotRecord, void> {
  for (let chunk = 0; chunk < fullHistory; chunk++) {
    const place = history.full.placeOf(chunk);
    if (place !== null) yield storedRecord(RecordKind.history, place);
  }
  const first = history.recordsIn(fullHistory);
  if (first > 0) {
    let rows: (readonly [number, number])[] = [];
    for (const [slot, newest] of history.newest) {
      const record = history.newestBefore(newest, first);
      if (record >= 0) rows.push([slot, record]);
      if (rows.length < rowsPerRecord) continue;
      yield newestRecord(rows);
      rows = [];
    }
    if (rows.length > 0) yield newestRecord(rows);
  }
  for (let from = first; from < historyCount; from += historyRowsPerRecord) {
    const to = Math.min(from + historyRowsPerRecord, historyCount);
    const bytes = encodeHistoryRows(from, to, (row) => history.recordAt(row));
    yield { kind: RecordKind.history, bytes };
  }
}

function newestRecord(rows: readonly (readonly [number, number])[]): SnapshotRecord {
  const bytes = new Uint8Array(rows.length * newestBytes);
  const view = new DataView(bytes.buffer);
  for (const [at, [slot, record]] of rows.entries()) {
    view.setUint32(at * newestBytes, slot, true);
    view.setFloat64(at * newestBytes + 4, record, true);
  }
  return { kind: RecordKind.newest, bytes };
}

function farLinkRecord(links: Frozen['farLinks']): SnapshotRecord {
  const bytes = new Uint8Array(links.length * linkBytes);
  const view = new DataView(bytes.buffer);
  for (const [at, [key, position]] of links.entries()) {
    view.setFloat64(at * linkBytes, key, true);
    view.setFloat64(at * linkBytes + 8, position, true);
  }
  return { kind: RecordKind.farLinks, bytes };
}
