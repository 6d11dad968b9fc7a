import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { Books } from '../../src/books/books.ts';
import { type BooksLimits, BooksState } from '../../src/books/books-state.ts';
import { TransferBatchBuilder } from '../../src/columns/transfer-batch-builder.ts';
import { GatheredIds } from '../../src/gathering/gathered-ids.ts';
import { GatheredRow } from '../../src/gathering/gathered-row.ts';
import { RowGathering } from '../../src/gathering/row-gathering.ts';
import { encodeLedgerCommand } from '../../src/machine/ledger-command.ts';
import { TransferFlag } from '../../src/model/transfer.ts';
import { TransferResult } from '../../src/model/transfer-results.ts';
import { MemoryParts } from '../../src/parts/memory-parts.ts';
import { positionOf, transferAt } from '../../src/queries/read-transfer.ts';
import { LaneColumn, laneCounts, NumberColumn } from '../../src/transfers/transfer-chunk.ts';
import { BooksAdapter } from '../books-adapter.ts';
import { compareSeeds } from '../oracle/compare.ts';
import { GatheringBooks, tightLimits } from './gathering-books.ts';

const file = 'packages/ledger/test/gathering/row-gathering.test.ts';
const { pending, postPendingTransfer } = TransferFlag;

test('books that gather what is on disk are those of the oracle, and apply reads none', () => {
  const all: GatheringBooks[] = [];
  const make = (): BooksAdapter => {
    const books = new GatheringBooks(all.length + 1);
    all.push(books);
    return new BooksAdapter(books);
  };
  compareSeeds(6, 300, make, { file, largestBatch: 60 });
  const sum = (key: keyof GatheringBooks['counts']): number =>
    all.reduce((count, { counts }) => count + counts[key], 0);
  assert.ok(sum('gathered') > 500, `${sum('gathered')} transfers were gathered`);
  assert.ok(sum('ids') > 500, `${sum('ids')} ids were gathered`);
  // All rows of such small batches are looked at. What one of them adds may be put away at once.
  assert.equal(sum('readByApply'), 0);
});

test('books whose larger batches are only tried are those of the oracle', () => {
  const make = (): BooksAdapter => new BooksAdapter(new GatheringBooks(3));
  compareSeeds(2, 150, make, { file, largestBatch: 2000 });
});

/** Two accounts, and transfers 1 to `count` between them, each pending. */
function filledBooks(count: number, limits: BooksLimits = tightLimits): GatheringBooks {
  const books = new GatheringBooks(9, limits);
  const adapter = new BooksAdapter(books);
  adapter.createAccounts(
    [1n, 2n].map((id) => ({ id, ledger: 1, code: 1 })),
    1,
  );
  for (let at = 0; at < count; at += 50) {
    const events = Array.from({ length: 50 }, (_, more) => transferOf(BigInt(at + more + 1)));
    adapter.createTransfers(events, at + 2);
  }
  return books;
}

function transferOf(id: bigint) {
  const sides = { debitAccountId: 1n, creditAccountId: 2n };
  return { id, ...sides, amount: 2n ** 70n + id, ledger: 1, code: 7, flags: pending };
}

function entryOf(events: readonly { id: bigint; pendingId?: bigint; flags?: number }[]) {
  const batch = new TransferBatchBuilder();
  for (const event of events) batch.add({ ...transferOf(event.id), ...event });
  const command = encodeLedgerCommand({ kind: 'transfers', batch: batch.encode() });
  return { index: 1, term: 1, timestampMicros: 1_000_000, command };
}

test('each chunk is read once, little at a time, however the transfers are ordered', () => {
  const { state } = filledBooks(6400);
  const ids = new Prng(4).shuffle(Array.from({ length: 6000 }, (_, at) => BigInt(at + 1)));
  const before = state.transfers.sealed.reads;
  const gathering = RowGathering.of(state, [entryOf(ids.map((id) => ({ id })))], new Prng(1));
  assert.ok(gathering !== null);
  let last = state.transfers.sealed.reads;
  for (let isWhole = false; !isWhole; ) {
    isWhole = gathering.step();
    assert.ok(state.transfers.sealed.reads - last <= 4, 'a step takes a few milliseconds');
    last = state.transfers.sealed.reads;
  }
  const chunks = Math.ceil(6000 / tightLimits.transfersPerChunk);
  assert.ok(last - before <= chunks + 1, `${last - before} reads of ${chunks} chunks`);
  assert.equal(state.transfers.gathered?.size, 6000);
});

test('a row that was gathered is the row, in all its columns, and no other one', () => {
  const { state } = filledBooks(200);
  const { transfers } = state;
  for (const position of [0, 40, 100]) {
    const [chunk, row] = [transfers.wholeChunkOf(position), transfers.rowOf(position)];
    const gathered = new GatheredRow(chunk, row);
    for (const column of Object.values(NumberColumn))
      assert.equal(gathered.number(column, row), chunk.number(column, row));
    for (const column of Object.values(LaneColumn))
      for (let lane = 0; lane < laneCounts[column]; lane++)
        assert.equal(gathered.lane(column, row, lane), chunk.lane(column, row, lane));
    const transfer = transferAt(state, position);
    transfers.gathered = new Map([[position, gathered]]);
    assert.deepEqual(transferAt(state, position), transfer);
    transfers.gathered = null;
    assert.throws(() => gathered.timestamp(row + 1), { name: 'AssertionFailed' });
  }
});

