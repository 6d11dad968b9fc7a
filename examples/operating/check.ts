/**
 * Runs the commands of docs/guides/operating.md in order, as a newcomer would in one terminal and
 * an empty directory, and compares what they print with what the guide shows.
 *
 * --write puts what was printed into the guide.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { comparable, type Step, stepsOf, withPorts } from './guide.ts';

const root = join(import.meta.dirname, '../..');
const guide = join(root, 'docs/guides/operating.md');
const limitMs = 230_000;
/** In front of what a step prints. */
const mark = '\u0001step ';

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isListening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (isListening) await new Promise((resolve) => server.close(resolve));
  return isListening;
}

/** Below the ports that the system lends to outgoing connections. */
async function freePort(): Promise<number> {
  for (;;) {
    const first = 10_000 + Math.floor(Math.random() * 22_000);
    const ports = [0, 100, 200].flatMap((offset) => [0, 1, 2].map((each) => first + offset + each));
    const free = await Promise.all(ports.map(isFree));
    if (free.every((each) => each)) return first;
  }
}

async function play(steps: readonly Step[], first: number, directory: string): Promise<string[]> {
  const script = steps.map(({ commands }, index) => `printf '${mark}${index}\\n'\n${commands}`);
  const kept = Object.entries(process.env).filter(([name]) => !/^(QUORATE_|npm_)/.test(name));
  const path = `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;
  const shell = spawn('bash', ['-c', `exec 2>&1\n${withPorts(script.join('\n'), first)}`], {
    cwd: directory,
    env: { ...Object.fromEntries(kept), PATH: path, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A group of its own, so that the nodes end with it.
    detached: true,
  });
  const end = (): void => {
    try {
      if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
    } catch {
      // Nothing of it is left.
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      end();
      rmSync(directory, { recursive: true, force: true });
      process.exit(1);
    });
  }
  const limit = setTimeout(end, limitMs);
  let output = '';
  let said = 0;
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    const begun = output.split(mark).length - 1;
    for (; said < begun; said++) {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${seconds} s: ${steps[said]?.heading ?? ''}`);
    }
  });
  await once(shell, 'close');
  clearTimeout(limit);
  end();
  assert.equal(shell.signalCode, null, `not done within ${limitMs / 1000} s:\n${output}`);
  return withUsualPorts(output, first)
    .split(mark)
    .slice(1)
    .map((text) => text.slice(text.indexOf('\n') + 1).replaceAll(/^bash: line \d+: .*\n/gm, ''));
}

/** As the guide has them; a cell of a table gets a space for the digit that it loses. */
function withUsualPorts(output: string, first: number): string {
  return output.replaceAll(/\b(\d{5})\b([^│\n]* │)?/g, (whole, port: string, cell = '') => {
    const offset = Number(port) - first;
    const isOurs = offset >= 0 && offset < 203 && offset % 100 < 3;
    return isOurs ? `${2379 + offset}${cell.replace(/ │$/, '  │')}` : whole;
  });
}

/** `...` in the guide stands for lines that it leaves out. */
function compare({ heading, commands, printed }: Step, actual: string): void {
  const expected = comparable(printed ?? '');
  const found = comparable(actual);
  const isPartial = expected.includes('...');
  const shown = isPartial ? expected.filter((line) => line !== '...') : expected;
  const seen = isPartial ? found.filter((line) => shown.includes(line)) : found;
  assert.deepEqual(seen, shown, `${heading}:\n${commands}\nprinted:\n${actual}`);
}

function rewritten(page: string, steps: readonly Step[], actual: readonly string[]): string {
  let at = 0;
  let text = page;
  for (const [index, { commands, printed }] of steps.entries()) {
    at = text.indexOf(commands, at) + commands.length;
    if (printed === null || printed.includes('...\n')) continue;
    const from = text.indexOf('```text\n', at) + '```text\n'.length;
    text = `${text.slice(0, from)}${actual[index] ?? ''}${text.slice(from + printed.length)}`;
  }
  return text;
}

const page = readFileSync(guide, 'utf8');
const steps = stepsOf(page);
assert.ok(steps.length > 10, 'the guide has blocks marked `sh run`');
const directory = mkdtempSync(join(tmpdir(), 'quorate-operating-'));
const started = performance.now();
try {
  const actual = await play(steps, await freePort(), directory);
  if (process.argv.includes('--write')) writeFileSync(guide, rewritten(page, steps, actual));
  else for (const [index, step] of steps.entries()) compare(step, actual[index] ?? '(nothing)');
} finally {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}
const seconds = Math.round((performance.now() - started) / 1000);
console.log(`the guide holds: ${steps.length} steps in ${seconds} s`);
