import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { AccountFlag, TransferFlag } from '@quorate/ledger';
import { CliError } from '../../src/cli-error.ts';
import { temporaryDirectory } from '../run-program.ts';
import { FakeLedger } from './fake-ledger.ts';
import { runLedger } from './run-ledger.ts';

const header = 'id,debitAccountId,creditAccountId,amount,ledger,code,flags';

async function fileWith(context: TestContext, name: string, text: string): Promise<string> {
  const path = join(await temporaryDirectory(context), name);
  await writeFile(path, text);
  return path;
}

async function ledgerWith(accounts: number, flags = 0): Promise<FakeLedger> {
  const ledger = new FakeLedger();
  const ids = Array.from({ length: accounts }, (_, at) => BigInt(at + 1));
  await ledger.createAccounts(ids.map((id) => ({ id, ledger: 1, code: 1, flags })));
  ledger.submitted = 0;
  return ledger;
}

/** Transfers of 1 each from account 1 to account 2. */
function transferLines(from: number, count: number): string {
  return Array.from({ length: count }, (_, at) => `${from + at},1,2,1,1,1,\n`).join('');
}

function saysItself(pattern: RegExp, code = 'CLI_IMPORT_STOPPED') {
  return (error: unknown): boolean => {
    assert.ok(error instanceof CliError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    return true;
  };
}

describe('import', () => {
  it('opens accounts that are written in any column order, as CSV or as JSON', async (context) => {
    const ledger = new FakeLedger();
    const csv = 'code,flags,id,userData64,ledger\n10,history,0x1,7,840\n10,,2,,840\n';
    const path = await fileWith(context, 'accounts.csv', csv);
    const first = await runLedger(ledger, ['import', path]);
    assert.deepEqual([first.exitCode, ledger.accounts.length], [0, 2]);
    assert.match(first.lines.at(-1) ?? '', /done to the end of line 3: 2 accounts carried out/);
    const json = '{"id":"00000000-0000-0000-0000-000000000003","ledger":840,"code":10}\n';
    const other = await fileWith(context, 'accounts.jsonl', json);
    assert.equal((await runLedger(ledger, ['import', other])).exitCode, 0);
    assert.deepEqual(
      ledger.accounts.map(({ id }) => id),
      [1n, 2n, 3n],
    );
    assert.deepEqual(
      ledger.accounts.map(({ flags }) => flags),
      [AccountFlag.history, 0, 0],
    );
    assert.equal(ledger.accounts[0]?.userData64, 7n);
  });

  it('reads amounts with decimals exactly, also beyond what a float holds', async (context) => {
    const ledger = await ledgerWith(2);
    const amount = '90071992547409931234567.89';
    const path = await fileWith(context, 'transfers.csv', `${header}\n1,1,2,${amount},1,1,\n`);
    assert.equal((await runLedger(ledger, ['import', path, '--scale', '2'])).exitCode, 0);
    assert.equal(ledger.transfers[0]?.amount, 9007199254740993123456789n);
  });

  it('does nothing twice: what exists counts as done', async (context) => {
    const ledger = await ledgerWith(2);
    const path = await fileWith(context, 'transfers.csv', `${header}\n${transferLines(1, 20)}`);
    assert.equal((await runLedger(ledger, ['import', path, '--batch', '8'])).exitCode, 0);
    const again = await runLedger(ledger, ['import', path, '--from-start', '--json']);
    assert.deepEqual(
      [again.exitCode, again.json],
      [
        0,
        [
          {
            isWhole: true,
            kind: 'transfers',
            nextLine: 22,
            carriedOut: 0,
            existed: 20,
            failed: 0,
            bad: 0,
            sent: 20,
          },
        ],
      ],
    );
    const submitted = ledger.submitted;
    const third = await runLedger(ledger, ['import', path]);
    assert.deepEqual([third.exitCode, ledger.submitted], [0, submitted]);
    assert.match(
      third.lines.at(-1) ?? '',
      /was done before; nothing was sent\. .*20 were there already$/,
    );
  });

  it('lists what is refused by line, and goes on', async (context) => {
    const ledger = await ledgerWith(2);
    const path = await fileWith(
      context,
      't.csv',
      `${header}\n1,1,2,5,1,1,\n\n2,1,9,5,1,1,\n3,1,2,5,1,1,\n`,
    );
    const said = await runLedger(ledger, ['import', path]);
    assert.equal(said.exitCode, 1);
    assert.deepEqual(said.lines.slice(0, -1), ['line 4: 2: creditAccountNotFound']);
    assert.match(
      said.lines.at(-1) ?? '',
      /to the end of line 5: 2 transfers carried out, 1 refused/,
    );
  });

  it('stops at a line that cannot be read, behind all lines before it', async (context) => {
    const ledger = await ledgerWith(2);
    const text = `${header}\n${transferLines(1, 3)}4,1,2,x,1,1,\n${transferLines(5, 2)}`;
    const path = await fileWith(context, 't.csv', text);
    await assert.rejects(
      runLedger(ledger, ['import', path]),
      saysItself(
        /line 5, column 7 \(amount\): "x" is no whole number; mend it, or .* line 4: 3 tr/,
      ),
    );
    assert.equal(ledger.transfers.length, 3);
    await writeFile(path, text.replace('x', '1000'));
    const again = await runLedger(ledger, ['import', path]);
    assert.deepEqual(again.notes, ['goes on at line 5; the file has changed behind it']);
    assert.deepEqual([again.exitCode, ledger.transfers.length, ledger.submitted], [0, 6, 2]);
  });

  it('leaves bad lines out when told so, and whole chains with them', async (context) => {
    const ledger = await ledgerWith(2);
    const rows = [
      ...['1,1,2,1,1,1,linked', '2,1,2,x,1,1,linked', '3,1,2,1,1,1,', '4,1,2,1,1,1,'],
      ...['y,1,2,1,1,1,', '6,1,2,1,1,1,linked', '7,1,2,1,1,1,'],
    ];
    const path = await fileWith(context, 't.csv', `${header}\n${rows.join('\n')}\n`);
    const report = `${path}.bad`;
    const said = await runLedger(ledger, ['import', path, '--skip-bad', report]);
    assert.equal(said.exitCode, 1);
    assert.deepEqual(
      ledger.transfers.map(({ id }) => id),
      [4n, 6n, 7n],
    );
    const listed = (await readFile(report, 'utf8')).trim().split('\n');
    assert.deepEqual(
      listed.map((line) => line.split(',').slice(0, 3).join()),
      ['2,1,', '3,7,amount', '4,1,', '6,1,id'],
    );
    assert.match(said.lines.at(-1) ?? '', /line 8: 3 transfers carried out, 4 lines left out/);
  });

  it('leaves out no line that a chain may go on with', async (context) => {
    const ledger = await ledgerWith(2);
    const path = await fileWith(context, 't.csv', `${header}\n1,1,2,1,1,1,lnked\n2,1,2,1,1,1,\n`);
    await assert.rejects(
      runLedger(ledger, ['import', path, '--skip-bad', `${path}.bad`]),
      saysItself(
        /line 2, column 13 \(flags\): "lnked" is no flag; did you mean linked\?; mend it \(--skip/,
      ),
    );
    assert.equal(ledger.transfers.length, 0);
  });

  it('never parts a chain between two batches', async (context) => {
    const ledger = await ledgerWith(2);
    const flags = ['', '', 'linked', 'linked', '', '', 'linked', ''];
    const rows = flags.map((flag, at) => `${at + 1},1,2,1,1,1,${flag}\n`);
    const path = await fileWith(context, 't.csv', `${header}\n${rows.join('')}`);
    assert.equal((await runLedger(ledger, ['import', path, '--batch', '3'])).exitCode, 0);
    assert.deepEqual([ledger.transfers.length, ledger.submitted], [8, 3]);
    await assert.rejects(
      runLedger(ledger, ['import', path, '--batch', '2', '--from-start']),
      saysItself(/line 4: the chain that begins here has more than the 2 events/),
    );
  });

  it('sends a chain without an end for the ledger to refuse', async (context) => {
    const ledger = await ledgerWith(2);
    const path = await fileWith(context, 't.csv', `${header}\n1,1,2,1,1,1,\n2,1,2,1,1,1,linked\n`);
    const said = await runLedger(ledger, ['import', path]);
    assert.deepEqual([said.exitCode, said.lines[0]], [1, 'line 3: 2: linkedEventChainOpen']);
  });

  it('goes on where it was cut off, and says what had no answer', async (context) => {
    const ledger = await ledgerWith(2);
    const path = await fileWith(context, 't.csv', `${header}\n${transferLines(1, 50)}`);
    ledger.beforeBatch = (number) => {
      if (number < 3) return;
      throw Object.assign(new Error('the answer was lost'), { code: 'CLIENT_OUTCOME_UNKNOWN' });
    };
    await assert.rejects(
      runLedger(ledger, ['import', path, '--batch', '10', '--in-flight', '1']),
      (error: unknown) => {
        const said = /the answer was lost.*end of line 21: 20 tr.*lines 22 to 31 were sent and not/;
        assert.ok(saysItself(said)(error) && error instanceof CliError);
        assert.deepEqual(error.metadata, {
          cause: 'CLIENT_OUTCOME_UNKNOWN',
          path,
          nextLine: 22,
          ...{ carriedOut: 20, existed: 0, refused: 0, leftOut: 0 },
          unanswered: [22, 31],
        });
        return true;
      },
    );
    ledger.beforeBatch = () => undefined;
    const again = await runLedger(ledger, ['import', path]);
    assert.deepEqual(again.notes, ['goes on at line 22']);
    assert.deepEqual([again.exitCode, ledger.transfers.length], [0, 50]);
    assert.match(again.lines.at(-1) ?? '', /to the end of line 51: 50 transfers carried out/);
  });

  it('keeps a position without a gap while later batches are answered first', async (context) => {
    const ledger = await ledgerWith(2);
    const path = await fileWith(context, 't.csv', `${header}\n${transferLines(1, 40)}`);
    const others = Promise.withResolvers<void>();
    ledger.beforeBatch = async (number) => {
      if (number === 3) others.resolve();
      if (number !== 1) return;
      await others.promise;
      throw Object.assign(new Error('lost'), { code: 'CLIENT_OUTCOME_UNKNOWN' });
    };
    const run = runLedger(ledger, ['import', path, '--batch', '10', '--in-flight', '3']);
    await assert.rejects(run, saysItself(/nothing was imported; lines 2 to /));
    assert.ok(ledger.transfers.length >= 20);
    ledger.beforeBatch = () => undefined;
    const again = await runLedger(ledger, ['import', path, '--json']);
    assert.equal(again.exitCode, 0);
    assert.deepEqual(new Set(ledger.transfers.map(({ id }) => id)).size, 40);
  });

  it('sends batches beside each other only where their order decides nothing', async (context) => {
    const text = `${header}\n${transferLines(1, 40)}`;
    const wait = () => new Promise<void>((resolve) => setImmediate(resolve));
    const run = async (ledger: FakeLedger, content: string): Promise<number> => {
      ledger.mostUnderWay = 0;
      ledger.beforeBatch = wait;
      const path = await fileWith(context, 't.csv', content);
      await runLedger(ledger, ['import', path, '--batch', '5']);
      return ledger.mostUnderWay;
    };
    assert.equal(await run(await ledgerWith(2), text), 4);
    const limited = await ledgerWith(2, AccountFlag.creditsMustNotExceedDebits);
    assert.equal(await run(limited, text), 1);
    const plain = await ledgerWith(2);
    const pending = `1,1,2,1,1,1,${TransferFlag.pending}\n`;
    const posts = Array.from({ length: 9 }, (_, at) => `${at + 2},1,2,1,1,1,balancingDebit\n`);
    assert.equal(await run(plain, `${header}\n${pending}${posts.join('')}`), 1);
  });

  it('sends nothing beside a batch whose order decides, nor what follows it', async (context) => {
    const ledger = await ledgerWith(2);
    const rows = Array.from({ length: 40 }, (_, at) => {
      const isOrdered = Math.floor(at / 5) % 2 === 0;
      return `${at + 1},1,2,1,1,1,${isOrdered ? 'balancingDebit' : ''}\n`;
    });
    const path = await fileWith(context, 't.csv', `${header}\n${rows.join('')}`);
    ledger.mostUnderWay = 0;
    ledger.beforeBatch = () => new Promise<void>((resolve) => setImmediate(resolve));
    await runLedger(ledger, ['import', path, '--batch', '5']);
    assert.deepEqual([ledger.submitted, ledger.mostUnderWay], [8, 1]);
  });

  it('stops in order when it is asked to', async (context) => {
    const ledger = await ledgerWith(2);
    const path = await fileWith(context, 't.csv', `${header}\n${transferLines(1, 100)}`);
    const stopping = new AbortController();
    ledger.beforeBatch = (number) => {
      if (number === 4) stopping.abort();
    };
    const said = await runLedger(
      ledger,
      ['import', path, '--batch', '10', '--in-flight', '1'],
      stopping.signal,
    );
    assert.equal(said.exitCode, 1);
    assert.match(said.notes.at(-1) ?? '', /^stopped; run the same command again/);
    const done = ledger.transfers.length;
    assert.ok(done > 0 && done < 100);
    assert.match(said.lines[0] ?? '', new RegExp(`line ${done + 1}: ${done} transfers`));
    ledger.beforeBatch = () => undefined;
    assert.equal((await runLedger(ledger, ['import', path])).exitCode, 0);
    assert.equal(ledger.transfers.length, 100);
  });

  it('refuses a position of another file, and other flags', async (context) => {
    const ledger = await ledgerWith(2);
    const path = await fileWith(context, 't.csv', `${header}\n${transferLines(1, 3)}`);
    await runLedger(ledger, ['import', path]);
    const usage = (pattern: RegExp) => saysItself(pattern, 'CLI_USAGE');
    await assert.rejects(
      runLedger(ledger, ['import', path, '--scale', '2']),
      usage(/began as transfers with --scale 0; give the same flags, or --from-start/),
    );
    await writeFile(path, `${header}\n${transferLines(7, 3)}`);
    await assert.rejects(
      runLedger(ledger, ['import', path]),
      usage(/is of another file.*--from-start/),
    );
    await writeFile(`${path}.position`, 'x');
    await assert.rejects(runLedger(ledger, ['import', path]), usage(/is no position file/));
    assert.equal((await runLedger(ledger, ['import', path, '--from-start'])).exitCode, 0);
    assert.equal(ledger.transfers.length, 6);
  });

  it('goes on with no position of another ledger', async (context) => {
    const first = await ledgerWith(2);
    const path = await fileWith(context, 't.csv', `${header}\n${transferLines(1, 3)}`);
    await runLedger(first, ['import', path]);
    const second = await ledgerWith(2);
    second.id = 0xdefn;
    await assert.rejects(
      runLedger(second, ['import', path]),
      saysItself(
        /into another ledger \(cluster 0xabc, not 0xdef\); give --from-start to import all/,
        'CLI_USAGE',
      ),
    );
    assert.equal(second.submitted, 0);
    assert.equal((await runLedger(second, ['import', path, '--from-start'])).exitCode, 0);
    assert.equal(second.transfers.length, 3);
    await assert.rejects(runLedger(first, ['import', path]), /cluster 0xdef, not 0xabc/);
  });

  it('goes on with no position of a ledger that lacks what was imported', async (context) => {
    const first = await ledgerWith(2);
    const text = `${header}\n${transferLines(1, 3)}9,1,7,1,1,1,\n`;
    const path = await fileWith(context, 't.csv', text);
    await runLedger(first, ['import', path]);
    const alike = await ledgerWith(2);
    await assert.rejects(
      runLedger(alike, ['import', path]),
      saysItself(/does not hold transfer 3, which was imported; give --from-start/, 'CLI_USAGE'),
    );
    const again = await runLedger(first, ['import', path, '--json']);
    const { sent } = again.json.at(-1) as { sent?: number };
    assert.deepEqual([again.exitCode, sent], [1, 0]);
  });

  it('refuses a position that does not say of which ledger it is', async (context) => {
    const ledger = await ledgerWith(2);
    const path = await fileWith(context, 't.csv', `${header}\n${transferLines(1, 3)}`);
    await runLedger(ledger, ['import', path]);
    const { cluster, lastHeld, ...old } = JSON.parse(await readFile(`${path}.position`, 'utf8'));
    assert.deepEqual([cluster, lastHeld], ['0xabc', '0x3']);
    await writeFile(`${path}.position`, JSON.stringify({ ...old, version: 1 }));
    await assert.rejects(
      runLedger(ledger, ['import', path]),
      saysItself(/earlier release, and does not say of which ledger.*--from-start/, 'CLI_USAGE'),
    );
    const again = await runLedger(ledger, ['import', path, '--from-start']);
    assert.equal(again.exitCode, 0);
    assert.match(again.lines.at(-1) ?? '', /0 transfers carried out, 3 were there already/);
  });

  it('names a column that is unknown, and the one that was meant', async (context) => {
    const ledger = new FakeLedger();
    const path = await fileWith(context, 'a.csv', 'id,ledgre,code\n1,1,1\n');
    await assert.rejects(
      runLedger(ledger, ['import', path]),
      saysItself(/line 1, column 4 \(ledgre\): accounts have no "ledgre"; did you mean ledger\?/),
    );
    assert.equal(ledger.submitted, 0);
    const other = await fileWith(context, 'b.csv', 'id,ledger,code,note\n1,1,1,"a\nb"\n');
    assert.equal(
      (await runLedger(ledger, ['import', other, '--ignore-columns', 'note'])).exitCode,
      0,
    );
    assert.equal(ledger.accounts.length, 1);
  });
});
