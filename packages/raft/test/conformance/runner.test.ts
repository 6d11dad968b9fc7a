import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

describe('the conformance runner', () => {
  function run(...paths: string[]): { status: number | null; last: string; output: string } {
    const program = join(here, 'bin.ts');
    const child = spawnSync(process.execPath, [program, ...paths], { encoding: 'utf8' });
    const output = child.stdout + child.stderr;
    return { status: child.status, last: output.trim().split('\n').at(-1) ?? '', output };
  }

  it('takes files and folders, and says what passed and what did not', () => {
    const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
    try {
      mkdirSync(join(folder, 'deeper/empty'), { recursive: true });
      const good = join(folder, 'good.txt');
      writeFileSync(good, 'vote\n----\nVoteWon\n');
      writeFileSync(join(folder, 'notes.md'), 'not a case');
      assert.deepEqual(run(folder, good), {
        status: 0,
        last: '1 passed, 0 failed',
        output: '1 passed, 0 failed\n',
      });
      const bad = join(folder, 'deeper/bad.txt');
      writeFileSync(bad, '\nvote\n----\nVoteLost\n');
      const { status, last, output } = run(folder);
      assert.deepEqual([status, last], [1, '1 passed, 1 failed']);
      assert.ok(output.startsWith(`${bad}:2: failed\n wanted\n  VoteLost\n got\n  VoteWon\n`));
      assert.equal(run(join(folder, 'deeper/empty')).status, 2);
      assert.equal(run(good, join(folder, 'missing.txt')).status, 2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says of what is no case file that it is none, with the line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
    try {
      const binary = join(folder, 'binary');
      writeFileSync(binary, Uint8Array.of(0x7f, 0x45, 0x0a, 0x00, 0xff));
      const { status, output } = run(binary);
      assert.equal(status, 1);
      const why = 'this is no case file: there is a zero byte';
      assert.equal(output, `${binary}:2: ${why}\n0 passed, 1 failed\n`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says how it is used when asked, and what was wrong last', () => {
    const { status, output } = run('--help');
    assert.equal(status, 0);
    assert.match(output, /^usage: npm run -s conformance/);
    const wrong = run('--all');
    assert.equal(wrong.status, 2);
    assert.match(wrong.output, /^usage: /);
    assert.match(wrong.last, /'--all'/);
  });

  it('runs our own cases when it is given no path', () => {
    const { status, last } = run();
    assert.equal(status, 0);
    assert.match(last, /^\d\d+ passed, 0 failed$/);
  });
});
