import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectLedger } from '@quorate/client';
import { AccountFlag, type NewTransfer, TransferBatchBuilder, TransferFlag } from '@quorate/ledger';
import { addressOf, startLedgers } from './real-ledgers.ts';

const accounts = [
  { id: 1n, ledger: 1, code: 1, flags: AccountFlag.history },
  { id: 2n ** 127n, ledger: 1, code: 1 },
];

function transfer(id: bigint, more: Partial<NewTransfer> = {}): NewTransfer {
  const debitAccountId = 1n;
  const creditAccountId = 2n ** 127n;
  return { id, debitAccountId, creditAccountId, amount: 10n, ledger: 1, code: 7, ...more };
}

test('money moves between processes of one ledger, and can be looked at', async (context) => {
  const [server = assert.fail()] = await startLedgers(context, 1);
  const client = connectLedger({ endpoints: [addressOf(server)] });
  context.after(() => client.close());
  assert.deepEqual((await client.createAccounts(accounts)).failures, []);
  const outcome = await client.createTransfers([
    transfer(1n),
    transfer(2n, { flags: TransferFlag.pending, timeout: 1, amount: 2n ** 100n }),
    transfer(1n),
  ]);
  assert.deepEqual(outcome.failures, [{ index: 2, result: 'exists' }]);
  const [first, second] = await client.lookupAccounts([1n, 2n ** 127n]);
  assert.deepEqual([first?.debitsPosted, first?.debitsPending], [10n, 2n ** 100n]);
  assert.deepEqual([second?.creditsPosted, second?.id], [10n, 2n ** 127n]);
  const [found] = await client.lookupTransfers([1n]);
  assert.equal(found?.timestamp, outcome.timestampOf(0));
  const newest = await client.accountTransfers({ accountId: 1n, reversed: true, limit: 1 });
  assert.deepEqual(
    newest.map(({ id }) => id),
    [2n],
  );
  const balances = await client.accountBalances({ accountId: 1n });
  assert.deepEqual(
    balances.map(({ debitsPosted }) => debitsPosted),
    [10n, 10n],
  );
  assert.equal((await client.queryTransfers({ code: 7 })).length, 2);
  assert.equal((await client.queryAccounts({ limit: 1 })).length, 1);
  const status = await client.status();
  assert.deepEqual([status.name, status.accounts, status.transfers], ['n0', 2, 2]);
  // It expires although nobody writes.
  for (let pending = 2n ** 100n; pending !== 0n; ) {
    [{ debitsPending: pending } = assert.fail()] = await client.lookupAccounts([1n]);
  }
});

test('calls at the same time share batches, columns go as they are', async (context) => {
  const [server = assert.fail()] = await startLedgers(context, 1);
  const client = connectLedger({ endpoints: [addressOf(server)] });
  context.after(() => client.close());
  await client.createAccounts(accounts);
  const before = (await client.status()).appliedIndex;
  const ids = Array.from({ length: 500 }, (_, at) => BigInt(at + 1));
  const calls = ids.map((id) => client.createTransfers([transfer(id)]));
  for (const { failures } of await Promise.all(calls)) assert.deepEqual(failures, []);
  const entries = (await client.status()).appliedIndex - before;
  assert.ok(entries < 20, `${entries} entries`);
  const builder = new TransferBatchBuilder();
  for (let id = 1001; id <= 3000; id++) builder.add(transfer(BigInt(id)));
  const { count, failures } = await client.submitTransfers(builder.encode());
  assert.deepEqual([count, failures], [2000, []]);
  const [account] = await client.lookupAccounts([1n]);
  assert.equal(account?.debitsPosted, 25_000n);
});

test('a leader dies, and every transfer is carried out once', async (context) => {
  const servers = await startLedgers(context, 3);
  const client = connectLedger({ endpoints: servers.map(addressOf) });
  context.after(() => client.close());
  await client.createAccounts(accounts);
  const calls: Promise<unknown>[] = [];
  let next = 1n;
  const send = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at++) {
      const call = client.createTransfers([transfer(next++)]);
      calls.push(call.then(({ failures }) => assert.deepEqual(failures, [])));
      if (at % 10 === 0) await client.room();
      if (at % 50 === 0) await new Promise((fulfil) => setImmediate(fulfil));
    }
  };
  await send(500);
  const leader = servers.find((server) => server.status().role === 'leader');
  const sending = send(2000);
  await leader?.close({ abrupt: true });
  await sending;
  await send(500);
  await Promise.all(calls);
  const [account] = await client.lookupAccounts([1n]);
  assert.equal(account?.debitsPosted, 30_000n);
});
