import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AccountFlag } from '@quorate/ledger';
import { CliError } from '../../src/cli-error.ts';
import { createTransfer } from '../../src/ledger/create-events.ts';
import { runProgram } from '../run-program.ts';
import { FakeLedger } from './fake-ledger.ts';
import { keptContext, runLedger } from './run-ledger.ts';

const money = ['--ledger', '840', '--code', '1'];

async function opened(): Promise<FakeLedger> {
  const ledger = new FakeLedger();
  await runLedger(ledger, ['create-account', '1', ...money, '--flags', 'history']);
  await runLedger(ledger, ['create-account', '0x2', ...money]);
  return ledger;
}

describe('the ledger commands', () => {
  it('open accounts, move money and show both', async () => {
    const ledger = await opened();
    assert.equal(ledger.accounts[0]?.flags, AccountFlag.history);
    const words = ['--debit', '1', '--credit', '2', ...money, '--scale', '2'];
    const said = await runLedger(ledger, ['transfer', '100', '--amount', '12.34', ...words]);
    assert.match(said.lines[0] ?? '', /^transfer 100: ok, 2026-11-23T00:00:/);
    const shown = await runLedger(ledger, [
      'lookup',
      'accounts',
      '1',
      '2',
      '--scale',
      '2',
      '--json',
    ]);
    const [first] = shown.json as { debitsPosted: string; flags: string }[];
    assert.deepEqual([first?.debitsPosted, first?.flags], ['12.34', 'history']);
    const table = await runLedger(ledger, ['history', '2', '--newest']);
    assert.match(table.lines[0] ?? '', /100.*1.*2.*1234.*840/);
    assert.doesNotMatch(table.lines[0] ?? '', /pendingId|userData/);
  });

  it('reserve, and post or void later', async () => {
    const ledger = await opened();
    const words = ['--debit', '1', '--credit', '2', '--amount', '10', ...money];
    for (const id of ['5', '6']) await runLedger(ledger, ['transfer', id, '--pending', ...words]);
    assert.equal((await runLedger(ledger, ['post', '7', '5', '--amount', '4'])).exitCode, 0);
    assert.equal((await runLedger(ledger, ['void', '8', '6', '--json'])).exitCode, 0);
    await assert.rejects(runLedger(ledger, ['post', '9', '6']), /pendingTransferAlreadyVoided/);
    await assert.rejects(
      runLedger(ledger, ['post', '9', '5', '--amount', '0']),
      /0 cannot be posted/,
    );
  });

  it('show no history of an account that is not there', async () => {
    const ledger = await opened();
    for (const more of [[], ['--balances']]) {
      const said = await runLedger(ledger, ['history', '99', ...more]);
      assert.deepEqual([said.exitCode, said.notes], [1, ['there is no account 99']]);
    }
    const empty = await runLedger(ledger, ['history', '1']);
    assert.deepEqual([empty.exitCode, empty.notes], [0, ['none']]);
  });

  it('say that nothing was carried out when nothing was sent', async () => {
    const ledger = await opened();
    const words = ['5', '--debit', '1', '--credit', '2', '--amount', '10', ...money];
    const failWith = (code: string) => {
      ledger.beforeBatch = () => {
        throw Object.assign(new Error('no majority'), { code });
      };
    };
    failWith('CLIENT_UNREACHABLE');
    const { context, said } = keptContext(ledger);
    const transfer = { id: 5n, debitAccountId: 1n, creditAccountId: 2n, amount: 1n };
    const wanted = { ...transfer, ledger: 840, code: 1 };
    await assert.rejects(createTransfer(wanted, 'decimal', context), /^Error: no majority$/);
    assert.deepEqual(said.notes, [
      'transfer 5 was not sent, so nothing was carried out; the same id may be sent again',
    ]);
    failWith('CLIENT_OUTCOME_UNKNOWN');
    await assert.rejects(
      runLedger(ledger, ['transfer', ...words]),
      /outcome unknown: no majority; ask by quorate ledger lookup transfers 5, or run the same/,
    );
  });

  it('say the same thing again when asked again with the same id', async () => {
    const ledger = await opened();
    const again = await runLedger(ledger, ['create-account', '2', ...money, '--json']);
    assert.deepEqual(again.json, [{ id: '2', result: 'exists', timestamp: null }]);
    assert.equal(again.exitCode, 0);
  });

  it('refuse by the name of the result', async () => {
    const ledger = await opened();
    const words = ['transfer', '1', '--debit', '1', '--credit', '9', '--amount', '1', ...money];
    await assert.rejects(runLedger(ledger, words), (error) => {
      assert.ok(error instanceof CliError);
      assert.deepEqual(error.metadata, { cause: 'creditAccountNotFound' });
      assert.match(error.message, /transfer 1 was refused: creditAccountNotFound; nothing/);
      return true;
    });
  });

  it('say of an unknown outcome how it becomes known', async () => {
    const ledger = await opened();
    ledger.beforeBatch = () => {
      throw Object.assign(new Error('no answer'), { code: 'CLIENT_OUTCOME_UNKNOWN' });
    };
    await assert.rejects(
      runLedger(ledger, ['void', '12', '11']),
      /^CliError: outcome unknown: no answer; ask by quorate ledger lookup transfers 12, or run/,
    );
  });

  it('make new ids that rise with time and are told', async () => {
    const ledger = await opened();
    const said = await runLedger(ledger, ['create-account', 'new', ...money, '--ids', 'hex']);
    const id = ledger.accounts.at(-1)?.id ?? 0n;
    assert.ok(id >> 80n > 1_700_000_000_000n);
    assert.ok(said.lines[0]?.startsWith(`account 0x${id.toString(16)}: ok`));
  });

  it('name ids that are not there', async () => {
    const said = await runLedger(await opened(), ['lookup', 'transfers', '77', '0x10']);
    assert.deepEqual(said.notes, ['there is no transfer 77', 'there is no transfer 16']);
    assert.equal(said.exitCode, 1);
  });

  it('name the flag that is wrong, and what it takes', async () => {
    const ledger = await opened();
    const wrong: readonly (readonly [string[], RegExp])[] = [
      [['create-account', '3', '--ledger', '840', '--code', '70000'], /--code.*more than 65535/],
      [['create-account', '3', ...money, '--flags', 'histry'], /--flags: .*did you mean history/],
      [['create-account', 'x', ...money], /'ID'.*write digits/],
      [['lookup', 'account', '1'], /Allowed choices are accounts, transfers/],
      [['query', 'transfers', '--from', '2026-12-01', '--to', '2026-11-01'], /--from is later/],
      [['export', 'accounts', '--account', '1'], /--account is for transfers/],
      [['history', '1', '--from', 'noon'], /--from.*is no time; write 2026/],
    ];
    for (const [words, pattern] of wrong) await assert.rejects(runLedger(ledger, words), pattern);
  });
});

