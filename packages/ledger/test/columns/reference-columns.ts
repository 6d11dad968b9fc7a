import assert from 'node:assert/strict';
import { present } from '@quorate/base';
import { viewOf } from '../../src/columns/batch-head.ts';
import { Column } from '../../src/columns/column.ts';

/* The form of columns once more, in bigints and without thought of speed. */

/** A column as it is to be written, right or wrong. */
export interface Form {
  readonly width: number;
  readonly isSequence?: boolean;
  readonly base: bigint;
  readonly deltas?: readonly bigint[];
  /** In place of the base's own bytes. */
  readonly baseBytes?: readonly number[];
}

export function littleEndian(value: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

export function bytesOf(value: bigint): number {
  let bytes = 0;
  for (let rest = value; rest > 0n; rest >>= 8n) bytes += 1;
  return bytes;
}

export function columnBytes(form: Form): number[] {
  const base = form.baseBytes ?? littleEndian(form.base, bytesOf(form.base));
  const deltas = (form.deltas ?? []).flatMap((delta) => littleEndian(delta, form.width));
  return [form.width | (form.isSequence === true ? 32 : 0), base.length, ...base, ...deltas];
}

/** The shortest form, as a writer has to choose it. */
export function shortestForm(values: readonly bigint[]): Form {
  const first = present(values[0], 'a column has values');
  let least = first;
  let most = first;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least === most) return { width: 0, base: first };
  if (values.every((value, i) => value === first + BigInt(i))) {
    return { width: 0, isSequence: true, base: first };
  }
  const width = bytesOf(most - least);
  const base = bytesOf(most) === width ? 0n : least;
  return { width, base, deltas: values.map((value) => value - base) };
}

/** What the bytes of one column say; they are taken to be right. */
export function readColumn(bytes: Uint8Array, start: number, count: number) {
  const form = bytes[start] as number;
  const baseLength = bytes[start + 1] as number;
  const number = (at: number, length: number) => {
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[at + i] as number);
    return value;
  };
  const base = number(start + 2, baseLength);
  const width = form & 31;
  const at = start + 2 + baseLength;
  const values = Array.from({ length: count }, (_, i) => {
    return base + ((form & 32) !== 0 ? BigInt(i) : number(at + i * width, width));
  });
  return { values, end: at + width * count };
}

/** Parses bytes that begin at an odd place of a larger buffer, as those of a message do. */
export function parseColumn(bytes: readonly number[], count: number, rangeBytes: number): Column {
  const buffer = new Uint8Array(bytes.length + 3).fill(0xee);
  buffer.set(bytes, 3);
  const column = new Column('subject', rangeBytes);
  const end = column.parse(viewOf(buffer.subarray(3)), 0, count);
  assert.equal(end, bytes.length);
  return column;
}

export function toLanes(values: readonly bigint[]): Uint32Array {
  const lanes = values.flatMap((value) =>
    [0n, 32n, 64n, 96n].map((shift) => Number((value >> shift) & 0xffffffffn)),
  );
  return Uint32Array.from(lanes);
}
