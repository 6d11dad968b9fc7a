import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import { ColumnWriter } from '../../src/columns/column-writer.ts';
import { MemoryParts } from '../../src/parts/memory-parts.ts';
import { ChunkSealing, sealingSteps } from '../../src/transfers/chunk-sealing.ts';
import type { SealedChunk } from '../../src/transfers/sealed-chunk.ts';
import { NumberColumn, type TransferChunk } from '../../src/transfers/transfer-chunk.ts';
import { type FrozenTransfers, Side, TransferStore } from '../../src/transfers/transfer-store.ts';

const rowsPerChunk = 40;

/** What a row has, in columns of every kind; most leave the rare ones empty. */
interface Row {
  readonly id: number;
  readonly amount: bigint;
  readonly code: number;
  readonly timeout: number;
  readonly userData: number;
  readonly previous: number;
  readonly timestamp: bigint;
}

/** Rows as they were put in, beside a store of them. */
class WatchedStore {
  readonly store = new TransferStore(new MemoryParts(), rowsPerChunk);
  readonly rows: Row[] = [];
  readonly #prng: Prng;
  #micros = 2 ** 40;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  /** As a batch does, and the end of one. */
  add(count: number): void {
    const { open } = this.store;
    this.#micros += this.#prng.below(3);
    for (let at = 0; at < count; at++) {
      const row = this.#draw(this.rows.length);
      const slot = open.count;
      open.ids.set([row.id, 1, 2, 3], slot * 4);
      open.codes[slot] = row.code;
      const moment = row.timestamp;
      open.micros[slot] = Number(moment / 1000n);
      open.nanos[slot] = Number(moment % 1000n);
      if (row.amount < 2n ** 53n) open.amounts[slot] = Number(row.amount);
      else open.setWideAmount(slot, row.amount);
      if (row.timeout > 0) open.timeouts[slot] = row.timeout;
      if (row.userData > 0) open.lanes(3)[slot * 2] = row.userData;
      open.count += 1;
      this.store.link(this.rows.length, Side.debit, row.previous);
      this.rows.push(row);
    }
    this.store.settle();
  }

  #draw(position: number): Row {
    const prng = this.#prng;
    const isRare = prng.chance(0.1);
    return {
      id: prng.below(2 ** 32),
      amount: isRare ? 2n ** 100n + BigInt(position) : BigInt(1 + prng.below(1000)),
      code: 1 + prng.below(3),
      timeout: isRare ? 7 : 0,
      userData: isRare ? 1 + prng.below(9) : 0,
      previous: position === 0 || prng.chance(0.2) ? -1 : prng.below(position),
      timestamp: BigInt(this.#micros) * 1000n + BigInt(position % 1000),
    };
  }

  /** Looks at every row. */
  check(): void {
    const { store } = this;
    assert.equal(store.count, this.rows.length);
    for (const [position, row] of this.rows.entries()) {
      assert.deepEqual(readRow(store.chunkOf(position), store.rowOf(position)), plain(row));
      assert.equal(store.amount(position), row.amount);
      assert.equal(store.previous(position, Side.debit), row.previous);
    }
  }
}

function readRow(chunk: TransferChunk, row: number) {
  const amount = chunk.number(NumberColumn.amount, row);
  return {
    id: chunk.lane(0, row, 0),
    amount: Number.isNaN(amount) ? chunk.wideAmount(row) : BigInt(amount),
    code: chunk.number(NumberColumn.code, row),
    timeout: chunk.number(NumberColumn.timeout, row),
    userData: chunk.lane(3, row, 0),
    timestamp: chunk.timestamp(row),
  };
}

function plain({ id, amount, code, timeout, userData, timestamp }: Row): Omit<Row, 'previous'> {
  return { id, amount, code, timeout, userData, timestamp };
}

function sealAtOnce({ open, openCount }: FrozenTransfers): SealedChunk {
  const sealing = new ChunkSealing(open, openCount, new ColumnWriter());
  for (let step = 1; step < sealingSteps; step++) assert.equal(sealing.step(), null);
  const sealed = sealing.step();
  assert.ok(sealed !== null);
  return sealed;
}

describe('transfers', () => {
  it('are found wherever they are: open, in a full chunk that is being sealed, sealed', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const prng = new Prng(seed);
      const watched = new WatchedStore(prng);
      for (let batch = 0; batch < 40; batch++) {
        watched.add(prng.pick([0, 1, 3, 7, 30, prng.below(200)]));
        watched.check();
      }
    }
  });

  it('are sealed in steps, and before the next chunk is full', () => {
    const watched = new WatchedStore(new Prng(5));
    let mostBehind = 0;
    for (let batch = 0; batch < rowsPerChunk * 20; batch++) {
      const { sealed, openPosition } = watched.store;
      const chunks = openPosition / rowsPerChunk;
      mostBehind = Math.max(mostBehind, chunks - sealed.count);
      const hadRows = watched.store.count - openPosition;
      if (hadRows > rowsPerChunk * 0.75) assert.equal(sealed.count, chunks, 'sealed by now');
      watched.add(1);
      if (watched.store.openPosition > openPosition)
        assert.equal(watched.store.sealed.count, chunks, 'not all at once');
    }
    assert.equal(mostBehind, 1);
  });

  it('stay as they are for a snapshot while their columns would be used again', () => {
    const prng = new Prng(9);
    const watched = new WatchedStore(prng);
    const taken: { readonly frozen: FrozenTransfers; readonly rows: readonly Row[] }[] = [];
    for (let batch = 0; batch < 200; batch++) {
      watched.add(prng.below(12));
      if (!prng.chance(0.3)) continue;
      const frozen = watched.store.freeze();
      const from = frozen.chunkCount * rowsPerChunk;
      assert.equal(watched.rows.length, from + frozen.openCount);
      if (frozen.openCount > 0) taken.push({ frozen, rows: watched.rows.slice(from) });
    }
    assert.ok(taken.length > 20);
    for (const { frozen, rows } of taken) {
      const sealed = sealAtOnce(frozen);
      for (const [row, wanted] of rows.entries())
        assert.deepEqual(readRow(sealed, row), plain(wanted));
    }
  });

  it('need no new columns for each chunk', () => {
    const watched = new WatchedStore(new Prng(2));
    const columns = new Set<TransferChunk>();
    for (let batch = 0; batch < 100; batch++) {
      watched.add(20);
      columns.add(watched.store.open);
    }
    assert.equal(columns.size, 2);
    watched.check();
  });
});
