import { AccountBlockWriter } from '../accounts/account-block-writer.ts';
import type { BooksState } from '../books/books-state.ts';
import type { FrozenStatuses } from '../transfers/pending-statuses.ts';
import type { SealedChunk } from '../transfers/sealed-chunk.ts';
import type { SnapshotRecord } from './record-writer.ts';
import {
  historyRowBytes,
  historyRowsPerRecord,
  idsPerRecord,
  linksPerRecord,
  RecordKind,
  snapshotHeadBytes,
  snapshotVersion,
} from './snapshot-layout.ts';

/**
 * The records of a ledger's state as it is when this is made, whatever is applied while they are
 * drawn. Chunks never change and are shared; of accounts and statuses what is written to is copied.
 */
export class LedgerSnapshot implements Iterator<SnapshotRecord, void> {
  readonly #accounts: AccountBlockWriter;
  readonly #rest: Iterator<SnapshotRecord, void>;
  readonly #head: SnapshotRecord;
  #stage: 'head' | 'accounts' | 'rest' = 'head';

  constructor(state: BooksState) {
    const { accounts, transfers, statuses, history, ids } = state;
    this.#head = headOf(state);
    this.#accounts = new AccountBlockWriter(accounts.chunks, accounts.openSnapshot());
    const open = transfers.freezeOpen();
    const chunks = open === null ? [...transfers.sealed] : [...transfers.sealed, open];
    const frozen = {
      chunks,
      statuses: statuses.freeze(),
      historyCount: history.count,
      strayCount: ids.strayCount,
      farLinks: [...transfers.farLinks],
    };
    this.#rest = restOf(state, frozen);
  }

  next(): IteratorResult<SnapshotRecord, void> {
    if (this.#stage === 'head') {
      this.#stage = 'accounts';
      return { done: false, value: this.#head };
    }
    if (this.#stage === 'accounts') {
      const block = this.#accounts.next();
      if (block.done !== true)
        return { done: false, value: { kind: RecordKind.accounts, bytes: block.value } };
      this.#stage = 'rest';
    }
    return this.#rest.next();
  }

  return(): IteratorResult<SnapshotRecord, void> {
    this.#accounts.return();
    this.#stage = 'rest';
    this.#rest.return?.();
    return { done: true, value: undefined };
  }
}

/** What is taken at once, and what of it only has its first so many entries. */
interface Frozen {
  readonly chunks: readonly SealedChunk[];
  readonly statuses: FrozenStatuses;
  readonly historyCount: number;
  readonly strayCount: number;
  readonly farLinks: readonly (readonly [number, number])[];
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

function* restOf(state: BooksState, frozen: Frozen): Generator<SnapshotRecord, void> {
  for (const { bytes } of frozen.chunks) yield { kind: RecordKind.chunk, bytes };
  for (const [at, chunk] of frozen.statuses.chunks.entries()) {
    if (chunk === undefined) continue;
    const bytes = new Uint8Array(4 + chunk.length);
    new DataView(bytes.buffer).setUint32(0, at, true);
    bytes.set(chunk, 4);
    yield { kind: RecordKind.statuses, bytes };
  }
  for (let from = 0; from < frozen.historyCount; from += historyRowsPerRecord)
    yield historyRecord(state, from, Math.min(from + historyRowsPerRecord, frozen.historyCount));
  for (let from = 0; from < frozen.strayCount; from += idsPerRecord)
    yield failedRecord(state, from, Math.min(from + idsPerRecord, frozen.strayCount));
  for (let from = 0; from < frozen.farLinks.length; from += linksPerRecord)
    yield farLinkRecord(frozen.farLinks.slice(from, from + linksPerRecord));
  yield { kind: RecordKind.end, bytes: new Uint8Array(0) };
}

function historyRecord({ history }: BooksState, from: number, to: number): SnapshotRecord {
  const bytes = new Uint8Array((to - from) * historyRowBytes);
  const view = new DataView(bytes.buffer);
  for (let row = from, at = 0; row < to; row++, at += historyRowBytes) {
    const { slot, micros, nanos, balances } = history.recordAt(row);
    view.setUint32(at, slot, true);
    view.setFloat64(at + 4, micros, true);
    view.setUint16(at + 12, nanos, true);
    balances.forEach((balance, kind) => {
      view.setBigUint64(at + 14 + kind * 16, balance & 0xffff_ffff_ffff_ffffn, true);
      view.setBigUint64(at + 22 + kind * 16, balance >> 64n, true);
    });
  }
  return { kind: RecordKind.history, bytes };
}

function failedRecord({ ids }: BooksState, from: number, to: number): SnapshotRecord {
  const lanes: number[] = [];
  ids.forEachFailed(from, to, (source, at) => {
    for (let lane = 0; lane < 4; lane++) lanes.push(source[at + lane] as number);
  });
  const bytes = new Uint8Array(lanes.length * 4);
  const view = new DataView(bytes.buffer);
  lanes.forEach((lane, at) => {
    view.setInt32(at * 4, lane, true);
  });
  return { kind: RecordKind.failedIds, bytes };
}

function farLinkRecord(links: Frozen['farLinks']): SnapshotRecord {
  const bytes = new Uint8Array(links.length * 16);
  const view = new DataView(bytes.buffer);
  links.forEach(([key, position], at) => {
    view.setFloat64(at * 16, key, true);
    view.setFloat64(at * 16 + 8, position, true);
  });
  return { kind: RecordKind.farLinks, bytes };
}
