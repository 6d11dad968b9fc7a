import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftoversRule } from '../../tidy/rules/leftovers.ts';
import { complaints } from '../planted-tree.ts';

const TEST = 'packages/low/test/a.test.ts';
const MARKERS = ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', '@ts-' + 'ignore', '@ts-' + 'nocheck'];

test('words in strings, methods called skip and marks on other things are fine', (t) => {
  const found = complaints(t, leftoversRule, {
    'packages/low/src/a.ts': `reader.skip(4);\nconst a = '${MARKERS.join()}';`,
    [TEST]: `test('.skip( and as any', () => { reader.skip(4); f({ skip: 1 }); });`,
  });
  assert.deepEqual(found, []);
});

test('notes to oneself are named, in scripts too', (t) => {
  for (const marker of MARKERS) {
    const found = complaints(t, leftoversRule, {
      'packages/low/src/a.ts': `/**\n * ${marker}: later\n */`,
      '.ci/run': `true # ${marker}`,
    });
    assert.equal(found.length, 2, marker);
    assert.match(found.join(), /\.ci\/run:1: /);
    assert.match(found.join(), /src\/a\.ts:2: /);
  }
});

test('tests that are switched off or singled out are named', (t) => {
  const texts = [
    `test.skip('a', () => {});`,
    `it.only('a', () => {});`,
    `describe.todo('a');`,
    `test('a', (t) => { t.skip('no'); });`,
    `test('a', { skip: true }, () => {});`,
    `test('a', { timeout: 1, todo: 'later' }, () => {});`,
  ];
  for (const text of texts) {
    assert.equal(complaints(t, leftoversRule, { [TEST]: text }).length, 1, text);
  }
});

test('a cast that gives the type up is named', (t) => {
  const found = complaints(t, leftoversRule, { 'packages/low/src/a.ts': 'f(a as any);' });
  assert.match(found.join(), /'as any' is left over/);
});
