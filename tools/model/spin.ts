import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Search } from './directives.ts';
import { type Exploration, parsePanOutput } from './pan-output.ts';

/** How to get what is missing. */
export const INSTALL = 'apt-get install -y --no-install-recommends spin gcc libc6-dev';

const MEMORY_MB = 4096;
const BUILD_LIMIT_MS = 120_000;
const SEARCH_LIMIT_MS = 1_800_000;
/** Steps; the longest path of a model here is a few thousand. */
const MAX_DEPTH = 200_000;

interface Ended {
  /** 127: not found; null: killed, out of time. */
  readonly exitCode: number | null;
  readonly output: string;
}

/** @returns those of the programs needed that are not there */
export async function missingPrograms(): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const [program, version] of [
    ['spin', '-V'],
    ['gcc', '--version'],
  ] as const) {
    const { exitCode } = await run(program, [version], '.', BUILD_LIMIT_MS);
    if (exitCode !== 0) missing.push(program);
  }
  return missing;
}

export interface ExploreOptions {
  /** Breadth first finds a shortest violation; depth first needs less memory to see everything. */
  readonly search: Search;
  /** Takes longer to build and pays from about a million states on. */
  readonly optimized: boolean;
  /** Tell the steps that lead to the violation. */
  readonly trace: boolean;
}

export interface Explored extends Exploration {
  /** The steps that lead to the violation, one a line; empty unless asked for. */
  readonly trace: string;
}

/**
 * Builds the verifier of a model in a folder of its own, which is removed, and lets it look at
 * every state within the model's bounds, or until the first violation.
 *
 * @param path of the .pml file
 * @param flags -DNAME[=NUMBER], for the model
 * @throws Error with what a program said when it fails, or does not end in time
 */
export async function explore(
  path: string,
  flags: readonly string[],
  { search, optimized, trace }: ExploreOptions,
): Promise<Explored> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-model-'));
  try {
    const name = basename(path);
    await copyFile(path, join(folder, name));
    await succeed('spin', [...flags, '-a', name], folder);
    const order = search === 'breadth' ? ['-DBFS'] : [];
    const options = [
      optimized ? '-O1' : '-O0',
      '-w',
      '-DSAFETY',
      '-DNOREDUCE',
      `-DMEMLIM=${MEMORY_MB}`,
      ...order,
    ];
    await succeed('gcc', [...options, '-o', 'pan', 'pan.c'], folder);
    // -E: a state from which nothing can happen is no error here; -n: no list of unreached code.
    const args = ['-E', '-n', `-m${MAX_DEPTH}`];
    const { exitCode, output } = await run(join(folder, 'pan'), args, folder, SEARCH_LIMIT_MS);
    if (exitCode === null) throw new Error(`${name}: not done after ${SEARCH_LIMIT_MS / 1000} s`);
    const exploration = parsePanOutput(output);
    if (!trace || exploration.violated === null) return { ...exploration, trace: '' };
    const replay = await run('spin', [...flags, '-t', '-B', name], folder, BUILD_LIMIT_MS);
    return { ...exploration, trace: stepsOf(replay.output) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Spin goes on to tell of failed assertions and the final state; the steps come first. */
function stepsOf(replay: string): string {
  const lines = replay.split('\n');
  const end = lines.findIndex((line) => line.startsWith('spin: '));
  return lines
    .slice(0, end < 0 ? lines.length : end)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}

async function succeed(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { exitCode, output } = await run(program, args, cwd, BUILD_LIMIT_MS);
  if (exitCode === 0) return;
  throw new Error(`${program} ${args.join(' ')} failed (${exitCode ?? 'out of time'}):\n${output}`);
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  timeoutMs: number,
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const options = { cwd, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 1 << 26 } as const;
  execFile(program, args, options, (error, stdout, stderr) => {
    const output = `${stdout}${stderr}`;
    if (error === null) resolve({ exitCode: 0, output });
    else if (error.code === 'ENOENT') resolve({ exitCode: 127, output: error.message });
    else resolve({ exitCode: typeof error.code === 'number' ? error.code : null, output });
  });
  return promise;
}
