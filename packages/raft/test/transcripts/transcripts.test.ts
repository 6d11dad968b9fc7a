import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Interpreter } from './interpreter.ts';
import { differenceAt, parseTranscript, renderTranscript, type Step } from './transcript-file.ts';

const folder = new URL('./testdata/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));

/** What the commands of a transcript show now; throws where one cannot be carried out. */
function play(path: string, steps: readonly Step[]): Map<Step, readonly string[]> {
  const interpreter = new Interpreter();
  const shown = new Map<Step, readonly string[]>();
  for (const step of steps) {
    try {
      shown.set(step, interpreter.run(step.command));
    } catch (error) {
      const message = `${path}:${step.line}: '${step.command}': ${(error as Error).message}`;
      throw new Error(message, { cause: error });
    }
  }
  return shown;
}

describe('the transcript', () => {
  for (const name of names) {
    it(name, () => {
      const file = new URL(name, folder);
      const path = `packages/raft/test/transcripts/testdata/${name}`;
      const parts = parseTranscript(readFileSync(file, 'utf8'));
      const steps = parts.flatMap((part) => ('step' in part ? [part.step] : []));
      assert.ok(steps.length > 0, `${path} has no command`);
      const shown = play(path, steps);
      if (process.env['UPDATE'] === '1') {
        writeFileSync(file, renderTranscript(parts, shown));
        return;
      }
      for (const step of steps) {
        const difference = differenceAt(path, step, shown.get(step) ?? []);
        if (difference !== null) assert.fail(difference);
      }
    });
  }
});
