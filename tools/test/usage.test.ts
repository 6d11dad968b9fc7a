import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../run/run-command.ts';

const COLLECT = { output: 'collect' } as const;
const tools = ['bench', 'fix', 'fuzz', 'generate', 'model', 'pack', 'verify', 'version'];

for (const tool of tools) {
  test(`${tool} says how it is used when asked, and does nothing`, async () => {
    for (const flag of ['--help', '-h']) {
      const { exitCode, output } = await runCommand(['node', `tools/${tool}.ts`, flag], COLLECT);
      assert.equal(exitCode, 0, output);
      assert.match(output, /^usage: n/);
    }
  });
}

/** What the last line must say. */
const wrong: readonly (readonly [command: string, last: RegExp])[] = [
  ['bench', /^give the name of a bench$/],
  ['bench no-such --help', /^there is no bench 'no-such'$/],
  ['fix --bogus', /'--bogus'/],
  ['generate --bogus', /'--bogus'/],
  ['generate now', /'now'/],
  ['model no-such', /^there is no model 'no-such'$/],
  ['model --jobs 0', /^--jobs is a whole number from 1 on, not '0'$/],
  ['pack --bogus', /'--bogus'/],
  ['verify --bogus', /'--bogus'/],
  ['version', /^give a version$/],
  ['version ^1.0.0', /^'\^1\.0\.0' is no version$/],
  ['fuzz', /^give the name of a fuzzer, and a seed$/],
  ['fuzz --bogus', /'--bogus'/],
  ['fuzz no-such 1', /^there is no fuzzer 'no-such'$/],
  ['fuzz canary', /^give a seed: canary 1$/],
  ['fuzz canary abc', /^the seed is a whole number, not 'abc'$/],
  ['fuzz canary 1 2', /'2'$/],
  ['fuzz canary 1 --inputs x', /^--inputs is a whole number, not 'x'$/],
  ['fuzz smoke --seconds 1.5', /^--seconds is a whole number, not '1\.5'$/],
  ['fuzz canary --replay', /^--replay takes the name of a fuzzer, and the files$/],
  ['fuzz no-such --replay README.md', /^there is no fuzzer 'no-such'$/],
];

for (const [command, last] of wrong) {
  test(`wrong usage is named last, with exit code 2: ${command}`, async () => {
    const [tool, ...args] = command.split(' ');
    const { exitCode, output } = await runCommand(['node', `tools/${tool}.ts`, ...args], COLLECT);
    assert.equal(exitCode, 2, output);
    assert.match(output, /^usage: n/);
    assert.match(output.trimEnd().split('\n').at(-1) ?? '', last);
  });
}

test('fuzz replays none of the files when one cannot be read, and names it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const input = join(folder, 'input.bin');
  writeFileSync(input, 'nothing');
  const replay = ['node', 'tools/fuzz.ts', 'canary', '--replay', input];
  const good = await runCommand(replay, COLLECT);
  assert.equal(good.exitCode, 0, good.output);
  assert.match(good.output, /"replayed":1/);
  const missing = join(folder, 'missing.bin');
  const { exitCode, output } = await runCommand([...replay, missing], COLLECT);
  assert.equal(exitCode, 2);
  assert.ok(output.includes(`\n\n${missing}: ENOENT`), output);
  assert.doesNotMatch(output, /accepted:|rejected:|\n {4}at /);
});
