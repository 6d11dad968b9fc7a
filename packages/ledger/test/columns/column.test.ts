import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Column } from '../../src/columns/column.ts';
import { ColumnWriter } from '../../src/columns/column-writer.ts';
import { decodeLanes } from '../../src/columns/decode-lanes.ts';
import {
  decodeInt32,
  decodeNumbers,
  decodeUint16,
  decodeUint32,
} from '../../src/columns/decode-numbers.ts';
import { writeLanesColumn } from '../../src/columns/encode-lanes.ts';
import { writeUint32Column } from '../../src/columns/encode-uint32.ts';
import { columnValues, ranges, unsigned } from './column-values.ts';
import {
  columnBytes,
  type Form,
  littleEndian,
  parseColumn,
  shortestForm,
  toLanes,
} from './reference-columns.ts';

const safeEnd = 2n ** 53n;

function checkDecoders(column: Column, values: readonly bigint[]): void {
  const { rangeBytes } = column;
  const count = values.length;
  const lanes = new Uint32Array(count * 4 + 1).fill(77);
  decodeLanes(column, lanes);
  assert.deepEqual(lanes.subarray(0, count * 4), toLanes(values));
  assert.equal(lanes[count * 4], 77);
  const numbers = new Float64Array(count);
  const areNumbers = values.every((value) => value < safeEnd);
  assert.equal(decodeNumbers(column, numbers), areNumbers);
  if (areNumbers) assert.deepEqual(numbers, Float64Array.from(values, Number));
  if (rangeBytes <= 4) {
    const out = new Uint32Array(count);
    decodeUint32(column, out);
    assert.deepEqual(out, Uint32Array.from(values, Number));
    const signed = new Int32Array(count);
    decodeInt32(column, signed);
    assert.deepEqual(signed, Int32Array.from(out));
  }
  if (rangeBytes <= 2) {
    const out = new Uint16Array(count);
    decodeUint16(column, out);
    assert.deepEqual(out, Uint16Array.from(values, Number));
  }
  for (let i = 0; i < count; i += Math.ceil(count / 50)) {
    const value = values[i] as bigint;
    assert.equal(column.uint128At(i), value);
    if (value < safeEnd) assert.equal(column.numberAt(i), Number(value));
  }
  const isZero = values.every((value) => value === 0n);
  if (column.isZero) assert.ok(isZero);
  if (column.isConstant) assert.ok(values.every((value) => value === values[0]));
}

/** Both writers choose the shortest form, and all readers understand it. */
function checkWriters(values: readonly bigint[], rangeBytes: number): void {
  const expected = columnBytes(shortestForm(values));
  const writer = new ColumnWriter(1);
  writer.copy(Uint8Array.of(1, 2, 3));
  writeLanesColumn(writer, toLanes(values), values.length);
  const bytes = writer.take();
  assert.deepEqual([...bytes], [1, 2, 3, ...expected]);
  if (rangeBytes <= 4) {
    writeUint32Column(writer, Uint32Array.from(values, Number), values.length);
    assert.deepEqual([...writer.take()], expected);
  }
  checkDecoders(parseColumn(expected, values.length, rangeBytes), values);
}

function refusal(bytes: readonly number[], count: number, rangeBytes: number): string {
  try {
    parseColumn(bytes, count, rangeBytes);
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error, `${error}`);
    assert.equal(error.code, 'LEDGER_BATCH_MALFORMED');
    return error.message;
  }
  return 'taken';
}

for (const rangeBytes of ranges) {
  test(`values of ${rangeBytes} bytes are written in the shortest form and read back`, () => {
    fc.assert(
      fc.property(columnValues(rangeBytes), (values) => checkWriters(values, rangeBytes)),
      { numRuns: 400 },
    );
  });
}

test('the edges of every width are kept, in one value and in 8,190', () => {
  for (const rangeBytes of ranges) {
    const most = 256n ** BigInt(rangeBytes) - 1n;
    for (let width = 0; width <= rangeBytes; width++) {
      const delta = 256n ** BigInt(width) - 1n;
      for (const base of [0n, 1n, 255n, most - delta]) {
        if (base + delta > most) continue;
        checkWriters([base + delta], rangeBytes);
        checkWriters([base, base + delta, base], rangeBytes);
        if (base !== 1n) continue;
        const many = Array.from({ length: 8190 }, (_, i) => base + (i % 7 === 3 ? delta : 0n));
        checkWriters(many, rangeBytes);
      }
    }
  }
});

