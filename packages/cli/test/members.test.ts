import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import {
  cleanEnvironment,
  freePorts,
  programPath,
  runProgram,
  temporaryDirectory,
} from './run-program.ts';

/** One process of `quorate serve`. */
class Served {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #lines: string[] = [];
  readonly ready: Promise<boolean>;

  constructor(context: TestContext, directory: string, words: readonly string[]) {
    const child = spawn(process.execPath, [programPath, 'serve', ...words], {
      cwd: directory,
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#exited = once(child, 'exit');
    const ready = Promise.withResolvers<boolean>();
    this.ready = ready.promise;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line);
        if (line.startsWith('ready')) ready.resolve(true);
      });
    }
    void this.#exited.then(() => ready.resolve(false));
    context.after(() => this.kill());
  }

  get log(): string {
    return this.#lines.join('\n');
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

/** Nodes of one cluster, each on its own ports, and the commands that a person would give. */
class Cluster {
  readonly #context: TestContext;
  readonly #directory: string;
  readonly #base: number;
  readonly #nodes = new Map<number, Served>();

  private constructor(context: TestContext, directory: string, base: number) {
    this.#context = context;
    this.#directory = directory;
    this.#base = base;
  }

  static async open(context: TestContext): Promise<Cluster> {
    const directory = await temporaryDirectory(context);
    const base = await freePorts([0, 1, 2, 3, 4, 5, 6, 7]);
    const cluster = new Cluster(context, directory, base);
    const members = [1, 2, 3].map((at) => `n${at}=${cluster.peerUrl(at)}`).join(',');
    const nodes = [1, 2, 3].map((at) =>
      cluster.start(at, ['--initial-cluster', members, '--initial-cluster-token', 'mine']),
    );
    for (const node of nodes) assert.ok(await node.ready, node.log);
    return cluster;
  }

  peerUrl(at: number): string {
    return `http://127.0.0.1:${this.#base + 2 * at - 1}`;
  }

  endpoint(at: number): string {
    return `127.0.0.1:${this.#base + 2 * at - 2}`;
  }

  start(at: number, words: readonly string[]): Served {
    const own = ['--name', `n${at}`, '--data-dir', join(this.#directory, `n${at}`)];
    const quick = ['--heartbeat-interval', '50', '--election-timeout', '500'];
    const client = ['--listen-client-urls', `http://${this.endpoint(at)}`];
    const peer = ['--listen-peer-urls', this.peerUrl(at)];
    const all = [...own, ...client, ...peer, ...quick, ...words];
    const node = new Served(this.#context, this.#directory, all);
    this.#nodes.set(at, node);
    return node;
  }

  async kill(at: number): Promise<void> {
    await this.#nodes.get(at)?.kill();
  }

  /** Runs a command until it succeeds: a leader may have to be found first. */
  async run(at: readonly number[], ...words: string[]): Promise<string> {
    const environment = { QUORATE_ENDPOINTS: at.map((one) => this.endpoint(one)).join(',') };
    for (let left = 20; ; left--) {
      const { exitCode, stdout, stderr } = await runProgram(words, { environment });
      if (exitCode === 0) return stdout;
      assert.ok(left > 0, `${words.join(' ')}: ${stderr}`);
    }
  }

  async members(at: readonly number[]): Promise<MemberLine[]> {
    const text = await this.run(at, 'member', 'list', '--json');
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  async idOf(name: string, at: readonly number[]): Promise<string> {
    for (let left = 50; left > 0; left--) {
      const found = (await this.members(at)).find((one) => one.name === name);
      if (found !== undefined) return found.memberId;
    }
    throw new Error(`no member is called ${name}`);
  }
}

interface MemberLine {
  readonly memberId: string;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

interface AddedLine {
  readonly settings: Readonly<Record<string, string>>;
}

describe('members of a cluster of processes', () => {
  it('are replaced: one dies for good, another takes its place and its vote', async (context) => {
    const cluster = await Cluster.open(context);
    await cluster.run([1, 2, 3], 'put', 'before', 'x');
    const third = await cluster.idOf('n3', [1, 2]);
    await cluster.kill(3);
    await cluster.run([1, 2], 'member', 'remove', third);

    const urls = ['--peer-urls', cluster.peerUrl(4)];
    const added = await cluster.run([1, 2], 'member', 'add', 'n4', ...urls, '--json');
    const { settings } = JSON.parse(added) as AddedLine;
    const words = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
    const fourth = cluster.start(4, words);
    assert.ok(await fourth.ready, fourth.log);
    await cluster.idOf('n4', [1, 2]);
    assert.match(await cluster.run([4], 'get', 'before'), /x/);

    // It votes once it has caught up.
    while (!fourth.log.includes('"role":"follower"')) await cluster.run([1, 4], 'get', 'before');

    // Two of the three that are members now: only with the new one's vote is there a majority.
    await cluster.kill(2);
    await cluster.run([1, 4], 'put', 'after', 'y');
  });
});
