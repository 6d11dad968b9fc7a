import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cleanEnvironment } from '../../test/run-program.ts';

/** A local cluster stops one node after another, with some seconds for each. */
const stopLimitMs = 20_000;
const keptOutputLength = 16_384;

/** A program that runs; its output is collected. */
export class RunningProgram {
  readonly child: ChildProcess;
  /** The exit code, null when a signal ended it. Rejects when it could not be started. */
  readonly ended: Promise<number | null>;
  readonly #waiting = new Set<() => void>();
  #output = '';
  #hasEnded = false;

  constructor(child: ChildProcess) {
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-keptOutputLength);
        this.#wake();
      });
    }
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const end = (): void => {
      this.#hasEnded = true;
      this.#wake();
    };
    this.ended.then(end, end);
  }

  /** The end of what it has written. */
  get output(): string {
    return this.#output;
  }

  /** @throws Error when it ends without having written that */
  async wrote(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#output)) {
      if (this.#hasEnded) throw new Error(`it ended without ${pattern}:\n${this.#output}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #wake(): void {
    const resolvers = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of resolvers) resolve();
  }
}

/** The processes that this one has started: each known by its handle, so that none outlives it. */
export class Children {
  readonly #running = new Set<ChildProcess>();

  start(command: readonly string[], extra: NodeJS.ProcessEnv = {}): RunningProgram {
    const [program = '', ...words] = command;
    const env = cleanEnvironment(extra);
    // etcd takes every variable of that prefix for a setting.
    for (const name of Object.keys(env)) if (name.startsWith('ETCD')) delete env[name];
    const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#adopt(child);
    return new RunningProgram(child);
  }

  /** A module of our own, in a process that is spoken to by messages. */
  fork(path: string): ChildProcess {
    const child = fork(path, { serialization: 'advanced' });
    this.#adopt(child);
    return child;
  }

  async stop(child: ChildProcess): Promise<void> {
    if (!this.#running.has(child)) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const limit = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
    await ended;
    clearTimeout(limit);
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.stop(child)));
  }

  #adopt(child: ChildProcess): void {
    if (child.pid === undefined) return;
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
  }
}