test('a sequence may carry from one lane to the next', () => {
  for (const first of [2n ** 32n - 3n, 2n ** 64n - 4000n, 2n ** 96n - 1n, 2n ** 128n - 8190n]) {
    const values = Array.from({ length: 8190 }, (_, i) => first + BigInt(i));
    checkWriters(values, 16);
    assert.equal(parseColumn(columnBytes(shortestForm(values)), 8190, 16).isSequence, true);
  }
});

test('what wraps around its largest value is no sequence', () => {
  checkWriters([2n ** 32n - 1n, 0n], 4);
  checkWriters([2n ** 32n - 2n, 2n ** 32n - 1n, 0n, 1n], 4);
  checkWriters([2n ** 128n - 1n, 0n], 16);
  checkWriters([5n, 7n, 6n, 8n], 4);
});

test('a column in a longer form than needed is read all the same', () => {
  const form = fc.constantFrom(...ranges).chain((rangeBytes) =>
    fc.integer({ min: 1, max: rangeBytes }).chain((width) =>
      fc.record({
        rangeBytes: fc.constant(rangeBytes),
        width: fc.constant(width),
        base: unsigned(rangeBytes),
        deltas: fc.array(fc.oneof(unsigned(width), unsigned(1)), { minLength: 1, maxLength: 20 }),
      }),
    ),
  );
  fc.assert(
    fc.property(form, ({ rangeBytes, width, base, deltas }) => {
      const most = 256n ** BigInt(rangeBytes) - 1n;
      const values = deltas.map((delta) => base + delta);
      const bytes = columnBytes({ width, base, deltas });
      const fits = values.every((value) => value <= most);
      if (fits) checkDecoders(parseColumn(bytes, values.length, rangeBytes), values);
      else assert.match(refusal(bytes, values.length, rangeBytes), /beyond the largest value/);
    }),
    { numRuns: 2000 },
  );
});

test('a sum beyond the largest value is refused, and the largest is not', () => {
  for (const rangeBytes of ranges) {
    const most = 256n ** BigInt(rangeBytes) - 1n;
    for (let width = 1; width <= rangeBytes; width++) {
      for (const room of [0n, 1n, 255n, 256n ** BigInt(width) - 1n, 256n ** BigInt(width) - 2n]) {
        if (room > most) continue;
        const form = (delta: bigint): Form => ({ width, base: most - room, deltas: [0n, delta] });
        assert.equal(refusal(columnBytes(form(room)), 2, rangeBytes), 'taken');
        if (room + 1n >= 256n ** BigInt(width)) continue;
        assert.match(refusal(columnBytes(form(room + 1n)), 2, rangeBytes), /value 1 is beyond/);
      }
    }
    const sequence: Form = { width: 0, isSequence: true, base: most - 8189n };
    assert.equal(refusal(columnBytes(sequence), 8190, rangeBytes), 'taken');
    const beyond = columnBytes({ ...sequence, base: most - 8188n });
    assert.match(refusal(beyond, 8190, rangeBytes), /sequence goes beyond/);
  }
});

test('every other head is refused', () => {
  const cases: [number[], number, RegExp][] = [
    [[], 4, /ends too early/],
    [[0], 4, /ends too early/],
    [[64, 0], 4, /unknown form 64/],
    [[0xff, 0], 4, /unknown form 255/],
    [[31, 0], 16, /deltas of 31 bytes where a value has 16/],
    [[3, 0, 1, 2, 3, 1, 2, 3], 2, /deltas of 3 bytes where a value has 2/],
    [[33, 0, 1, 1], 4, /a sequence with deltas/],
    [[0, 5, 1, 1, 1, 1, 1], 4, /a base of 5 bytes where a value has 4/],
    [[0, 2, 1], 4, /1 bytes are missing/],
    [[2, 1, 1, 0, 0, 0], 4, /1 bytes are missing/],
    [[0, 2, 1, 0], 4, /zero top byte/],
    [[0, 1, 0], 4, /zero top byte/],
  ];
  for (const [bytes, rangeBytes, message] of cases) {
    assert.match(refusal(bytes, 2, rangeBytes), message);
  }
});

test('the layout is the documented one', () => {
  const bytes = [2, 3, 0, 0, 1, ...littleEndian(7n, 2), ...littleEndian(0x1234n, 2)];
  assert.deepEqual(columnBytes(shortestForm([0x10007n, 0x11234n, 0x10000n])).slice(0, 2), [2, 3]);
  checkDecoders(parseColumn(bytes, 2, 4), [0x10007n, 0x11234n]);
});

test('an absent column is zero', () => {
  const column = parseColumn(columnBytes(shortestForm([1n, 5n])), 2, 4);
  column.setAbsent(3);
  assert.ok(column.isZero && column.isConstant && !column.isPresent);
  checkDecoders(column, [0n, 0n, 0n]);
});
