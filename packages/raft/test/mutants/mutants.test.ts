import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mutants } from './registry.ts';
import { tryMutant } from './try-mutant.ts';

const packages = fileURLToPath(new URL('../../../', import.meta.url));

/** One of each kind; all of them take `node packages/raft/test/mutants/run.ts`. */
const handful = [
  'vote-leaves-at-once',
  'joint-for-ever',
  'fence-falls-when-the-transfer-is-given-up',
];

describe('the mutants', () => {
  it('have names of their own, and change what stands exactly once in its file', () => {
    assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
    for (const { name, file, find, replace } of mutants) {
      const count = readFileSync(`${packages}${file}`, 'utf8').split(find).length - 1;
      assert.equal(count, 1, `${name}: its place in ${file} is there ${count} times`);
      assert.notEqual(find, replace, name);
    }
  });

  it('are guarded against by tests that are there', () => {
    for (const { name, guard, test } of mutants) {
      const text = readFileSync(`${packages}${test}`, 'utf8');
      assert.match(text, new RegExp(`it\\(\\s*['\`]${guard}: `), name);
    }
  });

  for (const name of handful) {
    it(`${name} is caught`, async () => {
      const mutant = mutants.find((candidate) => candidate.name === name);
      assert.ok(mutant !== undefined);
      const { verdict, output } = await tryMutant(mutant);
      assert.equal(verdict, 'caught', output);
    });
  }
});
