import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader, ByteReaderError, type MalformedBytesReason } from '@quorate/base';
import fc from 'fast-check';

function refuses(
  bytes: readonly number[],
  read: (reader: ByteReader) => unknown,
  reason: MalformedBytesReason,
): void {
  assert.throws(
    () => read(new ByteReader(Uint8Array.from(bytes))),
    (error) => error instanceof ByteReaderError && error.metadata.reason === reason,
    `${bytes} should be refused: ${reason}`,
  );
}

test('what ends too early is refused', () => {
  refuses([], (r) => r.varint(), 'truncated');
  refuses([0x80], (r) => r.varint(), 'truncated');
  refuses([0xff, 0xff, 0xff], (r) => r.varint(), 'truncated');
  refuses([1, 2, 3], (r) => r.fixed32(), 'truncated');
  refuses([3, 1, 2], (r) => r.bytes(), 'truncated');
  refuses([3, 1, 2], (r) => r.string(), 'truncated');
  refuses([2, 1], (r) => r.enter(), 'truncated');
  refuses([3, 1], (r) => r.skip(2), 'truncated');
  refuses([1, 2, 3], (r) => r.skip(5), 'truncated');
  refuses([1, 2, 3, 4, 5, 6, 7], (r) => r.skip(1), 'truncated');
  refuses([0x80], (r) => r.skip(0), 'truncated');
});

test('a varint of more than ten bytes, or beyond 2^53 - 1, is refused', () => {
  const long = Array.from({ length: 20 }, () => 0x80);
  refuses(long, (r) => r.varint(), 'overlong varint');
  refuses(long, (r) => r.skip(0), 'overlong varint');
  const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
  refuses(minusOne, (r) => r.varint(), 'integer beyond 2^53 - 1');
  const twoTo53 = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
  refuses(twoTo53, (r) => r.varint(), 'integer beyond 2^53 - 1');
  refuses([...twoTo53, 0, 0, 0, 0], (r) => r.varint(), 'integer beyond 2^53 - 1');
  const reader = new ByteReader(Uint8Array.from([...minusOne, 7]));
  reader.skip(0);
  assert.equal(reader.varint(), 7, 'an unknown field may hold any 64-bit value');
});

test('a long form of a small number is read as that number', () => {
  assert.equal(new ByteReader(Uint8Array.of(0x85, 0x80, 0x00)).varint(), 5);
});

test('field number 0, numbers of 2^29 and more, groups and bad text are refused', () => {
  refuses([0x02], (r) => r.tag(), 'bad field number');
  refuses([0x80, 0x80, 0x80, 0x80, 0x10], (r) => r.tag(), 'bad field number');
  for (const group of [3, 4, 6, 7]) refuses([0, 0], (r) => r.skip(group), 'wrong wire type');
  refuses([2, 0xc3, 0x28], (r) => r.string(), 'text is not UTF-8');
});

test('inside a nested message nothing beyond it can be read', () => {
  const reader = new ByteReader(Uint8Array.of(2, 5, 0x80, 6));
  const mark = reader.enter();
  assert.equal(reader.varint(), 5);
  assert.throws(() => reader.varint(), ByteReaderError);
  reader.leave(mark);
  assert.equal(reader.varint(), 6);
  assert.ok(reader.atEnd);
});

test('bytes are views of the buffer that was given', () => {
  const buffer = Uint8Array.of(9, 2, 7, 8, 9);
  const view = new ByteReader(buffer, 1, 4).bytes();
  assert.deepEqual([...view], [7, 8]);
  assert.equal(view.buffer, buffer.buffer);
});

test('random bytes give values or the typed error, and the reader never leaves its bounds', () => {
  const reads: ((reader: ByteReader) => unknown)[] = [
    (r) => r.varint(),
    (r) => r.tag(),
    (r) => r.fixed32(),
    (r) => r.bytes(),
    (r) => r.string(),
    (r) => r.skip(2),
    (r) => r.leave(r.enter()),
  ];
  const program = fc.array(fc.nat(reads.length - 1), { maxLength: 40 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), program, (bytes, steps) => {
      const reader = new ByteReader(bytes);
      try {
        for (const step of steps) {
          reads[step]?.(reader);
          assert.ok(reader.offset <= bytes.length && reader.remaining >= 0);
        }
      } catch (error) {
        assert.ok(error instanceof ByteReaderError, String(error));
      }
    }),
  );
});
