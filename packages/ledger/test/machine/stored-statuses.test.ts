import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@quorate/base';
import { LedgerError } from '../../src/ledger-error.ts';
import type { LedgerMachine } from '../../src/machine/ledger-machine.ts';
import { RecordReader } from '../../src/machine/record-reader.ts';
import { recordHead, type SnapshotRecord } from '../../src/machine/record-writer.ts';
import { RecordKind, storedMark } from '../../src/machine/snapshot-layout.ts';
import { TransferFlag } from '../../src/model/transfer.ts';
import { PendingStatus } from '../../src/transfers/pending-statuses.ts';
import { BooksAdapter } from '../books-adapter.ts';
import type { TransferEvent } from '../oracle/books-under-test.ts';
import { PartsDisk } from '../parts/parts-disk.ts';
import { contentOf, drawn, openMachine, restore } from './checkpointed-books.ts';

const storedStatuses = RecordKind.statuses | storedMark;
const rows = 32;
/** Bytes of the place before, and of the chunk before its rows. */
const [placeBytes, headBytes] = [24, 28];

function transfer(id: number, more: Partial<TransferEvent> = {}): TransferEvent {
  return {
    ...{ id: BigInt(id + 1), debitAccountId: 1n, creditAccountId: 2n, amount: 5n },
    ...{ ledger: 1, code: 1, ...more },
  };
}

/** Nine chunks and a row; in the first, rows 3 and 20 are pending: one until it is posted. */
function pendingLedger(disk: PartsDisk): LedgerMachine {
  const machine = openMachine(disk);
  const books = new BooksAdapter(machine.books);
  const accounts = [1n, 2n].map((id) => ({ id, ledger: 1, code: 1 }));
  books.createAccounts(accounts, 1_000_000);
  const events = Array.from({ length: 9 * rows + 1 }, (_, id) => transfer(id));
  events[3] = transfer(3, { flags: TransferFlag.pending });
  events[20] = transfer(20, { flags: TransferFlag.pending, timeout: 60 });
  const { results } = books.createTransfers(events, 2_000_000);
  assert.ok(results.every((result) => result === 0));
  return machine;
}

function post(machine: LedgerMachine, id: number, micros: number): void {
  const flags = TransferFlag.postPendingTransfer;
  const one = transfer(1_000_000 + id, { flags, pendingId: BigInt(id + 1) });
  const { results } = new BooksAdapter(machine.books).createTransfers([one], micros);
  assert.deepEqual([...results], [0]);
}

function recordsOf(chunks: readonly Uint8Array[]): SnapshotRecord[] {
  const records: SnapshotRecord[] = [];
  const reader = new RecordReader((kind, bytes) => void records.push({ kind, bytes }));
  for (const chunk of chunks) reader.read(chunk);
  return records;
}

function chunkOf(records: readonly SnapshotRecord[]): Uint8Array {
  return concatBytes(records.flatMap(({ kind, bytes }) => [recordHead(kind, bytes.length), bytes]));
}

function checkpointOf(machine: LedgerMachine, disk: PartsDisk): SnapshotRecord[] {
  const checkpoint = machine.checkpoints.take(1);
  const chunks = drawn(checkpoint);
  checkpoint.persist((error) => assert.equal(error, null));
  disk.settle();
  return recordsOf(chunks);
}

/** After the place, of the only chunk that something is pending in. */
function statusesIn(records: readonly SnapshotRecord[]): number[] {
  const found = records.filter(({ kind }) => (kind & ~storedMark) === RecordKind.statuses);
  assert.deepEqual(
    found.map(({ kind }) => kind),
    [storedStatuses],
  );
  return [...(found[0]?.bytes.subarray(placeBytes) ?? [])];
}

test('a checkpoint lists what was pending when statuses were stored, and what became of it', () => {
  const disk = new PartsDisk(1);
  const machine = pendingLedger(disk);
  const chunk = [0, 0, 0, 0];
  const { open, posted, expired } = PendingStatus;
  assert.deepEqual(statusesIn(checkpointOf(machine, disk)), [...chunk, 3, 0, open, 20, 0, open]);
  post(machine, 3, 3_000_000);
  const records = checkpointOf(machine, disk);
  assert.deepEqual(statusesIn(records), [...chunk, 3, 0, posted, 20, 0, open]);
  const other = openMachine(disk);
  restore(other, [chunkOf(records)]);
  assert.equal(contentOf(other), contentOf(machine));
  const { state } = other.books;
  assert.equal(state.statuses.openCount, 1);
  assert.equal(state.nextExpiry(), 62_000_000_000n + 20n);
  for (const each of [machine, other]) {
    new BooksAdapter(each.books).pulse(90_000_000);
    assert.equal(each.books.state.statuses.get(20), expired);
    assert.equal(each.books.state.statuses.openCount, 0);
  }
  new BooksAdapter(machine.books).createTransfers([transfer(2_000_000)], 91_000_000);
  // All are stored anew, and nothing is left that may change.
  assert.deepEqual(statusesIn(checkpointOf(machine, disk)), chunk);
});

