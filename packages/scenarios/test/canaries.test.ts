import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { canaries } from '../src/index.ts';

const bin = fileURLToPath(new URL('../src/bin.ts', import.meta.url));
const sim = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' });

describe('canaries: a simulator that misses one is blind to its kind', () => {
  for (const { name, why } of canaries) {
    it(`${name} is caught: ${why}`, () => {
      const { status, stdout, stderr } = sim('--canary', name, '--seeds', '40');
      assert.equal(status, 1, stdout + stderr);
      assert.match(stdout, new RegExp(`canary ${name} caught by seed \\d+`));
      assert.match(stdout, /again: npm run sim -- --seed \d+ /);
    });
  }
});

describe('npm run sim', () => {
  it('refuses unknown options and values with exit code 2', () => {
    for (const args of [
      ['--sedes', '3'],
      ['--seeds', 'many'],
      ['--nodes', '0'],
      ['--canary', 'x'],
    ]) {
      const { status, stderr } = sim(...args);
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, /--/);
    }
  });

  it('ends with one machine-readable line', () => {
    const { status, stdout } = sim('--seed', '1', '--seeds', '2');
    assert.equal(status, 0, stdout);
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    assert.equal(last.seeds, 2);
    assert.equal(last.failedSeed, null);
  });
});
