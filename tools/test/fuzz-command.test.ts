import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from '../run/run-command.ts';

const COLLECT = { output: 'collect' } as const;

test('fuzz lists the known names and exits 2 when it does not know the name', async () => {
  const { exitCode, output } = await runCommand(['node', 'tools/fuzz.ts', 'no-such', '1'], COLLECT);
  assert.equal(exitCode, 2);
  assert.match(output, /usage: npm run fuzz -- NAME SEED/);
  assert.match(output, /names: .*canary/);
});

test('fuzz ends with one line of figures, and exits 1 when it found something', async () => {
  const command = ['node', 'tools/fuzz.ts', 'canary', '1', '--inputs', '4000'];
  const { exitCode, output } = await runCommand(command, COLLECT);
  assert.equal(exitCode, 1);
  const last = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  const { fuzz, seed, inputs, accepted, rejected, findings } = last;
  assert.deepEqual(
    { fuzz, seed, inputs, findings },
    { fuzz: 'canary', seed: 1, inputs: 4000, findings: 2 },
  );
  assert.equal(Number(accepted) + Number(rejected), 4000);
});
