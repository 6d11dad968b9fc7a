import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PostgresPrograms } from './postgres-programs.ts';
import { PostgresSession, psqlOptions } from './postgres-session.ts';

const watchProgram = fileURLToPath(new URL('./postgres-watch.ts', import.meta.url));
const startLimitMs = 60_000;
const stopLimitMs = 15_000;
const keptOutputLength = 8192;
/** Such as a terminal sends, and the exit code that tells of it. */
const signals = { SIGINT: 130, SIGTERM: 143 } as const;

/** Synced at each commit, as it is by default: what is set here only gives it more memory. */
const settings = {
  listen_addresses: '',
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '512MB',
  max_wal_size: '2GB',
  statement_timeout: '120s',
};

/**
 * A PostgreSQL of its own in a temporary directory, reached by a socket in that directory. It is
 * stopped and the directory removed in the end, when it cannot start, and when a signal ends the
 * bench; where that is SIGKILL, by a process that watches over it.
 */
export class PostgresServer implements AsyncDisposable {
  readonly #programs: PostgresPrograms;
  readonly #directory: string;
  readonly #running = new Set<ChildProcess>();
  readonly #onSignal: (signal: keyof typeof signals) => void;
  readonly #watch: ChildProcess;
  #server: ChildProcess | null = null;
  #stopped: Promise<void> | null = null;

  private constructor(programs: PostgresPrograms, parent: string) {
    this.#programs = programs;
    this.#directory = mkdtempSync(join(resolve(parent), 'quorate-postgres-'));
    chmodSync(this.#directory, 0o700);
    const { user } = programs;
    if (user !== null) chownSync(this.#directory, user.uid, user.gid);
    this.#watch = watchOver(this.#directory);
    this.#onSignal = (signal) => {
      void this[Symbol.asyncDispose]().finally(() => process.exit(signals[signal]));
    };
    process.once('SIGINT', this.#onSignal).once('SIGTERM', this.#onSignal);
  }

  /** @throws Error with the server's own words when it does not start within a minute */
  static async start(programs: PostgresPrograms, parent: string): Promise<PostgresServer> {
    const server = new PostgresServer(programs, parent);
    try {
      await server.#start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where programs started here leave their files. */
  get directory(): string {
    return this.#directory;
  }

  /** Of the process whose children serve the connections. */
  get processId(): number {
    return this.#server?.pid ?? 0;
  }

  /** A connection that stays. */
  connect(): PostgresSession {
    return new PostgresSession(this.#spawn('psql', psqlOptions));
  }

  /**
   * Runs a program to its end.
   *
   * @returns what it wrote to its standard output
   * @throws Error with the end of what it wrote, when it fails or takes longer
   */
  async run(
    name: string,
    options: readonly string[],
    input: string,
    limitMs: number,
  ): Promise<string> {
    const child = this.#spawn(name, options);
    const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
    let output = '';
    let errors = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-keptOutputLength);
    });
    child.stdin?.on('error', () => undefined).end(input);
    try {
      await once(child, 'close');
    } finally {
      clearTimeout(limit);
    }
    if (child.exitCode === 0) return output;
    throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode}: ${errors.trim()}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #start(): Promise<void> {
    const data = join(this.#directory, 'data');
    const access = ['--username=postgres', '--auth-local=trust', '--auth-host=reject'];
    const text = ['--locale=C', '--encoding=UTF8'];
    await this.run('initdb', ['-D', data, '--no-sync', ...access, ...text], '', startLimitMs);
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = this.#spawn('postgres', ['-D', data, '-k', this.#directory, ...options]);
    this.#server = server;
    let log = '';
    await new Promise<void>((ready, reject) => {
      const fail = (): void => reject(new Error(`postgres did not start: ${log.trim()}`));
      const limit = setTimeout(fail, startLimitMs);
      server.once('close', fail).once('close', () => clearTimeout(limit));
      server.stderr?.setEncoding('utf8').on('data', (lines: string) => {
        log = (log + lines).slice(-keptOutputLength);
        if (!log.includes('is ready to accept connections')) return;
        clearTimeout(limit);
        ready();
      });
    });
  }

  async #stop(): Promise<void> {
    for (const child of this.#running) if (child !== this.#server) child.kill('SIGKILL');
    const ended = [...this.#running].map((child) => once(child, 'close'));
    // Without the writing that an orderly end does: nothing of it is kept.
    this.#server?.kill('SIGQUIT');
    const limit = setTimeout(() => this.#server?.kill('SIGKILL'), stopLimitMs);
    await Promise.all(ended);
    clearTimeout(limit);
    this.#watch.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 10 });
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
  }

  #spawn(name: string, options: readonly string[]): ChildProcess {
    if (this.#stopped !== null) throw new Error('PostgreSQL has been stopped');
    const child = spawn(join(this.#programs.directory, name), options, {
      cwd: this.#directory,
      env: {
        LC_ALL: 'C',
        HOME: this.#directory,
        PGHOST: this.#directory,
        PGUSER: 'postgres',
        PGDATABASE: 'postgres',
      },
      stdio: 'pipe',
      ...this.#programs.user,
    });
    this.#running.add(child);
    child.once('close', () => this.#running.delete(child));
    return child;
  }
}

/** In a session of its own: what ends the bench's whole group must not end it before. */
export function watchOver(directory: string): ChildProcess {
  const stdio = ['pipe', 'ignore', 'inherit'] as const;
  const child = spawn(process.execPath, [watchProgram, directory], {
    detached: true,
    stdio: [...stdio],
  });
  child.unref();
  return child;
}
