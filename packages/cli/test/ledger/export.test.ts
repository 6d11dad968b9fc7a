import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TransferFlag } from '@quorate/ledger';
import { CliError } from '../../src/cli-error.ts';
import { temporaryDirectory } from '../run-program.ts';
import { FakeLedger } from './fake-ledger.ts';
import { runLedger } from './run-ledger.ts';

async function filled(transfers: number): Promise<FakeLedger> {
  const ledger = new FakeLedger();
  await ledger.createAccounts([1n, 2n, 3n].map((id) => ({ id, ledger: 1, code: 1, flags: 8 })));
  const all = Array.from({ length: transfers }, (_, at) => ({
    id: BigInt(at + 1),
    debitAccountId: 1n,
    creditAccountId: at % 2 === 0 ? 2n : 3n,
    amount: BigInt(at + 1),
    ledger: 1,
    code: 1,
    userData64: 2n ** 64n - 1n,
    flags: at % 3 === 0 ? TransferFlag.pending : 0,
  }));
  await ledger.createTransfers(all);
  return ledger;
}

const served = 'timestamp,debitsPending,debitsPosted,creditsPending,creditsPosted';

describe('export', () => {
  it('writes what import reads, as CSV and as JSON, in any style', async (context) => {
    const directory = await temporaryDirectory(context);
    const ledger = await filled(10);
    for (const name of ['x.csv', 'x.jsonl']) {
      const styles = [[], ['--scale', '2', '--ids', 'uuid']];
      for (const [at, style] of styles.entries()) {
        const accounts = join(directory, `accounts-${at}-${name}`);
        const transfers = join(directory, `transfers-${at}-${name}`);
        assert.equal(
          (await runLedger(ledger, ['export', 'accounts', accounts, ...style])).exitCode,
          0,
        );
        assert.equal(
          (await runLedger(ledger, ['export', 'transfers', transfers, ...style])).exitCode,
          0,
        );
        const copy = new FakeLedger();
        const options = ['--ignore-columns', served, ...style.slice(0, 2)];
        assert.equal((await runLedger(copy, ['import', accounts, ...options])).exitCode, 0);
        assert.equal((await runLedger(copy, ['import', transfers, ...options])).exitCode, 0);
        const told = ({ transfers: all }: FakeLedger) =>
          all.map((one) => ({ ...one, timestamp: 0n }));
        assert.deepEqual(told(copy), told(ledger));
      }
    }
  });

  it('goes on with a part that an error has left', async (context) => {
    const directory = await temporaryDirectory(context);
    const ledger = await filled(25);
    const whole = join(directory, 'whole.csv');
    await runLedger(ledger, ['export', 'transfers', whole]);
    const path = join(directory, 'cut.csv');
    const words = ['export', 'transfers', path, '--page', '10'];
    let pages = 0;
    ledger.beforeRead = () => {
      pages += 1;
      if (pages === 3) throw Object.assign(new Error('gone'), { code: 'CLIENT_UNREACHABLE' });
    };
    await assert.rejects(runLedger(ledger, words), /gone. 20 transfers are written; .*part holds/);
    assert.equal(existsSync(path), false);
    await writeFile(`${path}.part`, 'half a line', { flag: 'a' });
    const again = await runLedger(ledger, words);
    assert.deepEqual([again.exitCode, again.notes], [0, ['goes on behind 20 rows']]);
    assert.equal(await readFile(path, 'utf8'), await readFile(whole, 'utf8'));
    assert.equal(existsSync(`${path}.part.position`), false);
  });

  it('refuses a file that is there, and a part of something else', async (context) => {
    const directory = await temporaryDirectory(context);
    const ledger = await filled(5);
    const path = join(directory, 'x.csv');
    await writeFile(path, 'mine');
    const words = ['export', 'transfers', path, '--page', '2'];
    await assert.rejects(runLedger(ledger, words), /is there already; .*--force/);
    const stopping = new AbortController();
    ledger.beforeRead = () => stopping.abort();
    const cut = await runLedger(ledger, [...words, '--force'], stopping.signal);
    assert.match(cut.notes[0] ?? '', /^stopped behind 2 transfers/);
    assert.equal(cut.exitCode, 1);
    await assert.rejects(
      runLedger(ledger, [...words, '--force', '--account', '2']),
      (error) =>
        error instanceof CliError && /begun with other flags.*--from-start/.test(error.message),
    );
    assert.equal(await readFile(path, 'utf8'), 'mine');
    assert.equal((await runLedger(ledger, [...words, '--force'])).exitCode, 0);
    assert.equal((await readFile(path, 'utf8')).split('\n').length, 7);
  });

  it('keeps to an account, or to a time', async (context) => {
    const directory = await temporaryDirectory(context);
    const ledger = await filled(10);
    const path = join(directory, 'x.jsonl');
    const said = await runLedger(ledger, ['export', 'transfers', path, '--account', '3', '--json']);
    assert.deepEqual(said.json, [{ path, kind: 'transfers', rows: 5 }]);
    const [, second, third] = ledger.transfers.map(({ timestamp }) => String(timestamp));
    const times = ['--from', second ?? '', '--to', third ?? ''];
    await runLedger(ledger, ['export', 'transfers', path, '--force', ...times]);
    const rows = (await readFile(path, 'utf8')).trim().split('\n');
    assert.deepEqual(
      rows.map((row) => JSON.parse(row).id),
      ['2', '3'],
    );
  });
});
