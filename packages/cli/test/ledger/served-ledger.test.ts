import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { formatAddress } from '@quorate/base';
import { connectLedger } from '@quorate/client';
import { startLedgerServer } from '@quorate/server';
import { freePorts, runProgram, temporaryDirectory } from '../run-program.ts';
import { runLedger } from './run-ledger.ts';

describe('the ledger commands against a ledger', () => {
  it('import, show, settle, keep history and export', async (context) => {
    const directory = await temporaryDirectory(context);
    const peer = await freePorts([0]);
    const server = await startLedgerServer({
      name: 'n1',
      dataDirectory: join(directory, 'n1'),
      members: [{ name: 'n1', peerUrls: [`http://127.0.0.1:${peer}`] }],
      clusterToken: 'test',
      listenPeer: { host: '127.0.0.1', port: peer },
      listenClient: [{ host: '127.0.0.1', port: 0 }],
      advertiseClientUrls: [],
      log: { level: 'silent', format: 'json' },
    });
    context.after(() => server.close());
    const endpoint = formatAddress(server.clientAddresses[0] ?? { host: '', port: 0 });
    const client = connectLedger({ endpoints: [endpoint], timeoutMs: 20_000 });
    context.after(() => client.close());
    const accounts = join(directory, 'accounts.csv');
    await writeFile(accounts, 'id,ledger,code,flags\n1,840,1,history\n2,840,1,\n');
    assert.equal((await runLedger(client, ['import', accounts])).exitCode, 0);
    const transfers = join(directory, 'transfers.csv');
    const rows = Array.from(
      { length: 20_000 },
      (_, at) => `${at + 10},1,2,0.0${(at % 9) + 1},840,7\n`,
    );
    const header = 'id,debitAccountId,creditAccountId,amount,ledger,code\n';
    await writeFile(transfers, header + rows.join(''));
    const said = await runLedger(client, ['import', transfers, '--scale', '2']);
    assert.match(said.lines.at(-1) ?? '', /end of line 20001: 20,000 transfers carried out/);
    const twice = await runLedger(client, ['import', transfers, '--scale', '2']);
    assert.match(twice.lines.at(-1) ?? '', /was done before; nothing was sent/);
    const position = JSON.parse(await readFile(`${transfers}.position`, 'utf8'));
    assert.equal(BigInt(position.cluster), await client.clusterId());
    assert.notEqual(BigInt(position.cluster), 0n);
    const words = [
      '--debit',
      '1',
      '--credit',
      '2',
      '--amount',
      '5',
      '--ledger',
      '840',
      '--code',
      '1',
    ];
    assert.equal((await runLedger(client, ['transfer', '5', '--pending', ...words])).exitCode, 0);
    assert.equal((await runLedger(client, ['post', '6', '5'])).exitCode, 0);
    const balances = await runLedger(client, ['history', '1', '--balances', '--newest', '--json']);
    const [newest] = balances.json as { debitsPosted: string; debitsPending: string }[];
    const [account] = await client.lookupAccounts([1n]);
    assert.deepEqual(
      [newest?.debitsPosted, newest?.debitsPending],
      [String(account?.debitsPosted), '0'],
    );
    const path = join(directory, 'all.csv');
    assert.equal(
      (await runLedger(client, ['export', 'transfers', path, '--page', '3000'])).exitCode,
      0,
    );
    assert.equal((await readFile(path, 'utf8')).split('\n').length, 20_004);
    const environment = { QUORATE_LEDGER_ENDPOINTS: endpoint };
    const input = 'lookup accounts 1 2\nquery transfers --limit 2\nvoid 7 5\n';
    const shell = await runProgram(['ledger', 'shell', '--scale', '2'], { environment, input });
    assert.equal(shell.exitCode, 1);
    assert.match(shell.stderr, /transfer 7 was refused: pendingTransferAlreadyPosted/);
    assert.match(shell.stdout, /debitsPosted/);
  });
});
