import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes } from '@quorate/base';
import type { KeyRange } from '@quorate/kv';
import fc from 'fast-check';
import { GrantedRanges, isGrantable } from '../../../src/core/auth/granted-ranges.ts';

/** Every key of at most two bytes of a tiny alphabet, and one behind them all. */
const alphabet = [0, 1, 2];
const keys: Uint8Array[] = [
  Uint8Array.of(9),
  ...alphabet.map((a) => Uint8Array.of(a)),
  ...alphabet.flatMap((a) => alphabet.map((b) => Uint8Array.of(a, b))),
  ...alphabet.flatMap((a) => alphabet.map((b) => Uint8Array.of(a, b, 0))),
];

function holds({ key, rangeEnd }: KeyRange, one: Uint8Array): boolean {
  if (rangeEnd.length === 0) return compareBytes(key, one) === 0;
  if (compareBytes(one, key) < 0) return false;
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return true;
  return compareBytes(one, rangeEnd) < 0;
}

const aKey = fc.uint8Array({ min: 0, max: 2, minLength: 1, maxLength: 2 });
const anEnd = fc.oneof(aKey, fc.constant(new Uint8Array(0)), fc.constant(Uint8Array.of(0)));
const aRange = fc.record({ key: aKey, rangeEnd: anEnd });
const aGrant = aRange.filter(isGrantable);

test('a range is covered only when each key in it is granted', () => {
  fc.assert(
    fc.property(fc.array(aGrant, { maxLength: 6 }), aGrant, (grants, asked) => {
      const granted = new GrantedRanges(grants);
      const covers = granted.covers(asked);
      const inside = keys.filter((key) => holds(asked, key));
      const isAllowed = inside.every((key) => grants.some((grant) => holds(grant, key)));
      // The model has few keys, so it may miss one that is not granted.
      if (!isAllowed) assert.equal(covers, false);
    }),
    { numRuns: 5000 },
  );
});

test('a range of bounds that the model knows is decided as the model does', () => {
  // Bounds of one byte: whether a key is inside shows in its first byte alone, so one key of each
  // class is enough: the bound itself, and one behind it.
  const bound = fc.uint8Array({ min: 1, max: 4, minLength: 1, maxLength: 1 });
  const end = fc.oneof(bound, fc.constant(Uint8Array.of(0)));
  const grant = fc.record({ key: bound, rangeEnd: end }).filter(isGrantable);
  const samples = [1, 2, 3, 4, 200].flatMap((a) => [Uint8Array.of(a), Uint8Array.of(a, 7)]);
  fc.assert(
    fc.property(fc.array(grant, { maxLength: 5 }), grant, (grants, asked) => {
      const isAllowed = samples
        .filter((key) => holds(asked, key))
        .every((key) => grants.some((one) => holds(one, key)));
      assert.equal(new GrantedRanges(grants).covers(asked), isAllowed);
    }),
    { numRuns: 5000 },
  );
});

test('a key is covered exactly when a granted range holds it', () => {
  fc.assert(
    fc.property(fc.array(aGrant, { maxLength: 6 }), (grants) => {
      const granted = new GrantedRanges(grants);
      for (const key of keys) {
        const isAllowed = grants.some((grant) => holds(grant, key));
        assert.equal(granted.coversKey(key), isAllowed);
        assert.equal(granted.covers({ key, rangeEnd: new Uint8Array(0) }), isAllowed);
      }
    }),
    { numRuns: 1000 },
  );
});

test('single keys that follow each other are one range', () => {
  const at = (...key: number[]): KeyRange => {
    return { key: Uint8Array.from(key), rangeEnd: new Uint8Array(0) };
  };
  const granted = new GrantedRanges([at(1), at(1, 0), at(1, 0, 0)]);
  const range = { key: Uint8Array.of(1), rangeEnd: Uint8Array.of(1, 0, 0) };
  assert.equal(granted.covers(range), true);
  assert.equal(granted.covers({ ...range, rangeEnd: Uint8Array.of(1, 0, 0, 1) }), false);
});

test('an empty range is covered where it begins, and nothing is where nothing is granted', () => {
  const key = Uint8Array.of(2);
  const rangeEnd = Uint8Array.of(1);
  const all = new GrantedRanges([{ key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) }]);
  assert.equal(all.covers({ key, rangeEnd }), true);
  assert.equal(
    new GrantedRanges([{ key: rangeEnd, rangeEnd: key }]).covers({ key, rangeEnd }),
    false,
  );
  assert.equal(new GrantedRanges([]).covers({ key, rangeEnd }), false);
});
