import { sequenceBit } from './column-form.ts';
import type { ColumnWriter } from './column-writer.ts';

const base = new Uint32Array(4);

/**
 * Writes a column of values below 2^32 in its shortest form.
 *
 * @param values the first `count`, at least one, are written
 */
export function writeUint32Column(
  writer: ColumnWriter,
  values: Uint32Array | Int32Array | Uint16Array,
  count: number,
): void {
  const first = (values[0] as number) >>> 0;
  let least = first;
  let most = first;
  let steps = 0;
  for (let i = 1; i < count; i++) {
    const value = (values[i] as number) >>> 0;
    steps |= value - first - i;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (most === least) {
    writeHead(writer, 0, least, 0);
  } else if (steps === 0 && most - first === count - 1) {
    writeHead(writer, sequenceBit, first, 0);
  } else {
    // A base that saves nothing is left out: what is added to 0 needs no check of its sum.
    const width = bytesOf(most - least);
    const kept = bytesOf(most) === width ? 0 : least;
    writeHead(writer, width, kept, width * count);
    writeDeltas(writer, values, count, kept, width);
  }
}

function writeHead(writer: ColumnWriter, form: number, value: number, deltaBytes: number): void {
  base[0] = value;
  writer.columnHead(form, base, deltaBytes);
}

function bytesOf(value: number): number {
  return (39 - Math.clz32(value)) >> 3;
}

function writeDeltas(
  writer: ColumnWriter,
  values: Uint32Array | Int32Array | Uint16Array,
  count: number,
  least: number,
  width: number,
): void {
  const { view } = writer;
  const less = least | 0;
  let at = writer.length;
  if (width === 1) {
    for (let i = 0; i < count; i++) view.setUint8(at++, ((values[i] as number) - less) | 0);
  } else if (width === 2) {
    for (let i = 0; i < count; i++, at += 2) {
      view.setUint16(at, ((values[i] as number) - less) | 0, true);
    }
  } else {
    // Of three bytes the fourth is written too, and then over it the next value.
    for (let i = 0; i < count; i++, at += width) {
      view.setInt32(at, ((values[i] as number) - less) | 0, true);
    }
  }
  writer.length = at;
}
