import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountFlag, TransferFlag } from '@quorate/ledger';
import { RuntimeError } from '@quorate/runtime';
import { ledger } from '@quorate/schema';
import { ServedLedger, uint128 } from './served-ledger.ts';

const account = (id: bigint) => ({ id: uint128(id), ledger: 1, code: 10 });
const transfer = (id: bigint, amount: bigint) => ({
  id: uint128(id),
  debitAccountId: uint128(1n),
  creditAccountId: uint128(2n),
  amount: uint128(amount),
  ledger: 1,
  code: 20,
});

function opened(): ServedLedger {
  const served = new ServedLedger();
  const flags = AccountFlag.history;
  const accounts = [
    { ...account(1n), flags },
    { ...account(2n), userData128: uint128(0n, 5n) },
  ];
  assert.deepEqual(served.createAccounts(accounts).failures, []);
  return served;
}

const { LookupRequest, AccountsAnswer, TransfersAnswer, BalancesAnswer } = ledger;

test('money moves in ordinary messages, and can be looked at', () => {
  const served = opened();
  const { timestamp, failures } = served.createTransfers([
    transfer(100n, 2n ** 40n),
    { ...transfer(101n, 5n), flags: TransferFlag.pending, timeout: 60 },
  ]);
  assert.deepEqual(failures, []);
  const ids = [uint128(2n), uint128(9n), uint128(1n)];
  const { answer } = served.call('LookupAccounts', LookupRequest, AccountsAnswer, { ids });
  const [second, first] = answer?.accounts ?? [];
  assert.deepEqual(answer?.accounts.length, 2);
  assert.deepEqual(first?.debitsPosted, uint128(2n ** 40n));
  assert.deepEqual(first?.debitsPending, uint128(5n));
  assert.deepEqual(
    [second?.creditsPosted, second?.userData128],
    [uint128(2n ** 40n), uint128(0n, 5n)],
  );
  const found = served.call('LookupTransfers', LookupRequest, TransfersAnswer, {
    ids: [uint128(101n)],
  });
  assert.equal(found.answer?.transfers[0]?.timestamp, timestamp + 1n);
  assert.equal(found.answer?.transfers[0]?.timeout, 60);
});

test('transfers and balances of an account are read by filter', () => {
  const served = opened();
  const { timestamp } = served.createTransfers([
    transfer(1n, 1n),
    transfer(2n, 2n),
    transfer(3n, 3n),
  ]);
  const filter = { accountId: uint128(1n), limit: 2, reversed: true };
  const { AccountFilter } = ledger;
  const transfers = served.call('GetAccountTransfers', AccountFilter, TransfersAnswer, filter);
  assert.deepEqual(
    transfers.answer?.transfers.map(({ id }) => id),
    [uint128(3n), uint128(2n)],
  );
  const after = { accountId: uint128(1n), timestampMin: timestamp + 1n };
  const balances = served.call('GetAccountBalances', AccountFilter, BalancesAnswer, after);
  assert.deepEqual(
    balances.answer?.balances.map(({ debitsPosted }) => debitsPosted?.low),
    [3n, 6n],
  );
  const credits = { accountId: uint128(1n), credits: true };
  const none = served.call('GetAccountTransfers', AccountFilter, TransfersAnswer, credits);
  assert.deepEqual(none.answer?.transfers, []);
});

test('accounts and transfers are found by what they say', () => {
  const served = opened();
  served.createTransfers([transfer(1n, 1n), { ...transfer(2n, 2n), code: 21 }]);
  const { QueryFilter } = ledger;
  const byCode = served.call('QueryTransfers', QueryFilter, TransfersAnswer, { code: 21 });
  assert.deepEqual(
    byCode.answer?.transfers.map(({ id }) => id),
    [uint128(2n)],
  );
  const byData = { userData128: uint128(0n, 5n) };
  const accounts = served.call('QueryAccounts', QueryFilter, AccountsAnswer, byData);
  assert.deepEqual(
    accounts.answer?.accounts.map(({ id }) => id),
    [uint128(2n)],
  );
});

test('failures are named by their index', () => {
  const served = opened();
  const { failures } = served.createTransfers([
    transfer(1n, 1n),
    transfer(1n, 1n),
    { ...transfer(2n, 2n), creditAccountId: uint128(99n) },
  ]);
  const { TRANSFER_RESULT_EXISTS, TRANSFER_RESULT_CREDIT_ACCOUNT_NOT_FOUND } =
    ledger.TransferResult;
  assert.deepEqual(failures, [
    { index: 1, result: TRANSFER_RESULT_EXISTS },
    { index: 2, result: TRANSFER_RESULT_CREDIT_ACCOUNT_NOT_FOUND },
  ]);
});

