import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { count } from '../pack/consumer/counter.ts';
import { readmeExample } from '../pack/readme-example.ts';
import { ROOT, runCommand } from '../run/run-command.ts';

test('pack refuses what it does not know', async () => {
  const { exitCode, output } = await runCommand(['node', 'tools/pack.ts', '--no-such'], {
    output: 'collect',
  });
  assert.equal(exitCode, 2);
  assert.match(output, /usage: npm run pack/);
});

test('the program that is run against the installed packages counts, and remembers', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-count-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  assert.equal(await count(folder, 2), 2);
  assert.equal(await count(folder, 3), 5);
});

for (const name of ['base', 'schema', 'node']) {
  test(`the example in the README of ${name} prints what it says`, async () => {
    const text = readFileSync(join(ROOT, 'packages', name, 'README.md'), 'utf8');
    const example = readmeExample(text);
    assert.ok(example !== null);
    // In the root, so that the packages are found; a program on the command line has no types.
    const flags = ['--input-type=module-typescript', '--eval', example.program];
    const { exitCode, output } = await runCommand(['node', ...flags], { output: 'collect' });
    assert.equal(exitCode, 0, output);
    assert.equal(output, example.output);
  });
}
