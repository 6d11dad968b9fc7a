import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { type ClusterRecord, readClusterFile } from '../src/supervisor/cluster-file.ts';
import { isAlive } from '../src/supervisor/process-identity.ts';
import {
  cleanEnvironment,
  type Finished,
  freePorts,
  programPath,
  runProgram,
  temporaryDirectory,
} from './run-program.ts';

interface Running {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Resolves with the first line that matches from line `from` on, also one that has come. */
  line(pattern: RegExp, from?: number): Promise<string>;
  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number | null>;
}

function start(context: TestContext, words: readonly string[], directory: string): Running {
  const child = spawn(process.execPath, [programPath, ...words], {
    cwd: directory,
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      wake();
    });
  }
  const exited = once(child, 'exit');
  void exited.then(wake);
  context.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const line = async (pattern: RegExp, from = 0): Promise<string> => {
    for (;;) {
      const found = lines.slice(from).find((each) => pattern.test(each));
      if (found !== undefined) return found;
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      assert.ok(!hasEnded, `it ended without ${pattern}:\n${lines.join('\n')}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    await exited;
    return child.exitCode;
  };
  return { child, lines, line, stop };
}

function record(directory: string): ClusterRecord {
  const found = readClusterFile(directory);
  assert.ok(found !== null);
  return found;
}

/** Short enough for a test, long enough for a busy machine. */
const quick = ['--heartbeat-interval', '50', '--election-timeout', '300'];

describe('one node', () => {
  it('tells in its log why it stops, and that it has stopped', async (context) => {
    const directory = await temporaryDirectory(context);
    const port = await freePorts([0, 1]);
    const words = ['--listen-client-urls', `http://127.0.0.1:${port}`];
    words.push('--listen-peer-urls', `http://127.0.0.1:${port + 1}`);
    const node = start(context, ['serve', ...words, ...quick], directory);
    await node.line(/^ready/);
    assert.equal(await node.stop(), 0);
    await node.line(/"reason":"SIGTERM","msg":"stopping"/);
    assert.match(node.lines.at(-1) ?? '', /"msg":"stopped"/);
  });

  it('serves every command, and ends with 0 when told to', async (context) => {
    const directory = await temporaryDirectory(context);
    const client = await freePorts([0, 1]);
    const endpoint = `127.0.0.1:${client}`;
    const words = ['--listen-client-urls', `http://${endpoint}`];
    words.push('--listen-peer-urls', `http://127.0.0.1:${client + 1}`);
    const node = start(context, ['serve', ...words, ...quick], directory);
    const peerUrl = `http://127.0.0.1:${client + 1}`;
    assert.equal(
      await node.line(/^ready/),
      `ready: default serves clients at http://${endpoint} and peers at ${peerUrl}`,
    );
    const environment = { QUORATE_ENDPOINTS: endpoint };
    const run = (run: readonly string[], input?: string): Promise<Finished> =>
      runProgram(run, { environment, ...(input === undefined ? {} : { input }) });
    const output = async (words: readonly string[], input?: string): Promise<string> => {
      const { exitCode, stdout, stderr } = await run(words, input);
      assert.deepEqual([exitCode, stderr], [0, ''], words.join(' '));
      return stdout;
    };

    assert.equal(await output(['put', 'a/1', 'one']), 'OK\n');
    assert.equal(await output(['put', 'a/2', '-'], 'zwei\n'), 'OK\n');
    assert.equal(await output(['put', 'a/3'], ''), 'OK\n');
    const { revision } = JSON.parse(await output(['put', 'b', '--json', '--', '-x']));
    assert.equal(await output(['get', 'a/1']), 'a/1\none\n');
    assert.equal(await output(['get', 'missing']), '');
    assert.equal(await output(['get', 'a/', '--prefix']), 'a/1\none\na/2\nzwei\n\na/3\n\n');
    assert.equal(await output(['get', '', '--prefix', '--keys-only']), 'a/1\na/2\na/3\nb\n');
    assert.equal(await output(['get', 'a/3', '--from-key', '--keys-only']), 'a/3\nb\n');
    assert.equal(await output(['get', 'a/1', '--range-end', 'a/3', '--keys-only']), 'a/1\na/2\n');
    assert.equal(await output(['get', 'b', '--print-value-only', '--serializable']), '-x\n');
    assert.equal(await output(['del', 'a/', '--prefix']), '3\n');
    assert.equal(await output(['get', 'a/1', '--rev', String(revision)]), 'a/1\none\n');
    const answer = JSON.parse(await output(['get', '', '--prefix', '--limit', '1', '--json']));
    assert.deepEqual(answer.keyValues[0].value, { base64: 'LXg=', utf8: '-x' });
    assert.deepEqual([answer.count, answer.more, answer.revision], [1, false, revision + 1]);

    const refused = await run(['get', 'b', '--rev', '1000000']);
    assert.match(refused.stderr, /^quorate: .*future revision/);
    assert.equal(refused.exitCode, 1);
    assert.match(await output(['status']), new RegExp(`${endpoint}.* default .* leader `));
    const row = JSON.parse(await output(['status', '--cluster', '--json']));
    assert.deepEqual([row.endpoint, row.name, row.role], [endpoint, 'default', 'leader']);
    const other = await freePorts([0]);
    const partly = await run(['status', '--endpoints', `${endpoint},127.0.0.1:${other}`]);
    assert.match(partly.stdout, new RegExp(`127.0.0.1:${other} .*no answer`));
    assert.match(partly.stdout, new RegExp(`no server could be reached at 127.0.0.1:${other}`));
    assert.equal(partly.exitCode, 1);
    assert.equal(await node.stop(), 0);
  });

  it('is reported as out of reach when nobody listens', async () => {
    const endpoint = `127.0.0.1:${await freePorts([0])}`;
    const { exitCode, stderr } = await runProgram(['put', 'a', 'b', '--endpoints', endpoint]);
    assert.match(stderr, /^quorate: no server could be reached at 127/);
    assert.equal(exitCode, 1);
  });
});

