import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseOptions } from '../../src/command/options.ts';

const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url));

describe('npm run sim -- --scenario election', () => {
  it('tells of overlaps, leaderships and the intervals without a leader', () => {
    const args = [bin, '--scenario', 'election', '--seeds', '4', '--jobs', '2'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^4 seeds, \d+ events, 0 overlaps, \d+ leaderships, \d+ acts of leaders/m);
    assert.match(stdout, /^ {2}all {10}\d+ \d+ \d+ \d+ \d+$/m);
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    assert.equal(last.overlaps, 0);
    assert.equal(last.failedSeed, null);
    assert.ok(last.leaderships >= 4);
    assert.ok(last.gaps.all.count > 0);
  });

  it('counts overlaps where clocks drift too far, and goes on', () => {
    const args = [bin, '--scenario', 'election', '--seeds', '3', '--violate-drift'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    assert.equal(status, last.seedsWithOverlaps > 0 ? 0 : 3, stdout + stderr);
    assert.equal(last.failedSeed, null);
    assert.ok(last.signatures > 0);
    assert.match(stdout, /two led at once in \d of 3 seeds/);
  });

  it('is where the canaries of the election show', () => {
    assert.equal(parseOptions(['--canary', 'token-is-the-term']).scenario, 'election');
    assert.equal(parseOptions(['--canary', 'vote-not-persisted']).scenario, 'kv');
    assert.equal(parseOptions([]).scenario, 'kv');
  });

  it('refuses what it does not have', () => {
    assert.throws(
      () => parseOptions(['--scenario', 'x']),
      /--scenario takes one of kv, election, ledger, not x/,
    );
    const shrink = ['--scenario', 'election', '--shrink'];
    assert.throws(() => parseOptions(shrink), /--plan and --shrink are of the kv scenario/);
  });
});
