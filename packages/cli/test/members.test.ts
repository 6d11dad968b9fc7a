import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { connect, type QuorateClient } from '@quorate/client';
import { type QuorateServer, startServer } from '@quorate/server';
import {
  cleanEnvironment,
  freePorts,
  programPath,
  runProgram,
  temporaryDirectory,
} from './run-program.ts';

/** A process of `quorate serve`. */
class Served {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #lines: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #hasEnded = false;

  constructor(context: TestContext, directory: string, words: readonly string[]) {
    const child = spawn(process.execPath, [programPath, 'serve', ...words], {
      cwd: directory,
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#exited = once(child, 'exit').then(() => {
      this.#hasEnded = true;
      this.#tell();
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line);
        this.#tell();
      });
    }
    context.after(() => this.#kill());
  }

  /** Resolves once it has said so. */
  async says(what: string | RegExp): Promise<void> {
    while (!this.#lines.some((line) => line.match(what) !== null)) {
      assert.ok(!this.#hasEnded, this.#lines.join('\n'));
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #tell(): void {
    for (const look of this.#waiting.splice(0)) look();
  }

  async #kill(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

const tuning = { heartbeatIntervalMs: 50, electionTimeoutMs: 500, segmentBytes: 4 * 1024 * 1024 };

/** Three founders within this process: what is run as a process is what is told of here. */
class Founders {
  readonly #servers: QuorateServer[];
  readonly peerUrls: readonly string[];

  private constructor(servers: QuorateServer[], peerUrls: readonly string[]) {
    this.#servers = servers;
    this.peerUrls = peerUrls;
  }

  static async open(context: TestContext, directory: string, base: number): Promise<Founders> {
    const ports = [0, 1, 2].map((at) => base + at);
    const peerUrls = ports.map((port) => `http://127.0.0.1:${port}`);
    const members = peerUrls.map((url, at) => ({ name: `n${at + 1}`, peerUrls: [url] }));
    const starting = ports.map((port, at) =>
      startServer({
        name: `n${at + 1}`,
        dataDirectory: join(directory, `n${at + 1}`),
        members,
        clusterToken: 'mine',
        listenPeer: { host: '127.0.0.1', port },
        listenClient: [{ host: '127.0.0.1', port: 0 }],
        advertiseClientUrls: [`http://127.0.0.1:${port}`],
        tuning,
        log: { level: 'silent', format: 'json' },
      }),
    );
    const servers = await Promise.all(starting);
    context.after(() => Promise.all(servers.map((server) => server.close({ abrupt: true }))));
    return new Founders(servers, peerUrls);
  }

  endpoint(at: number): string {
    return `127.0.0.1:${this.#servers[at]?.clientAddresses[0]?.port}`;
  }

  /** For good. */
  async dies(at: number): Promise<void> {
    await this.#servers[at]?.close({ abrupt: true });
  }
}

function clientOf(context: TestContext, endpoints: readonly string[]): QuorateClient {
  const client = connect({ endpoints, timeoutMs: 60_000 });
  context.after(() => client.close());
  return client;
}

/** As a person does who waits until the others have noticed what has happened. */
async function insist(environment: NodeJS.ProcessEnv, ...words: string[]): Promise<string> {
  for (let left = 20; ; left--) {
    const { exitCode, stdout, stderr } = await runProgram(words, { environment });
    if (exitCode === 0) return stdout;
    assert.ok(left > 0, `${words.join(' ')}: ${stderr}`);
  }
}

describe('members of a cluster, with the program', () => {
  it('are replaced: one dies for good, another takes its place and its vote', async (context) => {
    const directory = await temporaryDirectory(context);
    const base = await freePorts([0, 1, 2, 3, 4]);
    const founders = await Founders.open(context, directory, base);
    const endpoints = [founders.endpoint(0), founders.endpoint(1)];
    const client = clientOf(context, endpoints);
    await client.put('before', 'x');
    while ((await client.cluster.members()).some(({ name }) => name === ''));
    await founders.dies(2);

    const environment = { QUORATE_ENDPOINTS: endpoints.join(',') };
    await insist(environment, 'member', 'remove', 'n3');
    const peerUrl = `http://127.0.0.1:${base + 3}`;
    const add = ['member', 'add', 'n4', '--peer-urls', peerUrl, '--json'];
    const { settings } = JSON.parse(await insist(environment, ...add));
    const fourthEndpoint = `127.0.0.1:${base + 4}`;
    const fourth = new Served(context, directory, [
      ...['--data-dir', join(directory, 'n4'), '--listen-peer-urls', peerUrl],
      ...['--listen-client-urls', `http://${fourthEndpoint}`],
      ...['--heartbeat-interval', '50', '--election-timeout', '500'],
      ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]),
    ]);
    await fourth.says(/^ready/);
    const ofFourth = clientOf(context, [fourthEndpoint]);
    assert.equal((await ofFourth.get('before')).keyValues.length, 1);

    // It votes once it has caught up.
    await fourth.says('"role":"follower"');
    // Two of the three that are members now: only with the new one's vote is there a majority.
    await founders.dies(1);
    const rest = clientOf(context, [founders.endpoint(0), fourthEndpoint]);
    await rest.put('after', 'y');
    const names = (await rest.cluster.members()).map(({ name }) => name);
    assert.deepEqual(names.sort(), ['n1', 'n2', 'n4']);
  });
});
