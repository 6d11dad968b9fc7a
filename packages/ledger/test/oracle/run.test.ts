import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commandOf, usualNumbers } from './run-numbers.ts';

const program = fileURLToPath(new URL('run.ts', import.meta.url));

function run(...args: readonly string[]) {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: 30_000 });
}

describe('the command that compares by the million', () => {
  it('says in its last line what it has compared', () => {
    const { status, stdout } = run('--events', '3000', '--seed', '5', '--seconds', '20');
    assert.equal(status, 0);
    const report: unknown = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    assert.ok(typeof report === 'object' && report !== null);
    const { events, seeds, differences, ...others } = report as Record<string, number>;
    assert.ok((events ?? 0) >= 3000);
    assert.deepEqual([seeds, differences], [1, 0]);
    for (const name of ['batches', 'seconds', 'chunksSealed']) assert.ok(name in others, name);
  });

  it('explains itself', () => {
    const { status, stdout } = run('--help');
    assert.equal(status, 0);
    assert.match(stdout, /^usage: node packages\/ledger\/test\/oracle\/run\.ts/);
  });

  it('refuses what makes no sense, and says what it is', () => {
    for (const [args, words] of [
      [['--events', '1e6'], /\n--events is a whole number from 1 on, not '1e6'\n$/],
      [['--evnts', '5'], /Unknown option '--evnts'/],
    ] as const) {
      const { status, stdout, stderr } = run(...args);
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, words);
    }
  });

  it('is written with the flags that are not as usual', () => {
    const words = 'node packages/ledger/test/oracle/run.ts --events 2000000 --seed 7 --bulk 90';
    assert.equal(commandOf({ ...usualNumbers, seed: 7, bulk: 90 }), words);
  });
});
