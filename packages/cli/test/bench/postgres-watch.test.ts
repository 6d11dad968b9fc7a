import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const serverModule = import.meta.resolve('../../bench/ledger/postgres-server.ts');
const forever = 'setInterval(() => undefined, 1e9);';

function run(t: TestContext, text: string): ChildProcess {
  const options = { stdio: ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit'] };
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], options);
  t.after(() => child.kill('SIGKILL'));
  return child;
}

/** A directory with the data of a process that runs in place of the server. */
async function serve(t: TestContext): Promise<{ directory: string; server: ChildProcess }> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-watched-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, 'data'));
  const server = run(t, `process.stdout.write('runs'); ${forever}`);
  await once(server.stdout ?? server, 'data');
  const file = join(directory, 'data', 'postmaster.pid');
  writeFileSync(file, `${server.pid}\n${directory}/data\n`);
  return { directory, server };
}

test('a bench that is killed leaves no PostgreSQL running, and nothing of it', async (t) => {
  const { directory, server } = await serve(t);
  const bench = run(
    t,
    `import { watchOver } from ${JSON.stringify(serverModule)};
    const { pid } = watchOver(${JSON.stringify(directory)});
    process.stdout.write(String(pid)); ${forever}`,
  );
  const [pid] = (await once(bench.stdout ?? bench, 'data')) as [Buffer];
  const watcher = Number(String(pid));
  t.after(() => {
    try {
      process.kill(watcher, 'SIGKILL');
    } catch {
      // It has done its work.
    }
  });
  const ended = once(server, 'exit');
  bench.kill('SIGKILL');
  assert.deepEqual(await ended, [null, 'SIGQUIT']);
  while (existsSync(directory)) await new Promise((wake) => setImmediate(wake));
});
