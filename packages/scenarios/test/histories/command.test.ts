import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runHistories } from '../../src/histories/command.ts';
import { sampleLogs } from './sample-logs.ts';

function run(...args: readonly string[]): { status: number; out: string; err: string } {
  let out = '';
  let err = '';
  const status = runHistories(args, {
    out: (text) => {
      out += `${text}\n`;
    },
    err: (text) => {
      err += `${text}\n`;
    },
  });
  return { status, out, err };
}

function table(rows: readonly { readonly file: string; readonly linearizable: boolean }[]): string {
  const lines = rows.map(({ file, linearizable }) => `${file}\t${linearizable}\n`);
  return `file\tlinearizable\n${lines.join('')}`;
}

describe('the command histories', () => {
  let directory = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'quorate-histories-'));
    for (const { file, text } of sampleLogs) writeFileSync(join(directory, file), text);
    writeFileSync(join(directory, 'verdicts.tsv'), table(sampleLogs));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  it('prints a line for each log, in order, and how many passed', () => {
    const { status, out, err } = run(directory);
    assert.equal(err, '');
    assert.equal(
      out.replaceAll(/[\d.]+ ms/g, 'T ms'),
      [
        'agreed-order.log: linearizable, 8 operations, T ms',
        'failed-write-seen.log: not linearizable, 2 operations, T ms',
        'late-write.log: linearizable, 8 operations, T ms',
        'stale-read.log: not linearizable, 4 operations, T ms',
        'two-winners.log: not linearizable, 4 operations, T ms',
        '5 passed, 0 failed',
        '',
      ].join('\n'),
    );
    assert.equal(status, 0);
  });

  it('names what differs, explains it, and ends with status 1', () => {
    const wrong = sampleLogs.map(({ file }) => ({ file, linearizable: true }));
    writeFileSync(join(directory, 'verdicts.tsv'), table(wrong));
    const { status, out } = run(directory);
    assert.match(out, /stale-read\.log: not linearizable, expected: linearizable, .* FAILED\n/);
    assert.match(out, / {2}client 2 read -> 1 \(lines 7 to 8\) cannot be explained\n/);
    assert.match(out, /\n2 passed, 3 failed\n$/);
    assert.equal(status, 1);
  });

  it('explains what was expected too when asked to', () => {
    const { status, out } = run(directory, '--explain');
    assert.equal(status, 0);
    assert.match(out, /client 2 cas 4 2 -> ok \(lines 4 to 6\) cannot be explained/);
  });

  it('says unknown when the steps do not suffice, and counts it as failed', () => {
    const { status, out } = run(directory, '--steps', '1');
    assert.match(out, /unknown after 1 steps, expected: linearizable/);
    assert.equal(status, 1);
  });

  it('counts a log without a verdict as failed, and ends with status 2', () => {
    writeFileSync(join(directory, 'verdicts.tsv'), 'file\tlinearizable\nlate-write.log\ttrue\n');
    const { status, out, err } = run(directory);
    assert.match(out, /agreed-order\.log: linearizable, no verdict given, .* FAILED/);
    assert.match(out, /\n1 passed, 4 failed\n$/);
    assert.match(err, /verdicts\.tsv: no row for agreed-order\.log\n/);
    assert.equal(status, 2);
  });

  it('counts a log with a malformed line as failed, naming it, and goes on', () => {
    const path = join(directory, 'late-write.log');
    writeFileSync(path, '0 :invoke :write 1\n0 :done :write 1\n');
    mkdirSync(join(directory, 'not-a-file.log'));
    const rows = [...sampleLogs, { file: 'not-a-file.log', linearizable: true }];
    writeFileSync(join(directory, 'verdicts.tsv'), table(rows));
    const { status, out, err } = run(directory);
    assert.equal(err, '');
    assert.ok(out.includes(`\n${path}:2: not an event: wanted are a process`), out);
    assert.match(out, /not-a-file\.log: EISDIR.* FAILED\n/);
    assert.match(out, /\ntwo-winners\.log: .*\n4 passed, 2 failed\n$/);
    assert.equal(status, 1);
  });

  it('ends with status 2 when the verdicts are malformed, naming file, line and fault', () => {
    writeFileSync(join(directory, 'verdicts.tsv'), 'file\n');
    const { status, err } = run(directory);
    assert.match(err, /verdicts\.tsv:1: wanted is the head line/);
    assert.equal(status, 2);
  });

  it('says how it is used when asked', () => {
    const { status, out } = run('--help');
    assert.match(out, /npm run -s histories -- DIR/);
    assert.equal(status, 0);
  });

  it('is a program of that name', () => {
    const bin = fileURLToPath(new URL('../../src/histories/bin.ts', import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, [bin, directory], { encoding: 'utf8' });
    assert.match(stdout, /\n5 passed, 0 failed\n$/);
    assert.equal(status, 0);
  });

  it('ends with status 2 when there is nothing to read or to do', () => {
    rmSync(join(directory, 'verdicts.tsv'));
    assert.deepEqual(
      [run(directory).status, /verdicts\.tsv: ENOENT/.test(run(directory).err)],
      [2, true],
    );
    assert.match(run(join(directory, 'nowhere')).err, /nowhere: ENOENT/);
    for (const [args, last] of [
      [[], /\n\ngive one directory\n$/],
      [['a', 'b'], /\n\ngive one directory\n$/],
      [['--what'], /\n\nUnknown option '--what'.*\n$/],
      [[directory, '--steps', '0'], /\n\n--steps takes a whole number from 1, not 0\n$/],
    ] as const) {
      const { status, err } = run(...args);
      assert.equal(status, 2);
      assert.match(err, /npm run -s histories -- DIR/);
      assert.match(err, last);
    }
    const empty = mkdtempSync(join(tmpdir(), 'quorate-histories-'));
    writeFileSync(join(empty, 'verdicts.tsv'), 'file\tlinearizable\n');
    const { status, err } = run(empty);
    rmSync(empty, { recursive: true });
    assert.equal(status, 2);
    assert.match(err, /there is no \*\.log/);
  });
});
