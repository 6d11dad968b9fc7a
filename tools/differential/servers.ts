import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const startTimeoutMs = 120_000;

/** What our server's code compiles to, for all that are started. */
const compileCache = join(tmpdir(), 'quorate-differential-code');

/** A server as a process, with its data in a folder that goes with it. */
export interface Server {
  readonly port: number;
  /** @returns whether it has ended, other than by `stop` */
  hasEnded(): boolean;
  /** @returns the last of what it wrote */
  lastWords(): string;
  stop(): Promise<void>;
}

/** @returns what etcd says its version is, or null when it cannot be run */
export function etcdVersion(command: string): string | null {
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/etcd Version: (\S+)/.exec(stdout)?.[1] ?? null) : null;
}

export async function startEtcd(command: string): Promise<Server> {
  const [port, peerPort] = await freePorts(2);
  const clientUrl = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const process = new RunningProcess();
  process.start(command, [
    ...['--name', 'n1', '--data-dir', join(process.folder, 'data')],
    ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ...['--initial-cluster', `n1=${peerUrl}`, '--bcrypt-cost', '4'],
    ...['--logger', 'zap', '--log-level', 'error'],
  ]);
  await process.until(async () => {
    const answer = await fetch(`${clientUrl}/version`).catch(() => null);
    // Users and roles need a cluster whose version is decided.
    return answer !== null && (await answer.text()).includes('"etcdcluster":"3.');
  });
  return process.serving(port as number);
}

export async function startQuorate(): Promise<Server> {
  const process = new RunningProcess();
  const script = join(import.meta.dirname, '..', 'differential-server.ts');
  process.start(globalThis.process.execPath, [script, join(process.folder, 'data')]);
  let port = Number.NaN;
  await process.until(async () => {
    port = Number.parseInt(process.output(), 10);
    if (Number.isNaN(port)) return false;
    const range = { method: 'POST', body: '{"key":"YQ=="}' };
    const url = `http://127.0.0.1:${port}/v3/kv/range`;
    const answer = await fetch(url, range).catch(() => null);
    await answer?.text();
    return answer?.status === 200;
  });
  return process.serving(port);
}

class RunningProcess {
  readonly folder = mkdtempSync(join(tmpdir(), 'quorate-differential-'));
  readonly #logFile = join(this.folder, 'log');
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();

  start(command: string, args: readonly string[]): void {
    const log = openSync(this.#logFile, 'a');
    const env = { ...globalThis.process.env, NODE_COMPILE_CACHE: compileCache };
    const child = spawn(command, args, { stdio: ['pipe', log, log], env });
    closeSync(log);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.on('exit', () => resolve());
      child.on('error', () => resolve());
    });
  }

  output(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** @throws when the process ends before, or takes too long */
  async until(isReady: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + startTimeoutMs;
    while (!(await isReady())) {
      if (!this.#hasEnded && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      const words = this.#lastWords();
      await this.#stop();
      throw new Error(`the server did not start:\n${words}`);
    }
  }

  serving(port: number): Server {
    return {
      port,
      hasEnded: () => this.#hasEnded,
      lastWords: () => this.#lastWords(),
      stop: () => this.#stop(),
    };
  }

  get #hasEnded(): boolean {
    return this.#child === null || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #lastWords(): string {
    return this.output().slice(-3000);
  }

  async #stop(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.push((server.address() as { port: number }).port);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}
