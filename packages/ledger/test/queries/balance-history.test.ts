import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BalanceHistory } from '../../src/transfers/balance-history.ts';

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
});
