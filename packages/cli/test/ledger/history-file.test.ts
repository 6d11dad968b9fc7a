import assert from 'node:assert/strict';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { HistoryFile, historyPath } from '../../src/ledger/shell/history-file.ts';
import { temporaryDirectory } from '../run-program.ts';

function opened(path: string): { file: HistoryFile; notes: string[] } {
  const notes: string[] = [];
  return { file: new HistoryFile(path, (text) => void notes.push(text)), notes };
}

describe('typed lines', () => {
  it('are there in the next session, the newest first, for their owner only', async (context) => {
    const path = join(await temporaryDirectory(context), 'history');
    const { file, notes } = opened(path);
    assert.deepEqual(file.read(), []);
    for (const line of ['lookup accounts 1', 'lookup accounts 1', ' ', 'exit']) file.add(line);
    assert.deepEqual(opened(path).file.read(), ['exit', 'lookup accounts 1']);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await chmod(path, 0o644);
    opened(path).file.read();
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(notes, []);
  });

  it('are the newest thousand', async (context) => {
    const path = join(await temporaryDirectory(context), 'history');
    const lines = Array.from({ length: 1500 }, (_, at) => `lookup accounts ${at}\n`);
    await writeFile(path, lines.join(''));
    const { file } = opened(path);
    assert.equal(file.read().length, 1000);
    file.add('exit');
    const kept = (await readFile(path, 'utf8')).split('\n');
    assert.deepEqual([kept.length, kept[0], kept.at(-2)], [1002, 'lookup accounts 500', 'exit']);
  });

  it('are kept where the environment says, or nowhere', () => {
    assert.equal(historyPath({}), join(homedir(), '.quorate_ledger_history'));
    assert.equal(historyPath({ QUORATE_LEDGER_HISTORY: '/tmp/h' }), '/tmp/h');
    assert.equal(historyPath({ QUORATE_LEDGER_HISTORY: '' }), null);
  });

  it('that cannot be kept end nothing, and that is said once', async (context) => {
    const { file, notes } = opened(join(await temporaryDirectory(context), 'missing', 'history'));
    file.read();
    for (const line of ['a', 'b']) file.add(line);
    assert.equal(notes.length, 1);
    assert.match(notes[0] ?? '', /^typed lines are not kept in .*missing.history: ENOENT/);
  });
});
