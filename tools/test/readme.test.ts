import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ROOT } from '../run/run-command.ts';

/** The TypeScript blocks of a page. */
function blocksOf(path: string): string[] {
  const blocks = readFileSync(join(ROOT, path), 'utf8').match(/```ts\n[\s\S]*?```/g) ?? [];
  return blocks.map((block) => block.slice('```ts\n'.length, -'```'.length));
}

/** A port that is free now, with a few more behind it that very likely are. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((fulfil) => server.listen(0, '127.0.0.1', fulfil));
  const address = server.address();
  await new Promise((fulfil) => server.close(fulfil));
  assert.ok(address !== null && typeof address === 'object');
  return Math.min(address.port, 65_000);
}

/** Runs `text` as a program, on free ports in the place of 7001 to 7019. @returns its output */
async function programOf(t: TestContext, text: string): Promise<() => string> {
  // Inside the checkout, so that the packages are found as a user's would be.
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  const directory = mkdtempSync(join(ROOT, 'dist', 'readme-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  assert.match(text, /127\.0\.0\.1:70[01]\d/);
  const port = await freePort();
  const moved = text.replaceAll(
    /127\.0\.0\.1:70([01]\d)/g,
    (_, at) => `127.0.0.1:${port + Number(at)}`,
  );
  writeFileSync(join(directory, 'example.ts'), moved);
  return () => {
    const options = { cwd: directory, encoding: 'utf8', timeout: 60_000 } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['example.ts'], options);
    assert.equal(status, 0, stderr);
    return stdout;
  };
}

test('the examples of the README run, and remember when they run again', async (t) => {
  const [counter = '', leader = '', ...others] = blocksOf('README.md');
  assert.deepEqual(others, []);
  const count = await programOf(t, counter);
  assert.match(count(), /read at node 3: 15\n$/);
  assert.match(count(), /read at node 3: 30\n$/);
  const elect = await programOf(t, leader);
  const tokens = (text: string): string[] =>
    [...text.matchAll(/(?<=token )\d+$/gm)].map(([n]) => n);
  assert.deepEqual(tokens(elect()), ['1', '2', '3']);
  assert.deepEqual(tokens(elect()), ['4', '5', '6']);
});

test('the guide to read replicas holds one program, and it runs', async (t) => {
  const run = await programOf(t, blocksOf('docs/guides/read-replicas.md').join(''));
  const lines = run().split('\n');
  assert.deepEqual(lines.slice(0, 3), ['hello', 'hello', 'hello']);
  assert.match(lines[3] ?? '', /^index \d+, fed by 127\.0\.0\.1:\d+$/);
  assert.equal(lines[4], 'hello');
  assert.match(lines[5] ?? '', /^quorate_replica_applied_index\{group="pages"\} \d+$/);
});
