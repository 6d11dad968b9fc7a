import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CliError } from '../src/cli-error.ts';
import {
  clearDirectory,
  inspectDirectory,
  waitForEarlierProcesses,
} from '../src/supervisor/cluster-directory.ts';
import { type ClusterRecord, readClusterFile } from '../src/supervisor/cluster-file.ts';
import { describeLogLine } from '../src/supervisor/describe-log-line.ts';
import { LogFollower, lastWords, rotateLog } from '../src/supervisor/log-file.ts';
import { planNodes, serveFlags } from '../src/supervisor/plan.ts';
import { identify, isAlive, type ProcessIdentity } from '../src/supervisor/process-identity.ts';
import { pause, systemClock } from '../src/system-time.ts';
import { temporaryDirectory } from './run-program.ts';

const fakeCluster = fileURLToPath(new URL('fixtures/fake-cluster.ts', import.meta.url));

interface Running {
  readonly child: ChildProcess;
  readonly events: { readonly event: string; readonly [field: string]: unknown }[];
  /** Resolves with the first such event, also one that has already come. */
  next(event: string, node?: string): Promise<Running['events'][number]>;
}

function start(context: TestContext, directory: string, behaviour = 'good'): Running {
  const child = spawn(process.execPath, [fakeCluster, directory, behaviour], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const events: Running['events'] = [];
  const waiting: (() => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(JSON.parse(line));
    for (const wake of waiting.splice(0)) wake();
  });
  context.after(() => child.kill('SIGKILL'));
  const next: Running['next'] = async (event, node) => {
    for (;;) {
      const found = events.find(
        (each) => each.event === event && (node === undefined || each['node'] === node),
      );
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return { child, events, next };
}

function record(directory: string): ClusterRecord {
  const found = readClusterFile(directory);
  assert.ok(found !== null);
  return found;
}

function processesOf({ nodes }: ClusterRecord): ProcessIdentity[] {
  return nodes.flatMap(({ process: found }) => found ?? []);
}

describe('a local cluster of real processes', () => {
  it('comes up, writes down what it is, and stops with the leader last', async (context) => {
    const directory = join(await temporaryDirectory(context), 'cluster');
    const { child, events, next } = start(context, directory);
    await next('clusterUp');
    const found = record(directory);
    assert.equal(found.formed, true);
    assert.equal(found.supervisor.pid, child.pid);
    assert.equal(found.leader?.name, 'n1');
    assert.equal(found.leader.pid, found.nodes[0]?.process?.pid);
    assert.equal(processesOf(found).filter(isAlive).length, 3);
    child.kill('SIGTERM');
    await once(child, 'exit');
    const stops = events.filter(({ event }) => event === 'nodeStopped');
    assert.deepEqual(
      stops.map(({ node }) => node),
      ['n3', 'n2', 'n1'],
    );
    assert.deepEqual(processesOf(record(directory)), []);
    const log = await readFile(join(directory, 'n3', 'log'), 'utf8');
    assert.match(log, /n3 starts.*\n.*n3 ends/);
  });

  it('starts a killed node again under a new pid', async (context) => {
    const directory = await temporaryDirectory(context);
    const { child, events, next } = start(context, directory);
    await next('clusterUp');
    const before = record(directory).nodes[1]?.process?.pid ?? 0;
    process.kill(before, 'SIGKILL');
    const exited = await next('nodeExited', 'n2');
    assert.equal(exited['signal'], 'SIGKILL');
    events.length = 0;
    await next('nodeReady', 'n2');
    assert.notEqual(record(directory).nodes[1]?.process?.pid, before);
    child.kill('SIGTERM');
    await once(child, 'exit');
  });

  it('leaves no node behind when it is killed itself', async (context) => {
    const directory = await temporaryDirectory(context);
    const { child, next } = start(context, directory);
    await next('clusterUp');
    const found = record(directory);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await waitForEarlierProcesses(directory, found, systemClock, pause);
    assert.deepEqual(processesOf(found).filter(isAlive), []);
    const log = await readFile(join(directory, 'n1', 'log'), 'utf8');
    assert.match(log, /n1 ends/);
  });

  it('says why a node ended, from its last line', async (context) => {
    const { next } = start(context, await temporaryDirectory(context), 'crashes');
    const exited = await next('nodeExited');
    assert.equal(exited['exitCode'], 3);
    assert.equal(exited['reason'], 'out of cheese');
  });

  it('passes on why a node refuses to start', async (context) => {
    const { next } = start(context, await temporaryDirectory(context), 'refuses');
    const refused = await next('refused');
    assert.match(String(refused['message']), /^n[123] could not start: no data here$/);
  });
});

describe('the directory of a local cluster', () => {
  it('is refused when something else is in it', async (context) => {
    const directory = await temporaryDirectory(context);
    await writeFile(join(directory, 'thesis.tex'), 'years of work');
    assert.throws(() => inspectDirectory(directory), /not of quorate up \(it holds thesis\.tex\)/);
  });

  it('is refused when its cluster.json is not ours', async (context) => {
    const directory = await temporaryDirectory(context);
    for (const text of [
      '{}',
      'no json',
      '{"kind":"quorate local cluster","nodes":[{"name":".."}]}',
    ]) {
      await writeFile(join(directory, 'cluster.json'), text);
      assert.throws(() => inspectDirectory(directory), /was not written by quorate up/);
    }
  });

  it('may be empty or missing', async (context) => {
    const directory = await temporaryDirectory(context);
    assert.equal(inspectDirectory(directory), null);
    assert.equal(inspectDirectory(join(directory, 'missing')), null);
  });

  it('is refused while another supervisor uses it, and free after', async (context) => {
    const directory = await temporaryDirectory(context);
    const { child, next } = start(context, directory);
    await next('clusterUp');
    const found = record(directory);
    await assert.rejects(
      waitForEarlierProcesses(directory, found, systemClock, pause),
      (error) => error instanceof CliError && error.code === 'CLI_ALREADY_RUNNING',
    );
    child.kill('SIGTERM');
    await once(child, 'exit');
    await waitForEarlierProcesses(directory, found, systemClock, pause);
  });

  it('loses only what is ours when it is cleared', async (context) => {
    const directory = await temporaryDirectory(context);
    const { child, next } = start(context, directory);
    await next('clusterUp');
    child.kill('SIGTERM');
    await once(child, 'exit');
    await mkdir(join(directory, 'n4'));
    clearDirectory(directory, record(directory));
    assert.throws(() => inspectDirectory(directory), /it holds n4/);
  });
});

describe('a process is told apart', () => {
  it('from one that has ended and one with the same number', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    const identity = identify(child.pid ?? 0);
    assert.equal(isAlive(identity), true);
    if (identity.startTicks !== null) {
      assert.equal(isAlive({ ...identity, startTicks: '1' }), false);
    }
    child.stdin.end();
    await once(child, 'exit');
    assert.equal(isAlive(identity), false);
  });
});

describe('the log of a node', () => {
  it('is moved aside when it has grown, and followed across that', async (context) => {
    const path = join(await temporaryDirectory(context), 'log');
    await writeFile(path, 'old\n');
    const lines: string[] = [];
    const follower = new LogFollower(path, (line) => lines.push(line));
    await writeFile(path, 'half a l', { flag: 'a' });
    follower.poll();
    await writeFile(path, 'ine\nnext\n', { flag: 'a' });
    follower.poll();
    rotateLog(path, 1000);
    const trace = 'node:x\n\nTypeError: no good\n    at f (x)\n\nNode.js v24\n';
    const tracePath = join(dirname(path), 'trace');
    await writeFile(tracePath, trace);
    assert.equal(lastWords(tracePath, 0), 'TypeError: no good');
    assert.equal(lastWords(path, 0), 'next');
    rotateLog(path, 10);
    assert.equal(await readFile(`${path}.1`, 'utf8'), 'old\nhalf a line\nnext\n');
    assert.equal(lastWords(path, 0), null);
    await writeFile(path, 'new\n', { flag: 'a' });
    follower.poll();
    assert.deepEqual(lines, ['half a line', 'next', 'new']);
  });
});

describe('a line of a log', () => {
  it('is shown with its time, its message and its fields', () => {
    const record = { level: 'info', time: '2026-01-02T03:04:05.678Z', group: 'g', msg: 'peer up' };
    assert.match(describeLogLine(JSON.stringify(record)), /^03:04:05\.678 peer up .*group=g/);
  });

  it('is left alone when it is something else', () => {
    for (const line of ['TypeError: no', '{"a":', '{"a":1}', '[]']) {
      assert.equal(describeLogLine(line), line);
    }
  });
});

describe('the plan of a local cluster', () => {
  it('spaces the nodes by 100 ports', () => {
    const plans = planNodes('d', { nodes: 3, clientPort: 2379, peerPort: 2380, tls: false });
    assert.deepEqual(
      plans.map(({ client, peer }) => [client.port, peer.port]),
      [
        [2379, 2380],
        [2479, 2480],
        [2579, 2580],
      ],
    );
  });

  it('gives every node its certificates, and every URL its scheme, with TLS', () => {
    const plans = planNodes('d', { nodes: 2, clientPort: 2379, peerPort: 2380, tls: true });
    const [, second] = plans;
    assert.ok(second !== undefined);
    const flags = serveFlags(second, plans, 'token', 'new');
    assert.deepEqual(
      Object.entries(flags).filter(([, value]) => /http|certs|true/.test(value)),
      [
        ['listen-client-urls', 'https://127.0.0.1:2479'],
        ['advertise-client-urls', 'https://127.0.0.1:2479'],
        ['listen-peer-urls', 'https://127.0.0.1:2480'],
        ['initial-advertise-peer-urls', 'https://127.0.0.1:2480'],
        ['initial-cluster', 'n1=https://127.0.0.1:2380,n2=https://127.0.0.1:2480'],
        ['cert-file', 'd/certs/n2.crt'],
        ['key-file', 'd/certs/n2.key'],
        ['trusted-ca-file', 'd/certs/ca.crt'],
        ['client-cert-auth', 'true'],
        ['peer-cert-file', 'd/certs/n2.crt'],
        ['peer-key-file', 'd/certs/n2.key'],
        ['peer-trusted-ca-file', 'd/certs/ca.crt'],
      ],
    );
  });

  it('refuses ports that meet or run out', () => {
    assert.throws(
      () => planNodes('d', { nodes: 2, clientPort: 1000, peerPort: 1100, tls: false }),
      /n1 and n2 would share port 1100; choose another --peer-port/,
    );
    assert.throws(
      () => planNodes('d', { nodes: 3, clientPort: 65_400, peerPort: 65_401, tls: false }),
      /n3 would need port 65600, above 65535; lower --client-port/,
    );
  });
});
