import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Three nodes that vote, each a process of its own. */
export class Voters {
  readonly addresses: readonly string[];
  readonly #words: readonly string[];
  readonly #processes = new Map<number, ChildProcess>();

  constructor(ports: readonly number[], directory: string) {
    this.addresses = ports.map((port) => `127.0.0.1:${port}`);
    this.#words = ['--ports', ports.join(','), '--data', directory];
  }

  async startAll(): Promise<void> {
    await Promise.all(this.addresses.map((_, at) => this.start(at + 1)));
  }

  async start(id: number): Promise<void> {
    const program = join(import.meta.dirname, 'voter.ts');
    const child = fork(program, ['--id', String(id), ...this.#words]);
    this.#processes.set(id, child);
    const open = Promise.withResolvers<void>();
    child.once('message', () => open.resolve());
    child.once('exit', (code) => open.reject(new Error(`voter ${id} ended with ${code}`)));
    await open.promise;
  }

  /** As a power cut of that process: nothing is finished, nothing is handed over. */
  async kill(id: number): Promise<void> {
    const child = this.#processes.get(id);
    if (child === undefined) throw new Error(`voter ${id} runs`);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    this.#processes.delete(id);
  }

  async stopAll(): Promise<void> {
    const ended = [...this.#processes.values()].map(async (child) => {
      if (child.connected) child.disconnect();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    await Promise.all(ended);
  }
}
