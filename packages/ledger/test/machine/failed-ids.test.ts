import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeLedgerCommand } from '../../src/machine/ledger-command.ts';
import { LedgerMachine } from '../../src/machine/ledger-machine.ts';
import { AccountFlag } from '../../src/model/account.ts';
import type { NewTransfer } from '../../src/model/transfer.ts';
import { TransferResult } from '../../src/model/transfer-results.ts';
import { encodeAccounts, encodeTransfers } from '../columns/batches.ts';

const limits = { transfersPerChunk: 64 };
const [payer, payee] = [1n, 2n];

/** A ledger in which the payer may spend what it has, and has nothing. */
function ledgerWithoutMoney() {
  let machine = new LedgerMachine({ limits });
  let index = 0;
  const apply = (command: Uint8Array) => {
    index += 1;
    const [answer] = machine.apply([{ index, term: 1, timestampMicros: index * 1000, command }]);
    return answer?.kind === 'results' ? answer.failures : assert.fail('it is no batch');
  };
  const flags = AccountFlag.debitsMustNotExceedCredits;
  const accounts = [
    { id: payer, ledger: 1, code: 1, flags },
    { id: payee, ledger: 1, code: 1 },
  ];
  apply(encodeLedgerCommand({ kind: 'accounts', batch: encodeAccounts(accounts) }));
  return {
    /** @returns the result of the one transfer */
    send(id: bigint, from: bigint, to: bigint): number {
      const one: NewTransfer = {
        ...{ id, debitAccountId: from, creditAccountId: to },
        ...{ amount: 5n, ledger: 1, code: 1 },
      };
      const batch = encodeTransfers([one]);
      return apply(encodeLedgerCommand({ kind: 'transfers', batch }))[0]?.result ?? 0;
    },
    beginFromSnapshot(): void {
      const chunks = machine.snapshot();
      const restored = new LedgerMachine({ limits, hashSeed: 9 });
      const sink = restored.restore();
      for (let one = chunks.next(); one.done !== true; one = chunks.next()) sink.chunk(one.value);
      sink.finish();
      machine = restored;
    },
    debits: () => machine.books.state.accounts.balance(0, 1),
  };
}

test('rule 21: what was refused moves nothing later, also when its account can pay', () => {
  const ledger = ledgerWithoutMoney();
  assert.equal(ledger.send(7n, payer, payee), TransferResult.exceedsCredits);
  assert.equal(ledger.send(8n, payee, payer), TransferResult.ok);
  assert.equal(ledger.send(7n, payer, payee), TransferResult.idAlreadyFailed);
  assert.equal(ledger.debits(), 0n);
  assert.equal(ledger.send(9n, payer, payee), TransferResult.ok);
  assert.equal(ledger.debits(), 5n);
});

test('rule 21: nor at a replica that begins from a snapshot', () => {
  const ledger = ledgerWithoutMoney();
  assert.equal(ledger.send(7n, payer, payee), TransferResult.exceedsCredits);
  assert.equal(ledger.send(8n, payee, payer), TransferResult.ok);
  ledger.beginFromSnapshot();
  assert.equal(ledger.send(7n, payer, payee), TransferResult.idAlreadyFailed);
  assert.equal(ledger.debits(), 0n);
});