test('a checkpoint in which nothing is pending any more lists nothing, and is read', () => {
  const disk = new PartsDisk(2);
  const machine = pendingLedger(disk);
  post(machine, 3, 3_000_000);
  post(machine, 20, 3_000_001);
  const records = checkpointOf(machine, disk);
  assert.deepEqual(statusesIn(records), [0, 0, 0, 0]);
  const content = contentOf(machine);
  const other = openMachine(disk);
  restore(other, [chunkOf(records)]);
  assert.equal(contentOf(other), content);
  const expansion = other.checkpoints.expand();
  const whole = expansion.expand(chunkOf(records)).map((draw) => draw());
  expansion.close();
  const statuses = recordsOf(whole).filter(({ kind }) => kind === RecordKind.statuses);
  const wanted = new Uint8Array(4 + rows);
  wanted.set([PendingStatus.posted], 4 + 3);
  wanted.set([PendingStatus.posted], 4 + 20);
  assert.deepEqual(
    statuses.map(({ bytes }) => bytes),
    [wanted],
  );
});

test('behind stored statuses that a checkpoint refers to goes what comes next', () => {
  const disk = new PartsDisk(6);
  const [machine, wanted] = [pendingLedger(disk), pendingLedger(new PartsDisk(7))];
  checkpointOf(machine, disk);
  // With which they are stored anew, behind all else.
  for (const each of [machine, wanted]) for (const id of [3, 20]) post(each, id, 2_000_001 + id);
  const records = checkpointOf(machine, disk);
  machine.checkpoints.close(() => undefined);
  disk.settle();
  const other = openMachine(disk);
  restore(other, [chunkOf(records)]);
  disk.settle();
  assert.equal(disk.list().filter((name) => name.startsWith('history')).length, 1);
  for (const each of [other, wanted]) {
    const events = Array.from({ length: 3 * rows }, (_, at) => transfer(5000 + at));
    new BooksAdapter(each.books).createTransfers(events, 3_000_000);
  }
  disk.settle();
  assert.equal(contentOf(other), contentOf(wanted));
});

test('nothing is stored while a checkpoint is read, but after the next entry', () => {
  const disk = new PartsDisk(8);
  const machine = openMachine(disk);
  const books = new BooksAdapter(machine.books);
  const accounts = [1n, 2n].map((id) => ({ id, ledger: 1, code: 1 }));
  books.createAccounts(accounts, 1_000_000);
  const pending = { flags: TransferFlag.pending, timeout: 1 };
  const events = Array.from({ length: 2 * rows + 9 }, (_, id) =>
    transfer(id, id % 20 === 7 ? pending : {}),
  );
  books.createTransfers(events, 2_000_000);
  // They expire without an entry after which something could be put away.
  books.pulse(4_000_000);
  const records = checkpointOf(machine, disk);
  const found = records.filter(({ kind }) => kind === RecordKind.statuses);
  assert.equal(found.length, 3);
  const [files, bytes] = [disk.list(), disk.disk.usedBytes];
  machine.checkpoints.close(() => undefined);
  const other = openMachine(disk);
  restore(other, [chunkOf(records)]);
  disk.settle();
  assert.deepEqual([disk.list(), disk.disk.usedBytes], [files, bytes]);
  assert.equal(other.books.state.statuses.stored.count, 0);
  new BooksAdapter(other.books).createTransfers([transfer(9000)], 5_000_000);
  disk.settle();
  assert.deepEqual(disk.list(), files);
  assert.equal(other.books.state.statuses.stored.count, 2);
});

test('what is sent of a checkpoint has the statuses of its moment', () => {
  const disk = new PartsDisk(3);
  const machine = pendingLedger(disk);
  post(machine, 3, 3_000_000);
  const content = contentOf(machine);
  const records = checkpointOf(machine, disk);
  post(machine, 20, 4_000_000);
  const expansion = machine.checkpoints.expand();
  const whole = expansion.expand(chunkOf(records)).map((draw) => draw());
  expansion.close();
  const other = openMachine(new PartsDisk(4));
  restore(other, whole);
  assert.equal(contentOf(other), content);
  assert.equal(other.books.state.statuses.stored.count, 1);
});

test('stored statuses that cannot be are refused', () => {
  const disk = new PartsDisk(5);
  const machine = pendingLedger(disk);
  const records = checkpointOf(machine, disk);
  const refused = (change: (bytes: Uint8Array) => Uint8Array | readonly Uint8Array[]): void => {
    const changed = records.flatMap(({ kind, bytes }) => {
      if (kind !== storedStatuses) return [{ kind, bytes }];
      return [change(bytes.slice())].flat().map((one) => ({ kind, bytes: one }));
    });
    const other = openMachine(disk);
    assert.throws(
      () => restore(other, [chunkOf(changed)]),
      (error) => error instanceof LedgerError && error.code === 'LEDGER_SNAPSHOT_INVALID',
    );
    other.checkpoints.close(() => undefined);
    disk.settle();
  };
  refused((bytes) => bytes.subarray(0, placeBytes - 1));
  refused((bytes) => bytes.subarray(0, placeBytes + 3));
  refused((bytes) => bytes.subarray(0, headBytes + 2));
  // Rows that are not there, or not in order; statuses that there are not.
  refused((bytes) => bytes.with(headBytes + 3, rows));
  refused((bytes) => bytes.with(headBytes + 3, 3));
  refused((bytes) => bytes.with(headBytes, 21));
  refused((bytes) => bytes.with(headBytes + 2, 0));
  refused((bytes) => bytes.with(headBytes + 2, 5));
  // Of a chunk that is not full, and of the same one once more.
  refused((bytes) => bytes.with(placeBytes, 9));
  refused((bytes) => [bytes, bytes]);
  // A part with as many rows as no chunk has.
  refused((bytes) => bytes.with(16, 4 + rows + 1));
});
