import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export const programPath = fileURLToPath(new URL('../src/bin.ts', import.meta.url));

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of this process without anything that configures quorate or its colours. */
export function cleanEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(QUORATE_|npm_|NODE_TEST|FORCE_COLOR$)/.test(name),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: '1', ...extra };
}

/** Runs `quorate` to its end. */
export function runProgram(
  words: readonly string[],
  options: { environment?: NodeJS.ProcessEnv; input?: string; directory?: string } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [programPath, ...words], {
    env: cleanEnvironment(options.environment),
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

const temporaryDirectories: string[] = [];

process.once('exit', () => {
  for (const path of temporaryDirectories) rmSync(path, { recursive: true, force: true });
});

/**
 * A directory for a test, removed when the process ends: hooks run in the order in which they were
 * set, so servers in it are closed later than this, and one that loses its log stops everything.
 */
export async function temporaryDirectory(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'quorate-cli-'));
  context.after(() => temporaryDirectories.push(path));
  return path;
}

/** Listens until the test ends, to keep a port in use. */
export async function occupyPort(context: TestContext): Promise<number> {
  const server = await listen(0);
  context.after(() => closeServer(server));
  return portOf(server);
}

/** A port that was free a moment ago, with `offsets` above it free as well. */
export async function freePorts(offsets: readonly number[]): Promise<number> {
  for (;;) {
    const first = await listen(0);
    const port = portOf(first);
    const servers: Server[] = [first];
    try {
      for (const offset of offsets) {
        if (offset !== 0) servers.push(await listen(port + offset));
      }
      return port;
    } catch {
      // One of them is in use: try another block.
    } finally {
      await Promise.all(servers.map(closeServer));
    }
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    if (port > 65_535) throw new RangeError(`no such port: ${port}`);
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, () => resolve(server));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('expected a TCP address');
  return address.port;
}