test('nothing is gathered where all is in memory or new, or for other entries', () => {
  const prng = new Prng(2);
  const old = entryOf([{ id: 1n }, { id: 50n }]);
  const inMemory = filledBooks(200, { ...tightLimits, loadedBytes: 1_000_000 });
  assert.equal(RowGathering.of(inMemory.state, [old], prng), null);
  assert.equal(RowGathering.of(new BooksState(), [old], prng), null);
  const { state } = filledBooks(1000);
  assert.notEqual(RowGathering.of(state, [old], prng), null);
  const fresh = Array.from({ length: 500 }, (_, at) => ({ id: BigInt(at + 5000) }));
  const malformed = { ...old, command: old.command.subarray(0, old.command.length - 1) };
  const others = [entryOf(fresh), malformed, { ...old, command: Uint8Array.of() }];
  assert.equal(RowGathering.of(state, others, prng), null);
  // Beside others, it is found; a malformed one between takes nothing away.
  const gathering = RowGathering.of(state, [old, malformed], prng);
  while (gathering?.step() === false);
  assert.equal(state.transfers.gathered?.size, 2);
});

test('of a large batch a few rows are tried, and nobody knows which', () => {
  const { state } = filledBooks(1000);
  const events = (isOld: (row: number) => boolean) =>
    Array.from({ length: 4096 }, (_, row) => ({ id: BigInt(isOld(row) ? 1 : 5000 + row) }));
  const tries = Array.from({ length: 20 }, (_, seed) => seed);
  const found = (isOld: (row: number) => boolean): number =>
    tries.filter(
      (seed) => RowGathering.of(state, [entryOf(events(isOld))], new Prng(seed)) !== null,
    ).length;
  for (const rest of [0, 1])
    assert.equal(
      found((row) => row % 2 === rest),
      tries.length,
    );
  assert.equal(
    found((row) => row % 128 < 64),
    tries.length,
  );
  const few = found((row) => row % 128 === 5);
  assert.ok(few > 0 && few < tries.length, `${few} of ${tries.length}`);
});

test('a status that was put away is gathered, and not used once it was put away again', () => {
  const rows = tightLimits.transfersPerChunk;
  const books = filledBooks(rows * 10 + 4);
  const { state } = books;
  const adapter = new BooksAdapter(books);
  const post = (id: number) => ({ id: BigInt(id + 9000), pendingId: BigInt(id) });
  const settled = (ids: readonly number[]): readonly number[] =>
    adapter.createTransfers(
      ids.map((id) => ({ ...transferOf(0n), ...post(id), amount: 0n, flags: postPendingTransfer })),
      2_000_000 + ids.length,
    ).results;
  const all = Array.from({ length: rows * 10 }, (_, at) => at + 1);
  assert.deepEqual(new Set(settled(all)), new Set([0]));
  const { statuses } = state;
  assert.ok(!statuses.stored.areAllLoaded);
  const again = all.map((id) => ({ id: BigInt(id + 20_000), pendingId: BigInt(id) }));
  const entry = entryOf(again.map((one) => ({ ...one, flags: postPendingTransfer })));
  const gathering = RowGathering.of(state, [entry], new Prng(1));
  while (gathering?.step() === false);
  const gathered = statuses.gathered;
  assert.ok(gathered !== null && gathered.size > 0);
  for (const [position, { shelf, status }] of gathered) {
    assert.equal(status, 2);
    assert.equal(statuses.get(position), 2);
    statuses.gathered = new Map([[position, { shelf, status: 3 }]]);
    assert.equal(statuses.get(position), 3, 'it is what is gathered that is used');
    statuses.gathered = new Map([[position, { shelf: shelf + 1, status: 3 }]]);
    assert.equal(statuses.get(position), 2);
  }
  statuses.gathered = null;
  assert.deepEqual(
    new Set(settled(all.map((id) => id)).values()),
    new Set([TransferResult.exists, TransferResult.existsWithDifferentAmount].slice(0, 1)),
  );
});

test('an id that was gathered is what it was found to be, and is not looked for again', () => {
  const state = new BooksState(4, new MemoryParts(), tightLimits);
  const books = new BooksAdapter(new Books(state));
  books.createAccounts(
    [1n, 2n].map((id) => ({ id, ledger: 1, code: 1 })),
    1,
  );
  const prng = new Prng(8);
  const ids = Array.from({ length: 1000 }, () => BigInt(prng.uint32()) << 64n);
  for (let at = 0; at < ids.length; at += 50)
    books.createTransfers(ids.slice(at, at + 50).map(transferOf), at + 2);
  const gathering = RowGathering.of(state, [entryOf(ids.map((id) => ({ id })))], prng);
  while (gathering?.step() === false);
  const gathered = state.ids.gathered;
  assert.equal(gathered?.count, ids.length);
  for (const [position, id] of ids.entries()) {
    assert.equal(gathered.find(0, 0, Number(id >> 64n) | 0, 0), position);
    assert.equal(positionOf(state, id), position);
  }
  const other = new GatheredIds(9);
  other.add(0, 0, Number((ids[3] as bigint) >> 64n) | 0, 0, 77);
  state.ids.gathered = other;
  assert.equal(positionOf(state, ids[3] as bigint), 77);
  assert.equal(positionOf(state, ids[4] as bigint), 4);
});
