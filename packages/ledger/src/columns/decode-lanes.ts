import { assert } from '@quorate/base';
import type { Column } from './column.ts';

/**
 * Unpacks a column into lanes of 32 bits, four a value, the lowest first.
 *
 * @param out has room for `4 * column.count` lanes
 */
export function decodeLanes(column: Column, out: Uint32Array): void {
  const { count, width, base } = column;
  assert(out.length >= count * 4, 'the values have room');
  const base0 = base[0] as number;
  const most = column.isSequence ? count - 1 : 256 ** Math.min(width, 5) - 1;
  if (base0 + most <= 0xffffffff) {
    fillWithoutCarry(column, out);
    return;
  }
  if (column.isSequence) fillPositions(out, count);
  else if (width <= 4) fillFour(column, 0, 0, 0, 0, out);
  else if (width <= 8) fillEight(column, out);
  else if (width <= 12) fillTwelve(column, out);
  else fillSixteen(column, out);
  if (base0 !== 0 || base[1] !== 0 || base[2] !== 0 || base[3] !== 0) addBase(base, out, count);
}

/** The lowest lane takes all that is added, and the others are the same in each value. */
function fillWithoutCarry(column: Column, out: Uint32Array): void {
  const { count, width, view } = column;
  const base0 = (column.base[0] as number) | 0;
  const base1 = (column.base[1] as number) | 0;
  const base2 = (column.base[2] as number) | 0;
  const base3 = (column.base[3] as number) | 0;
  if (column.width > 2) {
    fillFour(column, base0, base1, base2, base3, out);
    return;
  }
  let at = column.deltaStart;
  const end = count * 4;
  const step = column.isSequence ? 1 : 0;
  if (width === 0) {
    for (let to = 0, value = base0; to < end; to += 4, value = (value + step) | 0) {
      out[to] = value;
      out[to + 1] = base1;
      out[to + 2] = base2;
      out[to + 3] = base3;
    }
  } else if (width === 1) {
    for (let to = 0; to < end; to += 4) {
      out[to] = (base0 + view.getUint8(at++)) | 0;
      out[to + 1] = base1;
      out[to + 2] = base2;
      out[to + 3] = base3;
    }
  } else {
    for (let to = 0; to < end; to += 4, at += 2) {
      out[to] = (base0 + view.getUint16(at, true)) | 0;
      out[to + 1] = base1;
      out[to + 2] = base2;
      out[to + 3] = base3;
    }
  }
}

function fillFour(
  column: Column,
  base0: number,
  base1: number,
  base2: number,
  base3: number,
  out: Uint32Array,
): void {
  const { width, view } = column;
  const end = column.count * 4;
  let at = column.deltaStart;
  if (width === 4) {
    for (let to = 0; to < end; to += 4, at += 4) {
      out[to] = (base0 + view.getInt32(at, true)) | 0;
      out[to + 1] = base1;
      out[to + 2] = base2;
      out[to + 3] = base3;
    }
    return;
  }
  // Fewer bytes come here only where the sums carry, which is seldom, and three bytes.
  for (let to = 0; to < end; to += 4, at += width) {
    const delta =
      view.getUint8(at) |
      (width > 1 ? view.getUint8(at + 1) << 8 : 0) |
      (width > 2 ? view.getUint8(at + 2) << 16 : 0);
    out[to] = (base0 + delta) | 0;
    out[to + 1] = base1;
    out[to + 2] = base2;
    out[to + 3] = base3;
  }
}

/* Of the last four bytes of a delta, those that an earlier lane has are shifted out. */

function fillEight(column: Column, out: Uint32Array): void {
  const { width, view } = column;
  const end = column.count * 4;
  const shift = (8 - width) * 8;
  for (let to = 0, at = column.deltaStart; to < end; to += 4, at += width) {
    out[to] = view.getInt32(at, true);
    out[to + 1] = view.getInt32(at + width - 4, true) >>> shift;
    out[to + 2] = 0;
    out[to + 3] = 0;
  }
}

function fillTwelve(column: Column, out: Uint32Array): void {
  const { width, view } = column;
  const end = column.count * 4;
  const shift = (12 - width) * 8;
  for (let to = 0, at = column.deltaStart; to < end; to += 4, at += width) {
    out[to] = view.getInt32(at, true);
    out[to + 1] = view.getInt32(at + 4, true);
    out[to + 2] = view.getInt32(at + width - 4, true) >>> shift;
    out[to + 3] = 0;
  }
}

function fillSixteen(column: Column, out: Uint32Array): void {
  const { width, view } = column;
  const end = column.count * 4;
  const shift = (16 - width) * 8;
  for (let to = 0, at = column.deltaStart; to < end; to += 4, at += width) {
    out[to] = view.getInt32(at, true);
    out[to + 1] = view.getInt32(at + 4, true);
    out[to + 2] = view.getInt32(at + 8, true);
    out[to + 3] = view.getInt32(at + width - 4, true) >>> shift;
  }
}

function fillPositions(out: Uint32Array, count: number): void {
  out.fill(0, 0, count * 4);
  for (let i = 0; i < count; i++) out[i * 4] = i;
}

/** Carries come from the top bits alone: a comparison would be a branch that nobody can predict. */
function addBase(base: Uint32Array, out: Uint32Array, count: number): void {
  const base0 = (base[0] as number) | 0;
  const base1 = (base[1] as number) | 0;
  const base2 = (base[2] as number) | 0;
  const base3 = (base[3] as number) | 0;
  for (let to = 0, end = count * 4; to < end; to += 4) {
    const delta0 = (out[to] as number) | 0;
    const delta1 = (out[to + 1] as number) | 0;
    const delta2 = (out[to + 2] as number) | 0;
    const sum0 = (base0 + delta0) | 0;
    const carry0 = ((base0 & delta0) | ((base0 | delta0) & ~sum0)) >>> 31;
    const sum1 = (base1 + delta1 + carry0) | 0;
    const carry1 = ((base1 & delta1) | ((base1 | delta1) & ~sum1)) >>> 31;
    const sum2 = (base2 + delta2 + carry1) | 0;
    const carry2 = ((base2 & delta2) | ((base2 | delta2) & ~sum2)) >>> 31;
    out[to] = sum0;
    out[to + 1] = sum1;
    out[to + 2] = sum2;
    out[to + 3] = (base3 + (out[to + 3] as number) + carry2) | 0;
  }
}
