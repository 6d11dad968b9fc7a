import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Account } from '../../src/model/account.ts';
import type { Transfer } from '../../src/model/transfer.ts';
import { TransferResult } from '../../src/model/transfer-results.ts';
import type { Outcome, TransferEvent } from './books-under-test.ts';
import { compareRun, compareSeeds } from './compare.ts';
import { OracleBooks } from './oracle-books.ts';

const options = { file: 'packages/ledger/test/oracle/compare.test.ts', largestBatch: 500 };

/** Books that are wrong in one way. */
class WrongResult extends OracleBooks {
  override createTransfers(events: readonly TransferEvent[], timestampMicros: number): Outcome {
    const { timestamp, results } = super.createTransfers(events, timestampMicros);
    const wrong = TransferResult.overflowsDebits;
    return { timestamp, results: results.map((one) => (one === wrong ? one + 1 : one)) };
  }
}

class WrongBalance extends OracleBooks {
  override account(id: bigint): Account | undefined {
    const account = super.account(id);
    if (account === undefined || account.creditsPending < 2n ** 64n) return account;
    return { ...account, creditsPending: account.creditsPending - 1n };
  }
}

class WrongTransfer extends OracleBooks {
  override transfer(id: bigint): Transfer | undefined {
    const transfer = super.transfer(id);
    return transfer?.pendingId ? { ...transfer, userData128: 0n } : transfer;
  }
}

class LostRow extends OracleBooks {
  override balancesOf(id: bigint, newest?: number) {
    const rows = super.balancesOf(id, newest);
    return rows.length === 4 ? rows.slice(1) : rows;
  }
}

class LateExpiry extends OracleBooks {
  override pulse(timestampMicros: number): Outcome {
    const { timestamp, results } = super.pulse(timestampMicros);
    return { timestamp: timestamp + 1n, results };
  }
}

class LostTransfer extends OracleBooks {
  override accountTransfers(id: bigint): readonly Transfer[] {
    return super.accountTransfers(id).slice(0, 20);
  }
}

class Unbalanced extends OracleBooks {
  override accounts(): readonly Account[] {
    return super.accounts().slice(1);
  }
}

class Broken extends OracleBooks {
  override createTransfers(events: readonly TransferEvent[], timestampMicros: number): Outcome {
    if (events.length > 40) throw new Error('more than forty');
    return super.createTransfers(events, timestampMicros);
  }
}

const wrongs: readonly [string, () => OracleBooks, RegExp][] = [
  ['a result', () => new WrongResult(), /event \d+ of \d+ is overflowsCredits; it should be over/],
  ['a balance', () => new WrongBalance(), /account \d+ has creditsPending \d+n; it should be \d+n/],
  ['a transfer', () => new WrongTransfer(), /transfer \d+ has userData128 0n; it should be/],
  ['a row of history', () => new LostRow(), /has 3 rows of history; it should have 4/],
  ['a time', () => new LateExpiry(), /event 0 has timestamp \d+; it should be/],
  ['the transfers of an account', () => new LostTransfer(), /transfers of account .* is missing/],
  ['the list of accounts', () => new Unbalanced(), /accounts\[0\] has/],
  ['an exception', () => new Broken(), /it threw Error: more than forty/],
];

describe('the comparison with the oracle', () => {
  it('finds nothing wrong with the oracle itself', () => {
    compareSeeds(2, 150, () => new OracleBooks(), options);
    compareSeeds(2, 100, () => new OracleBooks(), { ...options, mode: 'plain' });
  });

  for (const [what, makeBooks, words] of wrongs) {
    it(`finds ${what} that differs, and says how to play it again`, () => {
      let message = '';
      try {
        compareRun(1, 400, makeBooks, options);
      } catch (error) {
        message = error instanceof Error ? error.message : '';
      }
      assert.match(message, words);
      const again = /\nAgain: LEDGER_SEED=1 LEDGER_BATCHES=(\d+) npx node --test packages\//;
      const batches = Number(again.exec(message)?.[1]);
      assert.ok(batches >= 1 && batches <= 400, message);
      assert.throws(() => compareRun(1, batches, makeBooks, options), words);
    });
  }
});
