import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutant.ts';

const packages = fileURLToPath(new URL('../../../', import.meta.url));
const plant = new URL('./plant.ts', import.meta.url).href;

export interface Trial {
  readonly mutant: Mutant;
  readonly verdict: 'caught' | 'missed' | 'not planted';
  /** What the tests said. */
  readonly output: string;
}

/** Runs the test that guards against the mutant with the mutant in its place. */
export function tryMutant(mutant: Mutant, timeoutMs = 60_000): Promise<Trial> {
  const args = [
    `--import=${plant}`,
    `--test-name-pattern=/^${mutant.guard}: /`,
    '--test-reporter=tap',
    `${packages}${mutant.test}`,
  ];
  const env: NodeJS.ProcessEnv = { ...process.env, QUORATE_MUTANT: mutant.name };
  // Set for the children of a test run, and would have this one say nothing.
  delete env['NODE_TEST_CONTEXT'];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { env, timeout: timeoutMs });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('close', (status) => resolve({ mutant, verdict: verdictOf(status, output), output }));
  });
}

/** A mutant that makes the test run for ever is noticed too: there is no status then. */
function verdictOf(status: number | null, output: string): Trial['verdict'] {
  if (status === null) return 'caught';
  const failed = /^\s*not ok \d+ - (bug|rule) \d+: /m.test(output);
  const passed = /^\s*ok \d+ - (bug|rule) \d+: /m.test(output);
  if (status === 1 && failed) return 'caught';
  return status === 0 && passed ? 'missed' : 'not planted';
}
