import { assert } from '@quorate/base';
import { batchHeadBytes, batchVersion } from './batch-head.ts';
import type { ColumnWriter } from './column-writer.ts';

/** One column of a batch that is being put together. */
export interface BatchField {
  /** Which bit of the head says that the column is present. */
  readonly bit: number;
  /** @returns false: all of the first `count` values are 0, and nothing was written */
  write(writer: ColumnWriter, count: number): boolean;
  /** Sets the first `count` values to 0. */
  clear(count: number): void;
}

/**
 * Appends a batch of `count` events to `writer`.
 *
 * @param fields in the order of their bits
 */
export function writeBatch(
  writer: ColumnWriter,
  kind: number,
  count: number,
  fields: readonly BatchField[],
): void {
  assert(count > 0, 'a batch has events');
  const start = writer.length;
  writer.reserve(batchHeadBytes);
  writer.length += batchHeadBytes;
  let mask = 0;
  for (const field of fields) if (field.write(writer, count)) mask |= 1 << field.bit;
  const { view } = writer;
  view.setUint8(start, batchVersion);
  view.setUint8(start + 1, kind);
  view.setUint16(start + 2, count, true);
  view.setUint16(start + 4, mask, true);
}
