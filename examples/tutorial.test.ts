// The tutorial is followed: its files are written, its commands played, its answers compared.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { freePorts } from './free-ports.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/tutorial/README.md'), 'utf8');

interface Block {
  readonly language: string;
  readonly text: string;
  /** Of the file that it is to be saved as. */
  readonly file: string | undefined;
}

const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((found): Block => {
  const [, language = '', text = ''] = found;
  const before = page.slice(0, found.index).trimEnd();
  return { language, text, file: /`([\w.-]+\.(?:ts|json))`:$/.exec(before)?.[1] };
});
const files = blocks.filter(({ file }) => file !== undefined);
const shell = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);

/** What is typed at `$`, and what is printed then. */
const dialogues = blocks
  .filter(({ language }) => language === 'console')
  .flatMap(({ text }) => text.split(/^\$ /m).slice(1))
  .map((turn) => {
    const [typed = '', ...printed] = turn.split('\n');
    return { typed, printed: printed.join('\n') };
  });

let directory = '';
let environment: NodeJS.ProcessEnv = {};
const running = new Map<number, ChildProcess>();

/** Peers are at 1 to 3 above it, clients at 1001 to 1003. */
async function firstPort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return Math.min(port, 30_000);
}

function run(command: string, words: readonly string[], limitMs = 300_000): string {
  const options = { cwd: directory, env: environment, encoding: 'utf8', timeout: limitMs } as const;
  const { status, stdout, stderr } = spawnSync(command, words, options);
  assert.equal(status, 0, `${command} ${words.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

/** Resolves once it serves. */
async function startNode(id: number): Promise<void> {
  const child = spawn(process.execPath, ['node.ts', String(id)], {
    cwd: directory,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.set(id, child);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  assert.match(line, new RegExp(`^node ${id} \\(pid ${child.pid}\\) serves 127.0.0.1:\\d+$`));
}

async function killLeader(): Promise<number> {
  for (;;) {
    const { leader } = JSON.parse(await curl('127.0.0.1:8001')) as { leader: number };
    const child = running.get(leader);
    if (child === undefined) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    return leader;
  }
}

/** `curl` with the flags that the page uses. */
async function curl(words: string): Promise<string> {
  const [, data, port, path] = /^(?:-d '(.*)' )?127\.0\.0\.1:(\d+)(\/\w+)?$/.exec(words) ?? [];
  assert.ok(port !== undefined, `the test plays curl ${words}`);
  const shift = Number(environment['FIRST_PORT']) - 7000;
  const url = `http://127.0.0.1:${Number(port) + shift}${path ?? '/'}`;
  const init = data === undefined ? {} : { method: 'POST', body: data };
  return (await fetch(url, init)).text();
}

async function play(typed: string): Promise<string> {
  if (typed.startsWith('curl ')) return curl(typed.slice('curl '.length));
  const [program, ...words] = typed.split(' ');
  assert.equal(program, 'node', `the test plays ${typed}`);
  return run(process.execPath, words);
}

describe('the tutorial', () => {
  before(async () => {
    // Inside the checkout, so that the packages are found as a user's would be.
    mkdirSync(join(root, '.quorate'), { recursive: true });
    directory = mkdtempSync(join(root, '.quorate', 'tutorial-'));
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_TEST'));
    environment = { ...Object.fromEntries(inherited), FIRST_PORT: String(await firstPort()) };
  });

  after(async () => {
    for (const child of running.values()) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
    }
    rmSync(directory, { recursive: true, force: true });
  });

  it('begins with a project, and its files have the types they need', () => {
    const [begin = ''] = shell;
    const npm = begin.split('\n').filter((line) => line.startsWith('npm '));
    assert.equal(npm.length, 2);
    run('sh', ['-c', npm.join(' && ')]);
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    assert.deepEqual([manifest.type, manifest.scripts.test], ['module', 'node --test']);
    for (const { file = '', text } of files) writeFileSync(join(directory, file), text);
    const names = files.map(({ file }) => file);
    const expected = ['tsconfig.json', 'stock.ts', 'node.ts', 'client.ts', 'buy.ts'];
    assert.deepEqual(names, [...expected, 'stock.test.ts']);
    run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.']);
  });

  it('goes on with three nodes, whose leader is killed, and answers as the page says', async () => {
    const starts = shell.flatMap((text) => /^node node\.ts (\d)$/m.exec(text)?.[1] ?? []);
    assert.deepEqual(starts, ['1', '2', '3', '2']);
    await Promise.all([1, 2, 3].map(startNode));
    const kill = page.indexOf('kill -9 4103');
    const restart = page.lastIndexOf('node node.ts 2');
    let killed = 0;
    let hasRestarted = false;
    let at = 0;
    for (const { typed, printed } of dialogues) {
      at = page.indexOf(`$ ${typed}`, at) + 1;
      if (at > kill && killed === 0) killed = await killLeader();
      if (at > restart && !hasRestarted) {
        await startNode(killed);
        hasRestarted = true;
      }
      assert.equal(await play(typed), printed, typed);
    }
    assert.ok(hasRestarted && dialogues.length === 8, `${dialogues.length} dialogues`);
  });

  it('ends with a test that passes, and says what the page says it does', () => {
    const output = run(process.execPath, ['--test', '--test-reporter=spec']);
    const [promised = ''] = blocks.flatMap(({ text }) => (text.includes('ℹ pass') ? [text] : []));
    for (const line of promised.trim().split('\n')) assert.ok(output.includes(line), output);
  });
});
