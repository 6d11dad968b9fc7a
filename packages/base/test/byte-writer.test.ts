import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionFailed, ByteReader, ByteWriter, varintBytes, WireType } from '@quorate/base';
import fc from 'fast-check';

const edges = Array.from({ length: 54 }, (_, bits) => 2 ** bits).flatMap((n) => [n - 1, n]);
const safe = edges.filter((n) => Number.isSafeInteger(n));

function bigintVarint(value: number): number[] {
  const out: number[] = [];
  let rest = BigInt(value);
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  out.push(Number(rest));
  return out;
}

function written(write: (writer: ByteWriter) => void, initialBytes = 1): Uint8Array {
  const writer = new ByteWriter(initialBytes);
  write(writer);
  return writer.take();
}

test('varints are what arithmetic on big integers gives, at every edge and in between', () => {
  const check = (value: number) => {
    const bytes = written((writer) => writer.varint(value));
    assert.deepEqual([...bytes], bigintVarint(value), `varint of ${value}`);
    assert.equal(varintBytes(value), bytes.length);
    assert.equal(new ByteReader(bytes).varint(), value);
    // Far from the end of the buffer another path of the reader is taken.
    const padded = new Uint8Array([...bytes, ...new Uint8Array(12)]);
    const reader = new ByteReader(padded);
    assert.equal(reader.varint(), value);
    assert.equal(reader.offset, bytes.length);
  };
  for (const value of safe) check(value);
  fc.assert(fc.property(fc.maxSafeNat(), check));
});

test('a number that is not a safe unsigned integer is a bug of the caller', () => {
  for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => new ByteWriter().varint(value), AssertionFailed);
  }
});

test('every primitive comes back as it was written', () => {
  const bytes = written((writer) => {
    writer.tag(5, WireType.lengthDelimited);
    writer.string('π ok');
    writer.fixed32(0xfedcba98);
    writer.bytes(Uint8Array.of(1, 2, 3));
    writer.raw(Uint8Array.of(9));
  });
  const reader = new ByteReader(bytes);
  assert.equal(reader.tag(), 5 * 8 + 2);
  assert.equal(reader.string(), 'π ok');
  assert.equal(reader.fixed32(), 0xfedcba98);
  assert.deepEqual([...reader.bytes()], [1, 2, 3]);
  assert.equal(reader.remaining, 1);
  assert.equal(reader.varint(), 9);
  assert.ok(reader.atEnd);
});

test('a nested message gets the shortest length whatever size was expected', () => {
  const sizes = [0, 1, 127, 128, 300, 16_383, 16_384, 70_000];
  for (const size of sizes) {
    for (const expected of sizes) {
      const content = new Uint8Array(size).map((_, i) => i);
      const bytes = written((writer) => {
        writer.varint(77);
        const outer = writer.begin(expected);
        const inner = writer.begin(expected);
        writer.raw(content);
        writer.end(inner);
        writer.varint(88);
        writer.end(outer);
      });
      const innerBytes = [...bigintVarint(size), ...content, 88];
      assert.deepEqual([...bytes], [77, ...bigintVarint(innerBytes.length), ...innerBytes]);
    }
  }
});

test('take hands over bytes that later writing does not touch', () => {
  const writer = new ByteWriter(4, 8);
  writer.raw(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9));
  const first = writer.take();
  assert.equal(writer.length, 0);
  writer.raw(Uint8Array.of(10, 11));
  assert.deepEqual([...writer.view()], [10, 11]);
  writer.truncate(1);
  assert.deepEqual([...writer.take()], [10]);
  assert.deepEqual([...first], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(first.buffer.byteLength, 9);
});

test('four bytes can be overwritten once they are there, and not beyond', () => {
  const writer = new ByteWriter();
  writer.fixed32(0);
  writer.varint(1);
  writer.patchFixed32(0, 0x01020304);
  assert.throws(() => writer.patchFixed32(2, 0), AssertionFailed);
  assert.throws(() => writer.truncate(6), AssertionFailed);
  assert.deepEqual([...writer.take()], [4, 3, 2, 1, 1]);
});
