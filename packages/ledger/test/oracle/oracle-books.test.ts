import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Account, AccountFlag } from '../../src/model/account.ts';
import { type Transfer, TransferFlag } from '../../src/model/transfer.ts';
import { EventSource } from './event-source.ts';
import { playEntry } from './ledger-entry.ts';
import { OracleBooks } from './oracle-books.ts';

/** The balances of all accounts, added up from nothing but the transfers. */
function addUp(transfers: readonly Transfer[], nowMicros: number): Map<string, bigint> {
  const resolved = new Set(transfers.map(({ pendingId }) => pendingId));
  const sums = new Map<string, bigint>();
  const add = (key: string, amount: bigint) => sums.set(key, (sums.get(key) ?? 0n) + amount);
  for (const transfer of transfers) {
    const { id, flags, amount, timeout, timestamp } = transfer;
    if ((flags & TransferFlag.voidPendingTransfer) !== 0) continue;
    const isPending = (flags & TransferFlag.pending) !== 0;
    const end = timestamp + BigInt(timeout) * 1_000_000_000n;
    const isOver = resolved.has(id) || (timeout !== 0 && end <= BigInt(nowMicros) * 1000n);
    if (isPending && isOver) continue;
    const kind = isPending ? 'Pending' : 'Posted';
    add(`${transfer.debitAccountId} debits${kind}`, amount);
    add(`${transfer.creditAccountId} credits${kind}`, amount);
  }
  return sums;
}

function checkAccount(account: Account, sums: Map<string, bigint>, where: string): void {
  const { id, debitsPending, debitsPosted, creditsPending, creditsPosted, flags } = account;
  for (const kind of [
    'debitsPending',
    'debitsPosted',
    'creditsPending',
    'creditsPosted',
  ] as const) {
    assert.equal(
      account[kind],
      sums.get(`${id} ${kind}`) ?? 0n,
      `${where}, account ${id}: ${kind}`,
    );
  }
  if ((flags & AccountFlag.debitsMustNotExceedCredits) !== 0) {
    assert.ok(debitsPending + debitsPosted <= creditsPosted, `${where}, account ${id}: limit`);
  }
  if ((flags & AccountFlag.creditsMustNotExceedDebits) !== 0) {
    assert.ok(creditsPending + creditsPosted <= debitsPosted, `${where}, account ${id}: limit`);
  }
}

describe('the oracle', () => {
  it('has balances that its transfers add up to, within the limits, whatever is sent', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const source = new EventSource(seed, { largestBatch: 300 });
      const books = new OracleBooks();
      let before = 0n;
      for (let drawn = 1; drawn <= 150; drawn++) {
        const entry = source.next();
        const { timestamp, results } = playEntry(books, entry);
        source.hear(results);
        assert.ok(timestamp > before, `seed ${seed}, entry ${drawn}: time`);
        before = timestamp + BigInt(results.length) - 1n;
        if (drawn % 10 !== 0) continue;
        const sums = addUp(books.transfers(), entry.timestampMicros);
        for (const account of books.accounts()) {
          checkAccount(account, sums, `seed ${seed}, entry ${drawn}`);
        }
      }
    }
  });

  it('lists transfers in order of their times, each once', () => {
    const source = new EventSource(7, { largestBatch: 300 });
    const books = new OracleBooks();
    for (let drawn = 1; drawn <= 150; drawn++) source.hear(playEntry(books, source.next()).results);
    const times = books.transfers().map(({ timestamp }) => timestamp);
    assert.ok(times.length > 100);
    assert.ok(times.every((time, i) => i === 0 || time > (times[i - 1] as bigint)));
    const [first] = books.accounts();
    const moved = books.accountTransfers(first?.id ?? 0n);
    assert.deepEqual(
      moved.map(({ id }) => books.transfer(id)),
      moved,
    );
  });
});
