import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { adopt } from '../election/cluster.ts';
import { freePorts } from '../election/free-ports.ts';
import type { Servers } from './contender.ts';

const serverCount = 3;
const readyLimitMs = 30_000;

const etcd = (): string => process.env['ETCD'] ?? 'etcd';

/** Null: there is none. */
export function etcdVersion(): string | null {
  try {
    const text = execFileSync(etcd(), ['--version'], { encoding: 'utf8' });
    return /Version: (\S+)/.exec(text)?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Three members of an etcd with its defaults, each with a directory of its own. */
export class EtcdServers implements Servers {
  readonly count = serverCount;
  /** Where clients reach them. */
  readonly ports: readonly number[];
  readonly #peerPorts: readonly number[];
  readonly #directory: string;
  readonly #running = new Map<number, ChildProcess>();

  private constructor(directory: string, ports: readonly number[], peerPorts: readonly number[]) {
    this.#directory = directory;
    this.ports = ports;
    this.#peerPorts = peerPorts;
  }

  static async open(directory: string): Promise<EtcdServers> {
    const ports = await freePorts(serverCount);
    const servers = new EtcdServers(directory, ports, await freePorts(serverCount));
    await Promise.all(ports.map((_, at) => servers.start(at)));
    return servers;
  }

  /** Fulfilled once it answers a client. */
  async start(at: number): Promise<void> {
    const client = `http://127.0.0.1:${this.ports[at]}`;
    const peer = `http://127.0.0.1:${this.#peerPorts[at]}`;
    const cluster = this.#peerPorts.map((port, one) => `m${one}=http://127.0.0.1:${port}`);
    const settings = [
      `--name=m${at}`,
      `--data-dir=${join(this.#directory, `m${at}`)}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=${cluster.join(',')}`,
      '--log-level=fatal',
    ];
    const child = spawn(etcd(), settings, { stdio: 'ignore' });
    adopt(child);
    this.#running.set(at, child);
    await this.#ready(at, child);
  }

  async kill(at: number): Promise<void> {
    const child = this.#running.get(at);
    if (child === undefined) return;
    this.#running.delete(at);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    await Promise.all(this.ports.map((_, at) => this.kill(at)));
  }

  async #ready(at: number, child: ChildProcess): Promise<void> {
    const untilMs = performance.now() + readyLimitMs;
    while (!(await isListening(this.ports[at] ?? 0))) {
      const isOver = child.exitCode !== null || performance.now() > untilMs;
      if (isOver) throw new Error(`etcd m${at} does not listen (exit ${child.exitCode})`);
      await pause(50);
    }
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
