import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { corpusName, generalise } from '../fuzz/behaviour.ts';
import { keepInput, readCorpus } from '../fuzz/corpus.ts';
import { titleOf } from '../fuzz/finding.ts';
import { readFuzzer } from '../fuzz/fuzzer.ts';
import { mutations } from '../fuzz/mutations.ts';
import { shrink } from '../fuzz/shrink.ts';

test('every mutation takes any input and stays within reach of the limit', () => {
  const prng = new Prng(1);
  const maxBytes = 200;
  for (const [name, mutate] of Object.entries(mutations)) {
    let changed = 0;
    for (let round = 0; round < 400; round++) {
      const length = prng.pick([0, 1, 2, 7, 60]);
      const input = Uint8Array.from({ length }, () => prng.below(256));
      const other = (): Uint8Array => Uint8Array.from({ length: prng.below(40) }, () => 9);
      const words = prng.chance(0.5) ? [Uint8Array.of(1, 2, 3)] : [];
      const output = mutate(input.slice(), prng, { other, words, maxBytes });
      assert.ok(output instanceof Uint8Array && output.length <= 2 * maxBytes + 60, name);
      if (output.join() !== input.join()) changed += 1;
    }
    assert.ok(changed > 100, `${name} changed ${changed} of 400`);
  }
});

test('an input is made as small and as plain as it can be', () => {
  const input = Uint8Array.from({ length: 300 }, (_, at) => at % 251);
  const isShown = (candidate: Uint8Array): boolean => candidate.includes(77);
  assert.deepEqual([...shrink(input, isShown)], [77]);
  const ordered = (candidate: Uint8Array): boolean =>
    candidate.indexOf(10) >= 0 && candidate.indexOf(200) - candidate.indexOf(10) >= 5;
  const smaller = shrink(input, ordered);
  assert.deepEqual([...smaller], [10, 0, 0, 0, 0, 200]);
});

test('what differs from input to input is left out of a behaviour', () => {
  assert.equal(
    generalise('entry 12 of "a b" at 0x1f, id 0123456789abcdef'),
    'entry # of "…" at #x#f, id #',
  );
  assert.ok(generalise('x'.repeat(1000)).length <= 120);
});

test('a corpus file is named after what it shows and what it holds', () => {
  const name = corpusName('RangeError: Invalid array length!', Uint8Array.of(1));
  assert.match(name, /^rangeerror-invalid-array-length-[0-9a-f]{8}\.bin$/);
  assert.match(corpusName('', Uint8Array.of(1)), /^input-[0-9a-f]{8}\.bin$/);
});

test('what is kept is read again, by name', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-corpus-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.deepEqual(readCorpus(join(folder, 'none')), []);
  const second = keepInput(folder, 'second', Uint8Array.of(2));
  const first = keepInput(folder, 'first', Uint8Array.of(1, 1));
  const kept = readCorpus(folder).map(({ name, bytes }) => [name, [...bytes]]);
  assert.deepEqual(kept, [
    [basename(first), [1, 1]],
    [basename(second), [2]],
  ]);
});

test('two errors of one place share a title, whatever their numbers', () => {
  const titled = (length: number): string => titleOf(new RangeError(`bad length ${length}`));
  assert.equal(titled(1), titled(2));
  assert.match(titled(1), /^RangeError: bad length # in titled \(tools\/test\//);
  assert.equal(titleOf('text 5'), 'threw text #');
});

test('a module that exports no fuzzer is named', () => {
  assert.throws(() => readFuzzer({}, 'x.fuzz.ts'), /x\.fuzz\.ts does not export an object named/);
  const fuzzer = { about: 'x', maxBytes: 1, generate: () => 1, run: 5, isRefusal: () => false };
  assert.throws(() => readFuzzer({ fuzzer }, 'x.fuzz.ts'), /fuzzer\.run is not a function/);
});
