import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** One run of the job, as an instance asked for it. */
export interface Run {
  readonly id: number;
  readonly token: bigint;
}

/** Three instances of the service, each a process of its own. */
export class Instances {
  readonly #words: readonly string[];
  readonly #asked: (run: Run) => void;
  readonly #processes = new Map<number, ChildProcess>();

  /** @param asked called for each run of the job */
  constructor(ports: readonly number[], directory: string, asked: (run: Run) => void) {
    this.#words = ['--ports', ports.join(','), '--data', directory];
    this.#asked = asked;
  }

  async start(id: number): Promise<void> {
    const program = join(import.meta.dirname, 'instance.ts');
    const child = fork(program, ['--id', String(id), ...this.#words]);
    this.#processes.set(id, child);
    const open = Promise.withResolvers<void>();
    child.on('message', (message: 'open' | { id: number; token: string }) => {
      if (message === 'open') open.resolve();
      else this.#asked({ id: message.id, token: BigInt(message.token) });
    });
    child.once('exit', (code) => open.reject(new Error(`instance ${id} ended with ${code}`)));
    await open.promise;
  }

  signal(id: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#of(id).kill(signal);
  }

  async kill(id: number): Promise<void> {
    const child = this.#of(id);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    this.#processes.delete(id);
  }

  async stopAll(): Promise<void> {
    const ended = [...this.#processes.values()].map(async (child) => {
      child.kill('SIGCONT');
      if (child.connected) child.disconnect();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    await Promise.all(ended);
  }

  #of(id: number): ChildProcess {
    const child = this.#processes.get(id);
    if (child === undefined) throw new Error(`instance ${id} runs`);
    return child;
  }
}
