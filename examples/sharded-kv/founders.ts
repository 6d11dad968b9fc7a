import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { founders } from './open-store.ts';

/** The founders, each a process of its own. */
export class Founders {
  readonly #words: readonly string[];
  readonly #processes = new Map<number, ChildProcess>();

  constructor(ports: readonly number[], directory: string) {
    this.#words = ['--ports', ports.join(','), '--data', directory];
  }

  async startAll(): Promise<void> {
    await Promise.all(Array.from({ length: founders }, (_, at) => this.start(at + 1)));
  }

  async start(id: number): Promise<void> {
    const program = join(import.meta.dirname, 'founder.ts');
    const child = fork(program, ['--id', String(id), ...this.#words]);
    this.#processes.set(id, child);
    const open = Promise.withResolvers<void>();
    child.once('message', () => open.resolve());
    child.once('exit', (code) => open.reject(new Error(`node ${id} ended with ${code}`)));
    await open.promise;
  }

  /** What the node finds of the keys, asked by itself. */
  async read(id: number, keys: readonly string[]): Promise<readonly (string | null)[]> {
    const child = this.#process(id);
    const answered = once(child, 'message');
    child.send(keys);
    const [found] = (await answered) as [(string | null)[]];
    return found;
  }

  /** As a power cut of that process: nothing is finished, nothing is handed over. */
  async kill(id: number): Promise<void> {
    const child = this.#process(id);
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

  #process(id: number): ChildProcess {
    const child = this.#processes.get(id);
    if (child === undefined) throw new Error(`node ${id} runs`);
    return child;
  }
}
