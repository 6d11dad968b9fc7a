import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes, concatBytes } from '@quorate/base';
import fc from 'fast-check';
import { BoltReader } from '../../../src/core/bolt/bolt-reader.ts';
import { BoltWriter } from '../../../src/core/bolt/bolt-writer.ts';

type Content = readonly (readonly [
  name: Uint8Array,
  entries: readonly [Uint8Array, Uint8Array][],
])[];

function fileOf(content: Content): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = new BoltWriter((bytes) => parts.push(bytes));
  for (const [name, entries] of content) {
    writer.bucket(name);
    for (const [key, value] of entries) writer.put(key, value);
  }
  const { head, bytes } = writer.finish();
  const file = concatBytes([head, ...parts]);
  assert.equal(file.length, bytes);
  return file;
}

function readerOf(file: Uint8Array): BoltReader {
  return new BoltReader({
    bytes: file.length,
    read: (offset, length) => {
      assert.ok(offset >= 0 && offset + length <= file.length, 'nothing beyond the end is read');
      return file.slice(offset, offset + length);
    },
  });
}

function contentOf(file: Uint8Array): Content {
  const reader = readerOf(file);
  return [...reader.buckets()].map((name) => {
    const entries = [...reader.entries(name)].map(({ key, value }) => [key, value] as const);
    return [name, entries as [Uint8Array, Uint8Array][]] as const;
  });
}

const key = fc.uint8Array({ minLength: 1, maxLength: 40 });
const value = fc.oneof(
  { arbitrary: fc.uint8Array({ maxLength: 200 }), weight: 20 },
  { arbitrary: fc.uint8Array({ minLength: 4000, maxLength: 20_000 }), weight: 1 },
);
const inOrder = <Value>(pairs: readonly [Uint8Array, Value][]): [Uint8Array, Value][] =>
  pairs
    .toSorted(([a], [b]) => compareBytes(a, b))
    .filter(([one], at, all) => at === 0 || compareBytes(all[at - 1]?.[0] ?? one, one) !== 0);
const content = fc
  .array(fc.tuple(key, fc.array(fc.tuple(key, value), { maxLength: 300 }).map(inOrder)), {
    maxLength: 4,
  })
  .map(inOrder);

test('what was written is read back, bucket by bucket', () => {
  fc.assert(
    fc.property(content, (drawn) => assert.deepEqual(contentOf(fileOf(drawn)), drawn)),
    { numRuns: 60 },
  );
});

test('many keys make a tree of several levels', () => {
  const entries = Array.from({ length: 40_000 }, (_, at): [Uint8Array, Uint8Array] => {
    const bytes = new Uint8Array(17);
    new DataView(bytes.buffer).setUint32(0, at);
    return [bytes, Uint8Array.of(at & 0xff)];
  });
  const drawn: Content = [[Uint8Array.of(107), entries]];
  assert.deepEqual(contentOf(fileOf(drawn)), drawn);
});

test('a file that is cut short is refused', () => {
  const file = fileOf([[Uint8Array.of(1), [[Uint8Array.of(1), Uint8Array.of(2)]]]]);
  for (const length of [0, 100, 4096, 8192, file.length - 1]) {
    assert.throws(() => contentOf(file.subarray(0, length)), { code: 'SERVER_SNAPSHOT_INVALID' });
  }
});

test('a damaged file is refused or read, and never walked without end', () => {
  const drawn: Content = [
    [
      Uint8Array.of(1),
      Array.from({ length: 500 }, (_, at) => [Uint8Array.of(1, at >> 8, at), new Uint8Array(20)]),
    ],
  ];
  const file = fileOf(drawn);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: file.length - 1 }), fc.nat({ max: 255 })), { maxLength: 8 }),
      (changes) => {
        const changed = file.slice();
        for (const [at, byte] of changes) changed[at] = byte;
        try {
          contentOf(changed);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'SERVER_SNAPSHOT_INVALID');
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('either copy of the meta data will do', () => {
  const drawn: Content = [[Uint8Array.of(1), [[Uint8Array.of(1), Uint8Array.of(2)]]]];
  for (const page of [0, 1]) {
    const file = fileOf(drawn);
    file[page * 4096 + 20] = 99;
    assert.deepEqual(contentOf(file), drawn);
  }
});
