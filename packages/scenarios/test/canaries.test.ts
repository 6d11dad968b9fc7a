import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { editsOf } from '../src/canaries/canary.ts';
import { canaries } from '../src/index.ts';

const bin = fileURLToPath(new URL('../src/bin.ts', import.meta.url));
const packages = fileURLToPath(new URL('../../', import.meta.url));

describe('canaries', () => {
  it('are at least 20 classic mistakes, each with a name of its own', () => {
    assert.ok(canaries.length >= 20);
    assert.equal(new Set(canaries.map(({ name }) => name)).size, canaries.length);
  });

  for (const canary of canaries) {
    it(`${canary.name} has its place in the source, exactly once`, () => {
      for (const { file, find, replace } of editsOf(canary)) {
        const source = readFileSync(`${packages}${file}`, 'utf8');
        assert.equal(source.split(find).length - 1, 1, `${file} has changed: mend the canary`);
        assert.notEqual(find, replace);
      }
    });
  }

  // One of each kind, of those that few seeds catch; `npm run sim -- --canaries` plays them all.
  for (const [name, as] of [
    ['vote-not-persisted', /durability/],
    ['commit-older-terms', /commit rule/],
    ['read-before-it-is-applied', /linearizability/],
    ['acknowledge-before-fsync', /durability/],
    ['append-always-truncates', /acknowledged entries are kept/],
    ['stale-command-is-applied', /applied at most once|exactly once|no halt/],
    ['stale-read-has-no-bound', /bounded staleness/],
    ['lease-lives-from-the-tick-before', /leases live their time/],
    ['new-leader-does-not-tick', /progress/],
    ['in-step-too-early', /watches miss nothing/],
  ] as const) {
    it(`${name} is caught`, () => {
      const args = [bin, '--canary', name, '--seeds', '60'];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      assert.equal(status, 1, stdout + stderr);
      assert.match(stdout, new RegExp(`canary ${name} caught by seed \\d+`));
      assert.match(stdout, as);
      assert.match(stdout, /again: {2}npm run sim -- --seed \d+ .*--trace/);
      assert.match(stdout, /shrink: npm run sim -- --seed \d+ .*--shrink/);
    });
  }
});
