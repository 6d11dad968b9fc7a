import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startServer } from '@quorate/server';
import { ROOT } from '../run/run-command.ts';

/** The programs of the guide, each whole. */
function programs(): string[] {
  const guide = readFileSync(join(ROOT, 'docs/guides/client.md'), 'utf8');
  const blocks = guide.match(/```ts\n[\s\S]*?```/g) ?? [];
  return blocks.map((block) => block.slice('```ts\n'.length, -'```'.length));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((fulfil) => server.listen(0, '127.0.0.1', fulfil));
  const address = server.address();
  await new Promise((fulfil) => server.close(fulfil));
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** @returns the port that clients talk to */
async function serve(t: TestContext, directory: string): Promise<number> {
  const peer = await freePort();
  const server = await startServer({
    name: 'n1',
    dataDirectory: join(directory, 'n1'),
    members: [{ name: 'n1', peerUrls: [`http://127.0.0.1:${peer}`] }],
    clusterToken: 'guide',
    listenPeer: { host: '127.0.0.1', port: peer },
    listenClient: [{ host: '127.0.0.1', port: 0 }],
    advertiseClientUrls: [],
    log: { level: 'silent', format: 'json' },
  });
  t.after(() => server.close());
  return server.clientAddresses[0]?.port ?? 0;
}

/** The server runs in this process, which must not be held up meanwhile. */
function run(words: readonly string[], cwd: string): Promise<string> {
  const child = spawn(process.execPath, words, { cwd, timeout: 100_000 });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((fulfil, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) fulfil(output);
      else reject(new Error(output));
    });
  });
}

test('the programs of the guide to the client are well-typed, and run', async (t) => {
  // Inside the checkout, so that the packages are found as a user's would be.
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  const directory = mkdtempSync(join(ROOT, 'dist', 'guide-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const port = await serve(t, directory);
  const texts = programs();
  texts.forEach((text, at) => {
    const here = text.replaceAll(/127\.0\.0\.1:\d+/g, `127.0.0.1:${port}`);
    writeFileSync(join(directory, `program-${at}.ts`), here);
  });
  const settings = { extends: '../../tsconfig.json', include: ['*.ts'], exclude: [] };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(settings));
  await run([join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'], directory);
  const outputs: string[] = [];
  for (const at of texts.keys()) outputs.push(await run([`program-${at}.ts`], directory));
  const [first = '', second = '', third = '', ...others] = outputs;
  assert.match(first, /^config\/colour green\ntrue\nput config\/colour \d+\ntrue \d+\n$/);
  assert.match(second, /^host-1, ready \d+\n$/);
  assert.match(third, /^1\n.*permission denied.*\n\[ 'ann', 'root' \] \[/);
  assert.deepEqual(others, []);
});
