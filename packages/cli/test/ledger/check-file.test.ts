import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { temporaryDirectory } from '../run-program.ts';
import { FakeLedger } from './fake-ledger.ts';
import { runLedger } from './run-ledger.ts';

const header = 'id,debitAccountId,creditAccountId,amount,ledger,code,flags';

async function fileWith(context: TestContext, text: string): Promise<string> {
  const path = join(await temporaryDirectory(context), 'events');
  await writeFile(path, text);
  return path;
}

describe('import --check', () => {
  it('lists what cannot be read, sends nothing and writes nothing', async (context) => {
    const ledger = new FakeLedger();
    const path = await fileWith(context, `${header}\n1,1,2,1.5,1,1,\n2,1,2,1,1,1,linked\n`);
    const said = await runLedger(ledger, ['import', path, '--check']);
    assert.deepEqual([said.exitCode, ledger.submitted], [1, 0]);
    assert.match(
      said.lines[0] ?? '',
      /^line 2, column 7 \(amount\): "1.5" has a decimal; give --sc/,
    );
    assert.match(said.lines[1] ?? '', /1 transfers can be read, 1 lines cannot$/);
    assert.match(said.lines[2] ?? '', /^line 3: the chain that begins here has no end/);
    await assert.rejects(readFile(`${path}.position`), /ENOENT/);
  });

  it('says where in the first line, or of an object, a name is wrong', async (context) => {
    for (const [text, said] of [
      ['id,code,ledgre\n1,1,1\n2,1,1\n', /^line 1, column 9 \(ledgre\): .* did you mean ledger\?/],
      ['\n\n"id", amuont,code\n', /^line 3, column 6 \(amuont\): /],
      ['id,amuont', /^line 1, column 4 \(amuont\): /],
      ['id,code,ledger,code\n1,1,1,1\n', /^line 1, column 16 \(code\): this column is there twice/],
      ['code,ledger\n1,1\n', /^line 1, column 1 \(id\): there is no such column/],
      ['id;code;ledger\n1;1;1\n', /^line 1, column 1 .*: a comma stands between columns/],
      ['{"id": 1}\n{"id": 2, "cdoe": 1}\n', /^line 2, column 11 \(cdoe\): .* did you mean code/],
    ] as const) {
      const path = await fileWith(context, text);
      const { exitCode, lines } = await runLedger(new FakeLedger(), ['import', path, '--check']);
      assert.equal(exitCode, 1, text);
      assert.match(lines[0] ?? '', said);
      assert.match(lines[1] ?? '', /, 1 lines cannot$/);
    }
  });
});
