/** Bytes before the deltas of a column: their width and the base. */
export const columnHeadBytes = 5;

/**
 * Writes 32-bit values as one column: `u8 width` (0 to 4), `u32 base` (the least of them), then of
 * each value what it is above the base, in `width` bytes, all little-endian. The width is the least
 * that will do, so equal values have equal columns.
 *
 * @param from where the first value is; the others follow every `stride`
 * @param count 1 at least
 * @returns where `out` goes on
 */
export function writeLaneColumn(
  out: Uint8Array,
  at: number,
  source: Uint32Array,
  from: number,
  stride: number,
  count: number,
): number {
  const end = from + count * stride;
  let least = source[from] as number;
  let most = least;
  for (let i = from; i < end; i += stride) {
    const value = source[i] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const width = (39 - Math.clz32(most - least)) >>> 3;
  out[at] = width;
  writeUint32(out, at + 1, least);
  let next = at + columnHeadBytes;
  if (width === 0) return next;
  for (let i = from; i < end; i += stride) {
    const delta = (source[i] as number) - least;
    out[next++] = delta;
    if (width > 1) out[next++] = delta >>> 8;
    if (width > 2) out[next++] = delta >>> 16;
    if (width > 3) out[next++] = delta >>> 24;
  }
  return next;
}

/**
 * Reads what `writeLaneColumn` wrote; a value beyond 32 bits loses its upper ones, as what was
 * damaged elsewhere does, which is for a checksum to find.
 *
 * @param fail throws; called when the width is above 4 or the column is cut off
 * @returns where `bytes` goes on
 */
export function readLaneColumn(
  bytes: Uint8Array,
  at: number,
  into: Uint32Array,
  from: number,
  stride: number,
  count: number,
  fail: (reason: string, offset: number) => never,
): number {
  if (at + columnHeadBytes > bytes.length) fail('it ends too early', bytes.length);
  const width = bytes[at] as number;
  if (width > 4) fail(`a column is ${width} bytes wide`, at);
  const base = readUint32(bytes, at + 1);
  let next = at + columnHeadBytes;
  if (next + count * width > bytes.length) fail('it ends too early', bytes.length);
  const end = from + count * stride;
  for (let i = from; i < end; i += stride) {
    let delta = 0;
    if (width > 0) delta = bytes[next++] as number;
    if (width > 1) delta |= (bytes[next++] as number) << 8;
    if (width > 2) delta |= (bytes[next++] as number) << 16;
    if (width > 3) delta |= (bytes[next++] as number) << 24;
    into[i] = base + delta;
  }
  return next;
}

/** Little-endian. */
export function writeUint32(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
}

/** Little-endian; the bytes are there. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}
