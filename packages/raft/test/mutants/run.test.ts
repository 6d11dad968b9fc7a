import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mutants } from './registry.ts';

const program = fileURLToPath(new URL('./run.ts', import.meta.url));

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
}

describe('npm run mutants', () => {
  it('says how it is used when asked, with every mutant', () => {
    const { status, stdout } = run('--help');
    assert.equal(status, 0);
    assert.match(stdout, /^usage: npm run mutants/);
    for (const { name } of mutants) assert.ok(stdout.includes(` ${name}\n`), name);
  });

  it('refuses what it does not know, and tries none of the others', () => {
    const [first] = mutants;
    assert.ok(first !== undefined);
    for (const [args, last] of [
      [[first.name, 'nope'], /\n\nthere is no mutant 'nope'\n$/],
      [['--bogus'], /\n\nUnknown option '--bogus'/],
    ] as const) {
      const { status, stdout, stderr } = run(...args);
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, last);
    }
  });

  it('tries those that are named, and ends with one machine-readable line', () => {
    const { status, stdout } = run('joint-for-ever');
    assert.equal(status, 0, stdout);
    const last = stdout.trimEnd().split('\n').at(-1) ?? '';
    assert.deepEqual(JSON.parse(last), { mutants: 1, caught: 1, missed: [] });
  });
});
