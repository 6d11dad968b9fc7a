import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Run {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
  readonly lastLine: string;
  /** What it said on standard error. */
  readonly complaints: string;
}

/** Long enough for any machine: an example that hangs ends all the same. */
const limitMs = 300_000;

/** Runs a program below this folder to its end; what it started itself ends with it. */
export async function runExample(program: string, ...words: string[]): Promise<Run> {
  const child = spawn(process.execPath, [join(import.meta.dirname, program), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
  });
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  await once(child, 'close');
  const lines = output.trimEnd().split('\n');
  return { exitCode: child.exitCode, lines, lastLine: lines.at(-1) ?? '', complaints };
}
