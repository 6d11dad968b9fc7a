import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Client, credentials } from '@grpc/grpc-js';
import { type Codec, decodeMessage, encodeMessage, type Init, ledger } from '@quorate/schema';
import { type LedgerServer, startLedgerServer } from '@quorate/server';
import { clusterOptions } from '../cluster-options.ts';
import { uint128 } from './served-ledger.ts';

async function start(context: TestContext): Promise<LedgerServer> {
  const [options = assert.fail()] = await clusterOptions(context, ['n1']);
  const server = await startLedgerServer(options);
  context.after(() => server.close());
  return server;
}

function addressOf({ clientAddresses: [address] }: LedgerServer): string {
  return `127.0.0.1:${address?.port}`;
}

async function page(server: LedgerServer, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://${addressOf(server)}${path}`);
  return { status: response.status, text: await response.text() };
}

async function untilReady(server: LedgerServer): Promise<void> {
  while ((await page(server, '/readyz')).status !== 200);
}

const asIs = (bytes: Buffer): Buffer => bytes;

/** One call by a stock client of gRPC. */
function call<Q, A>(
  client: Client,
  [path, request, answer]: readonly [string, Codec<Q>, Codec<A>],
  message: Init<Q>,
): Promise<A> {
  const bytes = Buffer.from(encodeMessage(request, message));
  return new Promise((fulfil, reject) => {
    const full = `/quorate.ledger.v1.Ledger/${path}`;
    client.makeUnaryRequest<Buffer, Buffer>(full, asIs, asIs, bytes, (error, found) => {
      if (error !== null) reject(error);
      else fulfil(decodeMessage(answer, found ?? assert.fail()) ?? assert.fail());
    });
  });
}

const { CreateAccountsRequest, CreateAccountsAnswer, LookupRequest, AccountsAnswer } = ledger;
const create = ['CreateAccounts', CreateAccountsRequest, CreateAccountsAnswer] as const;
const lookup = ['LookupAccounts', LookupRequest, AccountsAnswer] as const;

test('a stock client of gRPC opens accounts and looks at them', async (context) => {
  const server = await start(context);
  await untilReady(server);
  const client = new Client(addressOf(server), credentials.createInsecure());
  context.after(() => client.close());
  const account = { id: uint128(5n), ledger: 1, code: 1 };
  const { failures } = await call(client, create, { accounts: [account, account] });
  assert.deepEqual(failures, [{ index: 1, result: ledger.AccountResult.ACCOUNT_RESULT_EXISTS }]);
  const { accounts } = await call(client, lookup, { ids: [uint128(5n)] });
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

test('what a server carried out is there after it was started again', async (context) => {
  const [options = assert.fail()] = await clusterOptions(context, ['n1']);
  const account = { id: uint128(5n), ledger: 1, code: 1 };
  for (const isFirst of [true, false]) {
    const server = await startLedgerServer(options);
    await untilReady(server);
    const client = new Client(addressOf(server), credentials.createInsecure());
    if (isFirst) await call(client, create, { accounts: [account] });
    else assert.equal((await call(client, lookup, { ids: [uint128(5n)] })).accounts.length, 1);
    client.close();
    await server.close();
  }
});
