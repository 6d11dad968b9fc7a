import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Of safety rules whose subject is not built yet; docs/reference/safety-rules.md says when. */
const laterRules: ReadonlyMap<number, string> = new Map([
  [8, 'nothing removes a silent node by itself'],
  [16, 'there are no claims'],
  [17, 'there are no transactions across regions'],
  [18, 'there are no transactions across regions'],
  [19, 'there are no transactions across regions'],
  [20, 'there are no transactions across regions'],
  [22, 'there are no regions'],
  [23, 'there are no regions'],
  [24, 'there are no rule packs'],
  [25, 'there are no export classes'],
]);

function* testFiles(folder: string): Iterable<string> {
  for (const found of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, found.name);
    if (found.isDirectory()) yield* testFiles(path);
    else if (found.name.endsWith('.test.ts')) yield path;
  }
}

/** The numbers that names of tests begin with: `bug 16: ...`. */
function numbersOf(kind: 'bug' | 'rule'): number[] {
  const name = new RegExp(`\\b(?:it|test)\\(\\s*['"\`]${kind} (\\d+): `, 'g');
  const numbers = new Set<number>();
  for (const { name: folder } of readdirSync(`${root}packages`, { withFileTypes: true })) {
    const tests = `${root}packages/${folder}/test`;
    try {
      for (const path of testFiles(tests)) {
        const text = readFileSync(path, 'utf8');
        for (const [, number] of text.matchAll(name)) numbers.add(Number(number));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return [...numbers].sort((a, b) => a - b);
}

/** The numbers of the rows of a table. */
function rowsOf(page: string): number[] {
  const text = readFileSync(`${root}${page}`, 'utf8');
  return [...text.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

describe('a regression test, named by number', () => {
  it('is there for each of the 44 known bugs', () => {
    assert.deepEqual(numbersOf('bug'), upTo(44));
  });

  it('is there for each of the 25 safety rules whose subject is built', () => {
    const built = upTo(25).filter((number) => !laterRules.has(number));
    assert.deepEqual(numbersOf('rule'), built);
  });

  it('has a row on the page that says what keeps the mistake away', () => {
    assert.deepEqual(rowsOf('docs/internals/known-mistakes.md'), upTo(44));
    assert.deepEqual(rowsOf('docs/reference/safety-rules.md'), upTo(25));
  });
});
