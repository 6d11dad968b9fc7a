import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./server.ts', import.meta.url));

/** Three servers as processes of this machine. */
export class Servers {
  readonly #directory: string;
  readonly #ports: readonly number[];
  readonly #running = new Map<number, ChildProcess>();

  /** @param ports three for peers, then three for clients */
  constructor(directory: string, ports: readonly number[]) {
    this.#directory = directory;
    this.#ports = ports;
  }

  get endpoints(): readonly string[] {
    return this.#ports.slice(3).map((port) => `127.0.0.1:${port}`);
  }

  /** Until it listens. */
  async start(at: number): Promise<void> {
    const directory = join(this.#directory, `bank-${at}`);
    mkdirSync(directory, { recursive: true });
    const child = fork(program, [String(at), directory, this.#ports.join(',')]);
    this.#running.set(at, child);
    await once(child, 'message');
  }

  /** As a power cut would: nothing is told, nothing is finished. */
  async kill(at: number): Promise<void> {
    const child = this.#running.get(at);
    if (child === undefined) return;
    this.#running.delete(at);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((at) => this.kill(at)));
  }
}
