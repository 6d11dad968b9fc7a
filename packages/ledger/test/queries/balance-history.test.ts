import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Prng } from '@quorate/base';
import { MemoryParts } from '../../src/parts/memory-parts.ts';
import { BalanceHistory } from '../../src/transfers/balance-history.ts';

const recordsPerChunk = new BalanceHistory().recordsIn(1);
const source = { balanceNumber: () => 1, balance: () => 1n };

/** Counts how often a record is looked at. */
class CountedHistory extends BalanceHistory {
  looks = 0;

  override timestampAt(record: number): bigint {
    this.looks++;
    return super.timestampAt(record);
  }

  override ordinalOf(record: number): number {
    this.looks++;
    return super.ordinalOf(record);
  }
}

/** Every third record is of account 7; the others are of two more. */
function fill(history: BalanceHistory, count: number, from = 0): void {
  for (let i = from; i < from + count; i++) history.add([7, 8, 9][i % 3] as number, i, 500, source);
}

describe('the history of balances', () => {
  test('finds any record of an account in few steps', () => {
    const history = new CountedHistory();
    const count = 90_000;
    fill(history, count);
    const newest = history.newestOf(7);
    for (let ordinal = 0; ordinal < count / 3; ordinal += 97) {
      const record = ordinal * 3;
      history.looks = 0;
      assert.equal(history.atOrdinal(newest, ordinal), record);
      assert.equal(history.newestUntil(newest, history.timestampAt(record)), record);
      assert.ok(history.looks < 150, `${history.looks} looks for record ${ordinal}`);
    }
    assert.equal(history.newestUntil(newest, 499n), -1);
    assert.equal(history.newestUntil(-1, 499n), -1);
    assert.equal(history.newestUntil(newest, 2n ** 64n), newest);
  });

  test('finds the records that came in place of those that were taken back', () => {
    const history = new BalanceHistory();
    fill(history, 3000);
    history.truncate(2000);
    fill(history, 40_000, 5000);
    const newest = history.newestOf(9);
    for (let record = newest; record >= 0; record = history.before(record)) {
      assert.equal(history.newestUntil(newest, history.timestampAt(record)), record);
      assert.equal(history.atOrdinal(newest, history.ordinalOf(record)), record);
    }
  });

  test('takes records in without reading any, however long ago the account changed last', () => {
    const history = new BalanceHistory(new MemoryParts(), 3_000_000);
    const prng = new Prng(5);
    for (let i = 0; i < 300_000; i++) {
      history.add(prng.below(20_000), i, 500, source);
      if (i % 1000 === 0) history.settle();
    }
    assert.equal(history.full.reads, 0);
    assert.ok(history.full.count > 10);
  });

  test('jumps as one that always looks at the records would, also when some go again', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const prng = new Prng(seed);
      const history = new BalanceHistory();
      for (let step = 0; step < 600; step++) {
        if (prng.chance(0.05)) history.settle();
        else if (prng.chance(0.1)) {
          const start = history.count;
          const more = prng.below(8);
          for (let i = 0; i < more; i++) history.add(4, step, i, source);
          history.truncate(start);
        }
        history.add(4, step, 0, source);
      }
      assert.equal(history.count, 600);
      const newest = history.newestOf(4);
      for (let ordinal = 0; ordinal < 600; ordinal++) {
        assert.equal(history.atOrdinal(newest, ordinal), ordinal, `seed ${seed}`);
        assert.equal(history.ordinalOf(ordinal), ordinal);
      }
    }
  });

  test('goes on with what is stored, of which it knows the newest records only', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const prng = new Prng(seed);
      const parts = new MemoryParts();
      const history = new BalanceHistory(parts);
      while (history.count < 3 * recordsPerChunk)
        history.add(prng.below(9), history.count, 0, source);
      while (history.count % recordsPerChunk !== 0) history.add(2, history.count, 0, source);
      history.settle();
      const other = new BalanceHistory(parts);
      for (let chunk = 0; chunk < history.full.count; chunk++) {
        const place = history.full.placeOf(chunk);
        assert.ok(place !== null);
        other.restoreStored(place);
      }
      for (const [slot, record] of history.newest) other.restoreNewest(slot, record);
      for (let step = 0; step < 2000; step++) {
        const slot = prng.below(9);
        const count = other.count;
        if (prng.chance(0.2)) {
          for (let more = prng.below(5); more > 0; more--) other.add(slot, 1e6 + step, 0, source);
          other.truncate(count);
        }
        for (const each of [history, other]) each.add(slot, 1e6 + step, 0, source);
      }
      for (let slot = 0; slot < 9; slot++) {
        const newest = other.newestOf(slot);
        assert.equal(newest, history.newestOf(slot));
        for (let ordinal = other.ordinalOf(newest); ordinal >= 0; ordinal -= 37)
          assert.equal(other.atOrdinal(newest, ordinal), history.atOrdinal(newest, ordinal));
      }
    }
  });
});
