import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectName, toolVersions } from '../../src/new/project-manifest.ts';
import { cleanEnvironment, freePorts, runProgram, temporaryDirectory } from '../run-program.ts';

const modules = fileURLToPath(new URL('../../../../node_modules', import.meta.url));
const written = [
  '.gitignore',
  'README.md',
  'faults.test.ts',
  'package.json',
  'server.ts',
  'start.ts',
  'tally.test.ts',
  'tally.ts',
  'tsconfig.json',
];

/** A project as it is after `npm install`, with the workspace's own packages. */
async function project(context: TestContext): Promise<string> {
  const directory = join(await temporaryDirectory(context), 'My Service');
  const { exitCode, stderr } = await runProgram(['new', directory]);
  assert.deepEqual([exitCode, stderr], [0, '']);
  await symlink(modules, join(directory, 'node_modules'), 'dir');
  return directory;
}

function run(directory: string, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: directory,
    env: cleanEnvironment(),
    encoding: 'utf8',
    timeout: 300_000,
  });
  assert.equal(status, 0, `${words.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

describe('quorate new', () => {
  it('says what it wrote and what comes next', async (context) => {
    const directory = await temporaryDirectory(context);
    const made = await runProgram(['new', 'deep/service'], { directory });
    assert.equal(made.exitCode, 0);
    assert.match(made.stdout, /^wrote 9 files to deep\/service: \.gitignore, README\.md, /);
    assert.match(made.stdout, /\nnext:\n {2}cd deep\/service\n {2}npm install\n {2}npm test /);
    assert.deepEqual((await readdir(join(directory, 'deep/service'))).sort(), written);
    const readme = await readFile(join(directory, 'deep/service/README.md'), 'utf8');
    assert.match(readme, /^# service\n/);
    assert.doesNotMatch(readme, /\{\{/);
    await mkdir(join(directory, 'here/.git'), { recursive: true });
    const here = await runProgram(['new', '.', '--json'], { directory: join(directory, 'here') });
    assert.deepEqual(JSON.parse(here.stdout).files, written);
  });

  it('refuses a directory with something in it, and changes nothing', async (context) => {
    const directory = await temporaryDirectory(context);
    for (const name of ['a.txt', 'b.txt', 'c.txt', 'd.txt', 'tally.ts']) {
      await writeFile(join(directory, name), 'mine');
    }
    const full = await runProgram(['new', directory]);
    assert.deepEqual([full.exitCode, full.stdout], [1, '']);
    assert.match(
      full.stderr,
      /is not empty: it has a\.txt, b\.txt, c\.txt and 2 more; nothing was/,
    );
    assert.equal((await readdir(directory)).length, 5);
    assert.equal(await readFile(join(directory, 'tally.ts'), 'utf8'), 'mine');
    const file = await runProgram(['new', join(directory, 'a.txt'), '--json']);
    assert.equal(JSON.parse(file.stderr).error.code, 'CLI_DATA_DIRECTORY');
    const below = await runProgram(['new', join(directory, 'a.txt', 'b')]);
    assert.match(below.stderr, /^quorate: .*Give a new or an empty directory\n$/);
    const nothing = await runProgram(['new']);
    assert.equal(nothing.exitCode, 2);
  });

  it('depends on exact versions: its own, and those of the tools here', async (context) => {
    const directory = await project(context);
    const manifest = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
    const { stdout: version } = await runProgram(['--version']);
    assert.equal(manifest.name, 'my-service');
    assert.deepEqual(manifest.dependencies, {
      '@quorate/node': version.trim(),
      '@quorate/runtime': version.trim(),
    });
    assert.equal(manifest.devDependencies['@quorate/sim'], version.trim());
    const root = JSON.parse(await readFile(join(modules, '../package.json'), 'utf8'));
    for (const [name, tool] of Object.entries(toolVersions)) {
      assert.equal(tool, root.devDependencies[name], name);
      assert.equal(manifest.devDependencies[name], tool);
    }
  });

  it('makes names that npm takes', () => {
    for (const [folder, name] of [
      ['my-service', 'my-service'],
      ['My Service!', 'my-service'],
      ['.hidden', 'hidden'],
      ['Größe', 'gr-e'],
      ['___', 'replicated-service'],
      ['', 'replicated-service'],
    ] as const) {
      assert.equal(projectName(folder), name, folder);
    }
  });
});

describe('the project', () => {
  it('has the types it needs, and passes its tests', async (context) => {
    const directory = await project(context);
    run(directory, [join(modules, 'typescript/bin/tsc')]);
    const output = run(directory, ['--test', '--test-reporter=spec']);
    assert.match(output, /ℹ pass 3\nℹ fail 0\n/);
  });

  it('serves from three processes until it is told to stop', async (context) => {
    const directory = await project(context);
    const firstPort = await freePorts([1, 2, 3, 1001, 1002, 1003]);
    const child = spawn(process.execPath, ['start.ts'], {
      cwd: directory,
      env: cleanEnvironment({ FIRST_PORT: String(firstPort) }),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    context.after(() => end(child));
    let serving = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      assert.match(line, /^node \d \(pid \d+\) serves http:\/\/127\.0\.0\.1:\d+$/);
      serving += 1;
      if (serving === 3) break;
    }
    const url = (id: number): string => `http://127.0.0.1:${firstPort + 1000 + id}`;
    const vote = (voter: unknown) =>
      fetch(url(1), { method: 'POST', body: JSON.stringify({ voter, choice: 'tea' }) });
    assert.deepEqual(await (await vote('anna')).json(), { isCounted: true, votes: 1 });
    assert.deepEqual(await (await vote('anna')).json(), { isCounted: true, votes: 1 });
    for (const id of [1, 2, 3]) {
      const counted = await fetch(`${url(id)}/tea`);
      assert.deepEqual(await counted.json(), { choice: 'tea', votes: 1 });
    }
    const refused = await vote(7);
    const problem = (await refused.json()) as { error: string };
    assert.deepEqual([refused.status, problem.error], [400, 'RUNTIME_COMMAND_REFUSED']);
    const unreadable = await fetch(url(2), { method: 'POST', body: 'x'.repeat(20_000) });
    assert.equal(unreadable.status, 400);
    assert.equal(await end(child), 0);
    await assert.rejects(fetch(url(3)));
  });
});

/** @returns the exit code */
async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  return child.exitCode;
}
