import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../run/run-command.ts';

/** The only TypeScript block of the README. */
function example(): string {
  const blocks = readFileSync(join(ROOT, 'README.md'), 'utf8').match(/```ts\n[\s\S]*?```/g) ?? [];
  assert.equal(blocks.length, 1);
  return (blocks[0] as string).slice('```ts\n'.length, -'```'.length);
}

/** A port that is free now, with two more behind it that very likely are. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((fulfil) => server.listen(0, '127.0.0.1', fulfil));
  const address = server.address();
  await new Promise((fulfil) => server.close(fulfil));
  assert.ok(address !== null && typeof address === 'object');
  return Math.min(address.port, 65_000);
}

test('the example of the README runs, and remembers when it runs again', async (t) => {
  // Inside the checkout, so that the packages are found as a user's would be.
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  const directory = mkdtempSync(join(ROOT, 'dist', 'readme-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const text = example();
  assert.match(text, /127\.0\.0\.1:7001/);
  const port = await freePort();
  const moved = text.replaceAll(
    /127\.0\.0\.1:700(\d)/g,
    (_, at) => `127.0.0.1:${port + Number(at)}`,
  );
  writeFileSync(join(directory, 'counter.ts'), moved);
  const run = (): string => {
    const options = { cwd: directory, encoding: 'utf8', timeout: 60_000 } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['counter.ts'], options);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  assert.match(run(), /read at node 3: 15\n$/);
  assert.match(run(), /read at node 3: 30\n$/);
});
