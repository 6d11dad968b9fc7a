import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type NewTransfer, TransferFlag } from '@quorate/ledger';
import { type MovedLog, noteMoved } from '../../src/ledger/money-moved.ts';

const plain = { debitAccountId: 1n, creditAccountId: 2n, amount: 5n, ledger: 1, code: 1 };
const post = { ...plain, pendingId: 7n, flags: TransferFlag.postPendingTransfer };
const voided = { ...plain, pendingId: 7n, flags: TransferFlag.voidPendingTransfer };

function logOf(batches: readonly (readonly [readonly NewTransfer[], readonly number[]])[]): void {
  const log: MovedLog = { moved: new Map(), resolved: new Map() };
  batches.forEach(([events, results], index) => {
    noteMoved(log, events, results, index);
  });
}

describe('what was answered for transfers', () => {
  it('is in order when a transfer is carried out once, however often it was sent', () => {
    logOf([
      [[{ ...plain, id: 3n }], [54]],
      [[{ ...plain, id: 3n }], [0]],
      [[{ ...plain, id: 3n }], [18]],
    ]);
  });

  it('is not in order when an id moves money twice', () => {
    const batch = [[{ ...plain, id: 3n }], [0]] as const;
    assert.throws(() => logOf([batch, batch]), { invariant: 'money moves once' });
  });

  it('is not in order when a pending transfer is posted and voided', () => {
    const posts = [[{ ...post, id: 3n }], [0]] as const;
    logOf([posts, [[{ ...voided, id: 4n }], [47]]]);
    assert.throws(() => logOf([posts, [[{ ...voided, id: 4n }], [0]]]), {
      invariant: 'resolved at most once',
    });
  });
});