describe('quorate up', () => {
  it('makes certificates with --tls, and lets in who shows one', async (context) => {
    const directory = await temporaryDirectory(context);
    const first = await freePorts([0, 1]);
    const url = `https://127.0.0.1:${first}`;
    const words = ['up', '--nodes', '1', '--client-port', String(first), '--tls', ...quick];
    const before = start(context, words, directory);
    assert.equal(await before.line(/^1 node up/), `1 node up: ${url}; leader n1`);
    const tried = await before.line(/^try: /);
    const flags = tried.slice(tried.indexOf(' --endpoints')).trim().split(' ');
    const put = await runProgram(['put', 'k', 'v', ...flags], { directory });
    assert.deepEqual([put.exitCode, put.stdout], [0, 'OK\n'], put.stderr);
    const stranger = await runProgram(['get', 'k', ...flags.slice(0, 4)], { directory });
    assert.equal(stranger.exitCode, 1);
    const { tls, nodes } = record(join(directory, '.quorate'));
    assert.deepEqual([tls, nodes[0]?.clientUrl], [true, url]);
    assert.equal(await before.stop(), 0);

    const authority = join(directory, '.quorate/certs/ca.crt');
    const made = readFileSync(authority, 'utf8');
    const after = start(context, ['up', ...quick], directory);
    await after.line(/^1 node up/);
    assert.equal(readFileSync(authority, 'utf8'), made, 'they are good, and stay');
    const get = await runProgram(['get', 'k', '--print-value-only', ...flags], { directory });
    assert.equal(get.stdout, 'v\n', get.stderr);
    assert.equal(await after.stop(), 0);
  });

  it('survives the loss of its leader, and goes on with its data', async (context) => {
    const directory = await temporaryDirectory(context);
    const first = await freePorts([0, 1, 100, 101, 200, 201]);
    const cluster = join(directory, '.quorate');
    const endpoints = [0, 100, 200].map((offset) => `127.0.0.1:${first + offset}`);
    const environment = { QUORATE_ENDPOINTS: endpoints.join(',') };
    const words = ['up', '--client-port', String(first), ...quick];
    const before = start(context, words, directory);
    const up = await before.line(/ up: /);
    assert.match(up, new RegExp(`^3 nodes up: ${endpoints.join(', ')}; leader n[123]$`));
    assert.match(await before.line(/^try: /), /put greeting hello --endpoints 127/);
    const put = await runProgram(['put', 'k', 'v'], { environment });
    assert.deepEqual(put, { exitCode: 0, stdout: 'OK\n', stderr: '' });

    const { leader } = record(cluster);
    assert.ok(leader !== null && up.endsWith(leader.name));
    const from = before.lines.length;
    process.kill(leader.pid, 'SIGKILL');
    await before.line(new RegExp(`^${leader.name}, the leader, was ended by SIGKILL; .* 1 s$`));
    await before.line(/^n[123] leads \(term \d+\)$/, from);
    const get = await runProgram(['get', 'k', '--print-value-only'], { environment });
    assert.deepEqual(get, { exitCode: 0, stdout: 'v\n', stderr: '' });
    await before.line(new RegExp(`^${leader.name} serves`), from);
    const leaderNow = record(cluster).leader?.name;
    assert.notEqual(leaderNow, undefined);
    const last = before.lines.length;
    assert.equal(await before.stop(), 0);
    assert.match(await before.line(/^stopping/, last), new RegExp(`, ${leaderNow}$`));
    assert.match(readFileSync(join(cluster, 'n1', 'log'), 'utf8'), /"event":"ready","name":"n1"/);

    const after = start(context, ['up', ...quick], directory);
    await after.line(/^resuming 3 nodes/);
    await after.line(/^3 nodes up/);
    const again = await runProgram(['get', 'k', '--print-value-only'], { environment });
    assert.deepEqual(again, { exitCode: 0, stdout: 'v\n', stderr: '' });

    const nodes = record(cluster).nodes.flatMap(({ process: found }) => found ?? []);
    assert.equal(nodes.filter(isAlive).length, 3);
    after.child.kill('SIGKILL');
    await once(after.child, 'exit');
    const different = await runProgram(['up', '--nodes', '5'], { directory });
    assert.match(different.stderr, /holds a cluster with --nodes 3, not 5; leave the option out/);
    const fresh = start(
      context,
      ['up', '--fresh', '--client-port', String(first), ...quick],
      directory,
    );
    await fresh.line(/^starting 3 nodes/);
    assert.deepEqual(nodes.filter(isAlive), [], 'the nodes must have ended with their supervisor');
    await fresh.line(/^3 nodes up/);
    const gone = await runProgram(['get', 'k'], { environment });
    assert.deepEqual(gone, { exitCode: 0, stdout: '', stderr: '' });
    assert.equal(await fresh.stop(), 0);
  });

  it('refuses a node that has lost its data', async (context) => {
    const directory = await temporaryDirectory(context);
    const port = String(await freePorts([0, 1]));
    const words = ['up', '--nodes', '1', '--client-port', port, ...quick];
    const before = start(context, words, directory);
    await before.line(/^1 node up/);
    assert.equal(await before.stop(), 0);
    await rm(join(directory, '.quorate', 'n1', 'data'), { recursive: true });
    const { exitCode, stderr } = await runProgram(words, { directory });
    assert.match(stderr, /^quorate: n1 could not start: --data-dir: .* has no log, but with/);
    assert.equal(exitCode, 1);
  });
});
