import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lazyWords, touchWords } from '../../../src/transfers/id-runs/lazy-words.ts';

test('words are as many as were asked for, all zero; many are in a large array', () => {
  for (const count of [0, 1, 1000, 2 ** 20, 2 ** 20 + 3, 11 * 2 ** 20]) {
    const words = lazyWords(count);
    assert.equal(words.length, count);
    if (count >= 2 ** 20) assert.ok(words.buffer.byteLength > 32 * 2 ** 20, `${count} words`);
    else assert.equal(words.buffer.byteLength, count * 4);
    assert.ok(words.every((word) => word === 0));
  }
});

test('words that were touched are zero still, and others are as they were', () => {
  const words = lazyWords(2 ** 20);
  words.fill(7);
  touchWords(words, 5000, 9000);
  for (const [at, word] of words.entries())
    if (at < 5000 || at >= 9000) assert.equal(word, 7);
    else assert.ok(word === 0 || word === 7);
});
