import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { firstDifference } from '../../src/machines/first-difference.ts';

describe('the first difference of two values', () => {
  it('is none between a value and its copy', () => {
    fc.assert(
      fc.property(fc.anything({ withMap: true, withSet: true, withTypedArray: true }), (value) => {
        assert.equal(firstDifference(value, structuredClone(value), 'it'), null);
      }),
    );
  });

  it('is found wherever a JSON value was changed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (first, second) => {
        const isSame = firstDifference(first, second, 'it') === null;
        // JSON text knows no -0, this does.
        const text = (value: unknown): string =>
          JSON.stringify(value, (_, one: unknown) => (Object.is(one, -0) ? '-0' : one));
        assert.equal(isSame, text(first) === text(second));
      }),
    );
  });

  const cases: readonly [unknown, unknown, string, string, string][] = [
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, 'it.a[1].b', '2', '3'],
    [[1, 2], [1], 'it.length', '2', '1'],
    [{ a: 1 }, { a: 1, 'b c': 2 }, 'it["b c"]', 'nothing', '2'],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, 'it', 'fields in the order a,b', 'fields in the order b,a'],
    [0, -0, 'it', '0', '-0'],
    [1n, 2n, 'it', '1n', '2n'],
    ['1', 1, 'it', '"1"', '1'],
    [null, { a: 1 }, 'it', 'null', 'an Object {a}'],
    [new Map([['a', 1]]), new Map([['a', 2]]), 'it.entries[0][1]', '1', '2'],
    [new Set([1]), new Set([2]), 'it.values[0]', '1', '2'],
    [new Error('a'), new Error('b'), 'it.message', '"a"', '"b"'],
    [
      { at: Uint8Array.of(104, 105) },
      { at: Uint8Array.of(104, 106) },
      'it.at[1]',
      '105 of 2 bytes, in "hi"',
      '106 of 2 bytes, in "hj"',
    ],
    [
      Uint8Array.of(1),
      Uint8Array.of(1, 2),
      'it[1]',
      'the end of 1 bytes',
      '2 of 2 bytes, in "\\u0001\\u0002"',
    ],
    [new Date(0), new Date(1), 'it', '"1970-01-01T00:00:00.000Z"', '"1970-01-01T00:00:00.001Z"'],
  ];

  for (const [first, second, path, shownFirst, shownSecond] of cases) {
    it(`is told by path and both values: ${path}, ${shownFirst} and ${shownSecond}`, () => {
      assert.deepEqual(firstDifference(first, second, 'it'), {
        path,
        first: shownFirst,
        second: shownSecond,
      });
    });
  }

  it('is found in what refers to itself', () => {
    const ring = (name: string): unknown => {
      const one: Record<string, unknown> = { name };
      one['next'] = { back: one, end: name };
      return one;
    };
    assert.equal(firstDifference(ring('a'), ring('a'), 'it'), null);
    assert.equal(firstDifference(ring('a'), ring('b'), 'it')?.path, 'it.name');
  });

  it('is shortened', () => {
    const found = firstDifference('a'.repeat(1000), 'b'.repeat(1000), 'it');
    assert.ok((found?.first.length ?? 0) < 90);
  });
});
