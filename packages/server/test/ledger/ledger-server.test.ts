import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ledger } from '@quorate/schema';
import { type LedgerServer, startLedgerServer } from '@quorate/server';
import { clusterOptions } from '../cluster-options.ts';
import { addressOf, LedgerCalls } from './ledger-calls.ts';
import { uint128 } from './served-ledger.ts';

async function start(context: TestContext): Promise<LedgerServer> {
  const [options = assert.fail()] = await clusterOptions(context, ['n1']);
  const server = await startLedgerServer(options);
  context.after(() => server.close());
  return server;
}

async function page(server: LedgerServer, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://${addressOf(server)}${path}`);
  return { status: response.status, text: await response.text() };
}

async function untilReady(server: LedgerServer): Promise<void> {
  while ((await page(server, '/readyz')).status !== 200);
}

test('a stock client of gRPC opens accounts and looks at them', async (context) => {
  const server = await start(context);
  await untilReady(server);
  const calls = new LedgerCalls(server);
  context.after(() => calls.close());
  const account = { id: uint128(5n), ledger: 1, code: 1 };
  const { failures } = await calls.createAccounts([account, account]);
  assert.deepEqual(failures, [{ index: 1, result: ledger.AccountResult.ACCOUNT_RESULT_EXISTS }]);
  const accounts = await calls.lookupAccounts([5n]);
  assert.deepEqual(
    accounts.map(({ id, ledger: one }) => [id, one]),
    [[uint128(5n), 1]],
  );
});

test('a server tells of its health, its leader and its figures', async (context) => {
  const server = await start(context);
  await untilReady(server);
  assert.deepEqual(await page(server, '/livez'), { status: 200, text: 'ok\n' });
  assert.equal((await page(server, '/leader')).status, 200);
  const health = JSON.parse((await page(server, '/health')).text);
  assert.deepEqual(health, { health: 'true', reason: '' });
  const { text } = await page(server, '/metrics');
  assert.match(text, /^quorate_ledger_accounts 0$/m);
  assert.match(text, /^etcd_server_is_leader 1$/m);
  assert.equal(server.status().role, 'leader');
});

test('a server tells how far the time of the log is from its clock', async (context) => {
  const server = await start(context);
  await untilReady(server);
  const calls = new LedgerCalls(server);
  context.after(() => calls.close());
  await calls.openAccount(5n);
  const offset = /^quorate_ledger_clock_offset_seconds (-?[\d.e-]+)$/m;
  let found: RegExpExecArray | null = null;
  while (found === null) found = offset.exec((await page(server, '/metrics')).text);
  assert.ok(Math.abs(Number(found[1])) < 60, found[0]);
});

test('what a server carried out is there after it was started again', async (context) => {
  const [options = assert.fail()] = await clusterOptions(context, ['n1']);
  for (const isFirst of [true, false]) {
    const server = await startLedgerServer(options);
    await untilReady(server);
    const calls = new LedgerCalls(server);
    if (isFirst) await calls.openAccount(5n);
    else assert.equal((await calls.lookupAccounts([5n])).length, 1);
    calls.close();
    await server.close();
  }
});