test('what is no batch is refused as such, and nothing is proposed', () => {
  const served = opened();
  const { proposals } = served.group;
  const { CreateTransfersRequest, CreateTransfersAnswer } = ledger;
  const refusalOf = (transfers: readonly object[]) =>
    served.call('CreateTransfers', CreateTransfersRequest, CreateTransfersAnswer, { transfers })
      .error;
  assert.match(refusalOf([])?.message ?? '', /at least one event/);
  assert.match(refusalOf(new Array(8191).fill(transfer(1n, 1n)))?.message ?? '', /8191/);
  assert.match(refusalOf([{ ...transfer(1n, 1n), timestamp: 5n }])?.message ?? '', /timestamp/);
  assert.match(refusalOf([{ ...transfer(1n, 1n), code: 70_000 }])?.message ?? '', /code is 70000/);
  for (const bad of [[], [{ ...transfer(1n, 1n), code: 70_000 }]])
    assert.equal(refusalOf(bad)?.code, 3);
  assert.equal(served.raw('CreateTransfers', Uint8Array.of(255)).error?.code, 13);
  assert.equal(served.group.proposals, proposals);
  // What was put together before the bad one is not left in the next batch.
  assert.notEqual(refusalOf([transfer(5n, 1n), { ...transfer(6n, 1n), code: 70_000 }]), null);
  assert.deepEqual(served.createTransfers([transfer(5n, 1n)]).failures, []);
});

test('reads wait for all that was acknowledged, unless they are to be local', () => {
  const served = opened();
  const ids = [uint128(1n)];
  served.call('LookupAccounts', LookupRequest, AccountsAnswer, { ids });
  assert.equal(served.group.barriers, 1);
  served.call('LookupAccounts', LookupRequest, AccountsAnswer, { ids, local: true });
  assert.equal(served.group.barriers, 1);
  served.group.failure = new RuntimeError('RUNTIME_READ_TIMEOUT', 'late', { timeoutMs: 1 });
  const { error } = served.call('LookupAccounts', LookupRequest, AccountsAnswer, { ids });
  assert.deepEqual(error, { code: 14, message: 'ledger: no majority answered in time' });
});

test('a write whose outcome is open says so, and that the same ids may be sent again', () => {
  const served = opened();
  const why = { reason: 'linkLost' } as const;
  served.group.failure = new RuntimeError('RUNTIME_OUTCOME_UNKNOWN', 'gone', why);
  const { CreateAccountsRequest, CreateAccountsAnswer } = ledger;
  const accounts = [account(5n)];
  const { error } = served.call('CreateAccounts', CreateAccountsRequest, CreateAccountsAnswer, {
    accounts,
  });
  assert.equal(error?.code, 14);
  assert.match(error?.message ?? '', /not known; the same ids may be sent again/);
  served.group.failure = new RuntimeError('RUNTIME_OVERLOADED', 'much', { retryAfterMs: 1 });
  const busy = served.call('CreateAccounts', CreateAccountsRequest, CreateAccountsAnswer, {
    accounts,
  });
  assert.equal(busy.error?.code, 8);
});

test('status tells who leads and how much there is', () => {
  const served = opened();
  served.createTransfers([transfer(1n, 1n)]);
  served.group.lead(9);
  const { answer } = served.call('Status', ledger.StatusRequest, ledger.StatusAnswer, {});
  assert.deepEqual(answer, {
    node: 7n,
    name: 'n1',
    leader: 9n,
    term: 3,
    appliedIndex: 2,
    accounts: 2,
    transfers: 1,
  });
});

test('a server that was stopped refuses, and every ended call is counted by its status', () => {
  const served = opened();
  served.service.stop();
  const { LookupRequest: request } = ledger;
  const { error } = served.call('LookupAccounts', request, AccountsAnswer, {});
  assert.deepEqual(error, { code: 14, message: 'ledger: the server is stopping' });
  const counts = served.service.handled.get('/quorate.ledger.v1.Ledger/CreateAccounts');
  assert.equal(counts?.[0], 1);
});

test('every method of the .proto file is offered', () => {
  const { service } = new ServedLedger();
  const offered = [...service.unaryPaths, ...service.streamPaths].sort();
  assert.deepEqual(offered, ledger.rpcs.map(({ path }) => path).sort());
});
