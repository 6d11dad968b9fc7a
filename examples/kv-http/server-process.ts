import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** server.ts in a process of its own. */
export class ServerProcess {
  readonly id: number;
  /** Where it serves clients: http://host:port. */
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(id: number, url: string, child: ChildProcess) {
    this.id = id;
    this.url = url;
    this.#child = child;
  }

  /** @returns once it serves */
  static async start(id: number, words: readonly string[]): Promise<ServerProcess> {
    const program = join(import.meta.dirname, 'server.ts');
    // The channel tells it when this process is gone: none is left behind.
    const child = spawn(process.execPath, [program, '--id', String(id), ...words], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const served = Promise.withResolvers<string>();
    child.once('exit', (code) => served.reject(new Error(`node ${id} ended with ${code}`)));
    if (child.stdout === null) throw new Error('stdout is a pipe');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, url] = /serves (http:\S+)/.exec(line) ?? [];
      if (url !== undefined) served.resolve(url);
    });
    return new ServerProcess(id, await served.promise, child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** @returns the exit code; null when a signal ended it */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      process.kill(this.pid, signal);
      await ended;
    }
    return this.#child.exitCode;
  }
}
