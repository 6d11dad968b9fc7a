import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { completeLine } from '../../src/ledger/shell/complete-line.ts';
import { Shell } from '../../src/ledger/shell/shell.ts';
import { splitWords } from '../../src/ledger/shell/split-words.ts';
import { addLedgerCommands } from '../../src/program/ledger-commands.ts';
import { runProgram } from '../run-program.ts';
import { FakeLedger } from './fake-ledger.ts';
import { keptContext } from './run-ledger.ts';

function openShell() {
  const ledger = new FakeLedger();
  const { context, said } = keptContext(ledger);
  const shell = new Shell(addLedgerCommands, { scale: 2, ids: 'decimal' }, context);
  return { ledger, shell, said };
}

describe('words of a line', () => {
  it('are parted by spaces, less those in quotes or behind a backslash', () => {
    assert.deepEqual(splitWords(`  a "b c" 'd "e' f\\ g "h\\"" "" # i`), [
      ...['a', 'b c', 'd "e', 'f g', 'h"', ''],
    ]);
    assert.deepEqual(splitWords('a#b'), ['a#b']);
    assert.throws(() => splitWords('a "b'), /the quote " is not closed/);
  });
});

describe('the shell', () => {
  it('carries out commands with its own defaults, and keeps nothing between lines', async () => {
    const { ledger, shell, said } = openShell();
    assert.equal(await shell.run('create-account 1 --ledger 1 --code 1 --flags history'), 0);
    assert.equal(await shell.run('create-account 2 --ledger 1 --code 1'), 0);
    const line = 'transfer 9 --debit 1 --credit 2 --amount "1.50" --ledger 1 --code 1';
    assert.equal(await shell.run(line), 0);
    assert.equal(ledger.transfers[0]?.amount, 150n);
    assert.deepEqual(
      ledger.accounts.map(({ flags }) => flags),
      [8, 0],
    );
    assert.equal(said.lines.length, 3);
  });

  it('goes on behind an error', async (context) => {
    const { shell } = openShell();
    const errors: string[] = [];
    context.mock.method(process.stderr, 'write', (text: string) => errors.push(text) > 0);
    assert.equal(await shell.run('creat-account 1'), 2);
    assert.equal(await shell.run('create-account 1 --ledger 1'), 2);
    assert.equal(await shell.run('post "1'), 2);
    assert.equal(await shell.run('import -'), 2);
    assert.equal(await shell.run('post 1 5'), 1);
    assert.equal(await shell.run('   # nothing'), 0);
    context.mock.restoreAll();
    assert.match(errors[0] ?? '', /^quorate: unknown command 'creat-account'.*type help\n$/s);
    assert.match(errors[1] ?? '', /--code.*not specified/);
    assert.match(errors[4] ?? '', /pendingTransferNotFound/);
    assert.equal(await shell.run('exit'), null);
  });

  it('completes commands, their options and their choices', () => {
    const { shell } = openShell();
    assert.deepEqual(shell.complete('cr'), [['create-account '], 'cr']);
    assert.deepEqual(shell.complete('help ex'), [['export '], 'ex']);
    assert.deepEqual(shell.complete('post 1 2 --am'), [['--amount '], '--am']);
    assert.deepEqual(shell.complete('lookup t'), [['transfers '], 't']);
    assert.deepEqual(shell.complete('lookup accounts 1 --ids h'), [['hex '], 'h']);
    assert.deepEqual(shell.complete('nonsense '), [[], '']);
    assert.equal(typeof completeLine, 'function');
  });

  it('reads commands from a pipe, and ends with 1 when one has failed', async () => {
    const environment = { QUORATE_LEDGER_ENDPOINTS: '127.0.0.1:1' };
    const good = await runProgram(['ledger', 'shell'], {
      environment,
      input: 'help post\n# no\n\n',
    });
    assert.equal(good.exitCode, 0, good.stderr);
    assert.match(good.stdout, /quorate ledger post 101 100/);
    const input = 'psot 1 2\nhelp void\n';
    const bad = await runProgram(['ledger', 'shell'], { environment, input });
    assert.equal(bad.exitCode, 1);
    assert.match(bad.stdout, /quorate ledger void 102 100/);
    assert.match(bad.stderr, /unknown command 'psot'/);
  });
});
