import { bytesInLanes } from '../numbers/uint128.ts';
import { sequenceBit } from './column-form.ts';
import type { ColumnWriter } from './column-writer.ts';

const base = new Uint32Array(4);
const span = new Uint32Array(4);

/**
 * Writes a column of values given as lanes of 32 bits, four a value, in its shortest form.
 *
 * @param lanes the first `count` values, at least one, are written
 */
export function writeLanesColumn(writer: ColumnWriter, lanes: Uint32Array, count: number): void {
  if (!writeByLowLane(writer, lanes, count)) writeByAllLanes(writer, lanes, count);
}

/** @returns false, with nothing written, when the values differ above the lowest lane */
function writeByLowLane(writer: ColumnWriter, lanes: Uint32Array, count: number): boolean {
  const first = lanes[0] as number;
  const first1 = lanes[1] as number;
  const first2 = lanes[2] as number;
  const first3 = lanes[3] as number;
  let least = first;
  let most = first;
  let steps = 0;
  let above = 0;
  for (let i = 1, at = 4; i < count; i++, at += 4) {
    const value = lanes[at] as number;
    above |= (lanes[at + 1] as number) ^ first1;
    above |= (lanes[at + 2] as number) ^ first2;
    above |= (lanes[at + 3] as number) ^ first3;
    steps |= value - first - i;
    if (value < least) least = value;
    if (value > most) most = value;
    if (above !== 0) return false;
  }
  base[0] = least;
  base[1] = first1;
  base[2] = first2;
  base[3] = first3;
  const width = (39 - Math.clz32(most - least)) >> 3;
  if (width > 0 && steps === 0 && most - first === count - 1) {
    writer.columnHead(sequenceBit, base, 0);
    return true;
  }
  // A base that saves nothing is left out: what is added to 0 needs no check of its sum.
  if (width > 0 && (39 - Math.clz32(most)) >> 3 === width && (first1 | first2 | first3) === 0) {
    base[0] = 0;
  }
  writer.columnHead(width, base, width * count);
  if (width > 0) writeLowLane(writer, lanes, count, base[0] as number, width);
  return true;
}

function writeLowLane(
  writer: ColumnWriter,
  lanes: Uint32Array,
  count: number,
  least: number,
  width: number,
): void {
  const { view } = writer;
  const less = least | 0;
  const end = count * 4;
  let to = writer.length;
  if (width === 1) {
    for (let at = 0; at < end; at += 4) view.setUint8(to++, ((lanes[at] as number) - less) | 0);
  } else if (width === 2) {
    for (let at = 0; at < end; at += 4, to += 2) {
      view.setUint16(to, ((lanes[at] as number) - less) | 0, true);
    }
  } else {
    // Of three bytes the fourth is written too, and then over it the next value.
    for (let at = 0; at < end; at += 4, to += width) {
      view.setInt32(to, ((lanes[at] as number) - less) | 0, true);
    }
  }
  writer.length = to;
}

function writeByAllLanes(writer: ColumnWriter, lanes: Uint32Array, count: number): void {
  let least = 0;
  let most = 0;
  let isSequence = true;
  for (let at = 4, end = count * 4; at < end; at += 4) {
    if (isBelow(lanes, at, least)) least = at;
    else if (isBelow(lanes, most, at)) most = at;
    isSequence &&= follows(lanes, at);
  }
  subtract(lanes, most, least);
  const width = bytesInLanes(span, 0);
  base.set(lanes.subarray(least, least + 4));
  if (isSequence) {
    writer.columnHead(sequenceBit, base, 0);
    return;
  }
  if (bytesInLanes(lanes, most) === width) base.fill(0);
  writer.columnHead(width, base, width * count);
  writeDifferences(writer, lanes, count, width);
}

function isBelow(lanes: Uint32Array, a: number, b: number): boolean {
  let lane = 3;
  while (lane > 0 && lanes[a + lane] === lanes[b + lane]) lane -= 1;
  return (lanes[a + lane] as number) < (lanes[b + lane] as number);
}

/** Whether the value is the one before it plus one. */
function follows(lanes: Uint32Array, at: number): boolean {
  let carry = 1;
  for (let lane = 0; lane < 4; lane++) {
    const sum = (lanes[at - 4 + lane] as number) + carry;
    if (lanes[at + lane] !== sum >>> 0) return false;
    carry = sum > 0xffffffff ? 1 : 0;
  }
  return carry === 0;
}

function subtract(lanes: Uint32Array, from: number, less: number): void {
  let borrow = 0;
  for (let lane = 0; lane < 4; lane++) {
    const difference = (lanes[from + lane] as number) - (lanes[less + lane] as number) - borrow;
    span[lane] = difference;
    borrow = difference < 0 ? 1 : 0;
  }
}

/**
 * Less the base; each value in whole lanes, over whose spilled bytes the next one is written.
 * Borrows come from the top bits alone: a comparison would be a branch that nobody can predict.
 */
function writeDifferences(
  writer: ColumnWriter,
  lanes: Uint32Array,
  count: number,
  width: number,
): void {
  const { view } = writer;
  const base0 = (base[0] as number) | 0;
  const base1 = (base[1] as number) | 0;
  const base2 = (base[2] as number) | 0;
  const base3 = (base[3] as number) | 0;
  const end = count * 4;
  let to = writer.length;
  for (let at = 0; at < end; at += 4, to += width) {
    const lane0 = (lanes[at] as number) | 0;
    const lane1 = (lanes[at + 1] as number) | 0;
    const low0 = (lane0 - base0) | 0;
    const borrow0 = ((~lane0 & base0) | ((~lane0 | base0) & low0)) >>> 31;
    const low1 = (lane1 - base1 - borrow0) | 0;
    view.setInt32(to, low0, true);
    view.setInt32(to + 4, low1, true);
    if (width <= 8) continue;
    const lane2 = (lanes[at + 2] as number) | 0;
    const borrow1 = ((~lane1 & base1) | ((~lane1 | base1) & low1)) >>> 31;
    const high2 = (lane2 - base2 - borrow1) | 0;
    const borrow2 = ((~lane2 & base2) | ((~lane2 | base2) & high2)) >>> 31;
    view.setInt32(to + 8, high2, true);
    view.setInt32(to + 12, ((lanes[at + 3] as number) - base3 - borrow2) | 0, true);
  }
  writer.length = to;
}
