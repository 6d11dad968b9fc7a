import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readClusterFile } from '../../src/supervisor/cluster-file.ts';
import { freePorts, runProgram, temporaryDirectory } from '../run-program.ts';
import { ServedProcess } from '../served-process.ts';

describe('quorate ledger up', () => {
  it('runs a ledger of processes, which survives its leader', async (context) => {
    const directory = await temporaryDirectory(context);
    const port = await freePorts([0, 1, 100, 101, 200, 201]);
    const words = ['ledger', 'up', '--client-port', String(port), '--data-dir', 'books'];
    const cluster = new ServedProcess(context, directory, words);
    await cluster.says(`3 nodes up: 127.0.0.1:${port}`);
    await cluster.says(`ledger create-account 1 .* --endpoints 127.0.0.1:${port}`);
    const endpoints = [port, port + 100, port + 200].map((one) => `127.0.0.1:${one}`).join(',');
    const environment = { QUORATE_LEDGER_ENDPOINTS: endpoints };
    const create = ['ledger', 'create-account', '1', '--ledger', '1', '--code', '1', '--json'];
    const first = await runProgram(create, { environment });
    assert.equal(JSON.parse(first.stdout).result, 'ok');

    const record = readClusterFile(join(directory, 'books'));
    assert.equal(record?.service, 'ledger');
    process.kill(record.leader?.pid ?? 0, 'SIGKILL');
    const again = await runProgram(create, { environment });
    assert.equal(JSON.parse(again.stdout).result, 'exists');

    // With --fresh another service would remove these books.
    const other = await runProgram(['up', '--data-dir', 'books', '--fresh'], { directory });
    assert.match(other.stderr, /books holds a cluster of quorate ledger up; choose another/);
    assert.match(await cluster.stop(), /stopped; the same command goes on from here/);
  });
});