describe('quorate ledger', () => {
  it('has help with examples for each command', async () => {
    const { addLedger } = await import('../../src/program/ledger.ts');
    const { Command } = await import('commander');
    const program = new Command('quorate');
    addLedger(program, () => undefined);
    const [ledger] = program.commands;
    const commands = ledger?.commands ?? [];
    assert.equal(commands.length, 13);
    for (const command of commands) {
      let text = '';
      command.configureOutput({
        writeOut: (chunk) => {
          text += chunk;
        },
        getOutHelpWidth: () => 100,
      });
      command.outputHelp();
      assert.match(text, new RegExp(`Examples?:\n  quorate ledger ${command.name()} `));
      assert.match(text, /Exit codes:\n {2}0 /);
      assert.doesNotMatch(text, /\b23(?:79|80)\b/, 'ports of the other service');
      for (const line of text.split('\n')) assert.ok(line.length <= 100, line);
    }
  });

  it('checks a file without a ledger, and says when there is none', async () => {
    const environment = { QUORATE_LEDGER_ENDPOINTS: '127.0.0.1:1' };
    const input = 'id,ledger,code\n1,1,1\n';
    const checked = await runProgram(['ledger', 'import', '-', '--check'], { environment, input });
    assert.deepEqual(
      [checked.exitCode, checked.stdout],
      [0, '-: 1 accounts can be read, 0 lines cannot\n'],
    );
    const words = ['ledger', 'lookup', 'accounts', '1', '--timeout-ms', '300', '--json'];
    const { exitCode, stderr } = await runProgram(words, { environment });
    assert.deepEqual([exitCode, JSON.parse(stderr).error.code], [1, 'CLI_REQUEST_FAILED']);
  });

  it('says of a write that nothing was sent when there is no ledger', async () => {
    const environment = { QUORATE_LEDGER_ENDPOINTS: '127.0.0.1:1' };
    const words = ['ledger', 'create-account', '1', ...money, '--timeout-ms', '300'];
    const { exitCode, stderr } = await runProgram(words, { environment });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^account 1 was not sent, so nothing was carried out; the same id may/);
  });

  it('says to a program where an import has stopped', async () => {
    const environment = { QUORATE_LEDGER_ENDPOINTS: '127.0.0.1:1' };
    const input = 'id,ledger,code\nx,1,1\n';
    const said = await runProgram(['ledger', 'import', '-', '--json'], { environment, input });
    const { message, ...error } = JSON.parse(said.stderr).error;
    assert.match(message, /line 2, column 1 \(id\): .*mend it/);
    assert.deepEqual(
      [said.exitCode, error],
      [
        1,
        {
          ...{ code: 'CLI_IMPORT_STOPPED', cause: 'BAD_LINE', path: '-', nextLine: 1 },
          ...{ carriedOut: 0, existed: 0, refused: 0, leftOut: 0, unanswered: null },
        },
      ],
    );
  });
});
