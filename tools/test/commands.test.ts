import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, runCommand } from '../run/run-command.ts';

const COLLECT = { output: 'collect' } as const;

test('a command gives its exit code and what it wrote', async () => {
  const script = `console.log('out'); console.error('err'); process.exitCode = 3;`;
  const { exitCode, output } = await runCommand(['node', '-e', script], COLLECT);
  assert.equal(exitCode, 3);
  assert.match(output, /out/);
  assert.match(output, /err/);
});

test("the workspace's own programs come first", async () => {
  const script = `process.stdout.write(process.env.PATH.split(path.delimiter)[0])`;
  const { output } = await runCommand(['node', '-e', script], COLLECT);
  assert.equal(output, join(ROOT, 'node_modules/.bin'));
});

test('a program that is not there is a failure with its name', async () => {
  const { exitCode, output } = await runCommand(['no-such-program'], COLLECT);
  assert.equal(exitCode, 127);
  assert.match(output, /cannot start no-such-program/);
});

test('bench lists the known names when it does not know the name', async () => {
  const { exitCode, output } = await runCommand(['node', 'tools/bench.ts', 'no-such'], COLLECT);
  assert.equal(exitCode, 2);
  assert.match(output, /^usage: npm run bench -- NAME \[ARGUMENTS\]\n( {2}\S+ +packages\/\S+\n)+/);
});
