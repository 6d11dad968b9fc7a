import { spawn } from 'node:child_process';
import { delimiter, join, resolve } from 'node:path';

/** The workspace's root. */
export const ROOT = resolve(import.meta.dirname, '../..');

export interface CommandOptions {
  /** Whether the child writes to our own output, or into the result. */
  readonly output: 'inherit' | 'collect';
}

export interface CommandResult {
  /** 128 and more when a signal ended it; 127 when it could not be started. */
  readonly exitCode: number;
  /** What it wrote, both streams as they came; empty when inherited. */
  readonly output: string;
  readonly seconds: number;
}

/**
 * Runs a program of this workspace to its end, in the root, with the workspace's own programs (and
 * its Node) first on PATH, and without input.
 */
export function runCommand(
  command: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { promise, resolve: settle } = Promise.withResolvers<CommandResult>();
  const startedMs = performance.now();
  const path = [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  const [program = '', ...args] = command;
  const stream = options.output === 'inherit' ? 'inherit' : 'pipe';
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', stream, stream],
  });
  const chunks: Uint8Array[] = [];
  const finish = (exitCode: number): void => {
    const output = Buffer.concat(chunks).toString('utf8');
    settle({ exitCode, output, seconds: (performance.now() - startedMs) / 1000 });
  };
  child.stdout?.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  child.once('error', (error) => {
    chunks.push(new TextEncoder().encode(`cannot start ${program}: ${error.message}\n`));
    finish(127);
  });
  child.once('close', (code) => finish(code ?? 128));
  return promise;
}
