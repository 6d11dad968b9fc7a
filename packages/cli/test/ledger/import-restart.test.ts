import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectLedger } from '@quorate/client';
import { type LedgerServer, startLedgerServer } from '@quorate/server';
import { freePorts, temporaryDirectory } from '../run-program.ts';
import { runLedger } from './run-ledger.ts';

const downMs = 3500;

test('an import that looks accounts up while the servers restart goes on', async (context) => {
  const directory = await temporaryDirectory(context);
  const peer = await freePorts([0]);
  const start = (port: number): Promise<LedgerServer> =>
    startLedgerServer({
      name: 'n1',
      dataDirectory: join(directory, 'n1'),
      members: [{ name: 'n1', peerUrls: [`http://127.0.0.1:${peer}`] }],
      clusterToken: 'test',
      listenPeer: { host: '127.0.0.1', port: peer },
      listenClient: [{ host: '127.0.0.1', port }],
      advertiseClientUrls: [],
      log: { level: 'silent', format: 'json' },
    });
  let server = await start(0);
  const restarts: Promise<void>[] = [];
  context.after(async () => {
    await Promise.allSettled(restarts);
    await server.close();
  });
  const { port = 0 } = server.clientAddresses[0] ?? {};
  const client = connectLedger({ endpoints: [`127.0.0.1:${port}`] });
  context.after(() => client.close());
  await client.createAccounts([1n, 2n].map((id) => ({ id, ledger: 840, code: 1 })));
  const path = join(directory, 'transfers.csv');
  const rows = Array.from({ length: 9000 }, (_, at) => `${at + 10},1,2,5,840,7\n`);
  await writeFile(path, `id,debitAccountId,creditAccountId,amount,ledger,code\n${rows.join('')}`);
  const lookup = client.lookupAccounts.bind(client);
  const restart = async (): Promise<void> => {
    await server.close({ abrupt: true });
    await new Promise((wake) => setTimeout(wake, downMs));
    server = await start(port);
  };
  client.lookupAccounts = (ids) => {
    if (restarts.length === 0) restarts.push(restart());
    return lookup(ids);
  };
  const said = await runLedger(client, ['import', path]);
  await Promise.all(restarts);
  assert.equal(said.exitCode, 0, said.notes.join('\n'));
  assert.equal(restarts.length, 1, 'the import has asked for its accounts');
  const [account] = await lookup([1n]);
  assert.equal(account?.debitsPosted, 45_000n);
});
