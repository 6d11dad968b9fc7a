import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import {
  cleanEnvironment,
  freePorts,
  programPath,
  runProgram,
  temporaryDirectory,
} from '../run-program.ts';

describe('quorate ledger serve', () => {
  it('serves a ledger until it is stopped, and finds its accounts again', async (context) => {
    const directory = await temporaryDirectory(context);
    const client = await freePorts([0, 1]);
    const urls = ['client', 'peer'].flatMap((kind, at) => [
      ...[`--listen-${kind}-urls`, `http://127.0.0.1:${client + at}`],
    ]);
    const words = ['ledger', 'serve', '--log-level', 'error', '--json', ...urls];
    const environment = { QUORATE_LEDGER_ENDPOINTS: `127.0.0.1:${client}` };
    const results: unknown[] = [];
    for (const _run of [1, 2]) {
      const child = spawn(process.execPath, [programPath, ...words], {
        cwd: directory,
        env: cleanEnvironment(),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      context.after(() => child.kill('SIGKILL'));
      const [line] = await once(createInterface({ input: child.stdout }), 'line');
      const { event, dataDirectory } = JSON.parse(String(line));
      assert.deepEqual([event, dataDirectory], ['ready', 'default.ledger']);
      const create = ['ledger', 'create-account', '1', '--ledger', '1', '--code', '1', '--json'];
      const said = await runProgram(create, { environment });
      assert.equal(said.exitCode, 0, said.stderr);
      results.push(JSON.parse(said.stdout).result);
      child.kill('SIGTERM');
      assert.deepEqual(await exited, [0, null]);
    }
    assert.deepEqual(results, ['ok', 'exists']);
  });

  it('names the setting that is wrong', async () => {
    const words = ['ledger', 'serve', '--listen-client-urls', 'http://127.0.0.1:3380'];
    const { exitCode, stderr } = await runProgram(words);
    assert.equal(exitCode, 1);
    assert.match(stderr, /listen-peer-urls.*http:\/\/127.0.0.1:3380 .*share a port/);
  });

  it('refuses settings that only the coordination service has, by name', async (context) => {
    const directory = await temporaryDirectory(context);
    await writeFile(join(directory, 'node.yaml'), 'name: n1\nbackup-schedule: 1h\n');
    const given: readonly (readonly [string[], NodeJS.ProcessEnv, string])[] = [
      [['--quota-backend-bytes', '5'], {}, '--quota-backend-bytes'],
      [['--advertise-client-urls', 'http://a:1'], {}, '--advertise-client-urls'],
      [[], { QUORATE_AUTH_TOKEN: 'simple' }, 'QUORATE_AUTH_TOKEN (auth-token)'],
      [['--config', 'node.yaml'], {}, 'node.yaml:2: backup-schedule'],
    ];
    const asking = given.map(async ([words, environment, named]) => {
      const options = { directory, environment };
      const { exitCode, stderr } = await runProgram(['ledger', 'serve', ...words], options);
      assert.equal(exitCode, 1);
      assert.ok(stderr.startsWith(`quorate: ${named}: a ledger has no such setting`), stderr);
    });
    await Promise.all(asking);
  });
});
