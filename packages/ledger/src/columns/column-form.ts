import { batchMalformed } from '../ledger-error.ts';

/*
 * The head of a column: u8 form, u8 length of the base, then the base, little-endian and without a
 * zero top byte. The low five bits of the form are the bytes of a delta.
 */

/** The bits of a form that say how many bytes a delta has. */
export const widthMask = 31;

/** The bit of a form that says: value i is base + i, and there are no deltas. */
export const sequenceBit = 32;

/** A column's head, as it stands in a batch. */
export interface ColumnHead {
  /** For messages. */
  readonly field: string;
  /** Bytes of the largest value that the column may hold. */
  readonly rangeBytes: number;
  readonly count: number;
  readonly width: number;
  readonly isSequence: boolean;
  /** Of the form's byte. */
  readonly start: number;
  /** Of the first byte after the base. */
  readonly deltaStart: number;
}

/** @throws LedgerError `LEDGER_BATCH_MALFORMED` when the head contradicts itself or bytes end */
export function checkHead(view: DataView, head: ColumnHead): void {
  const { field, rangeBytes, width, start, deltaStart } = head;
  const baseBytes = deltaStart - start - 2;
  const form = view.getUint8(start);
  if (form > (widthMask | sequenceBit)) batchMalformed(field, `unknown form ${form}`, start);
  if (width > rangeBytes) {
    batchMalformed(field, `deltas of ${width} bytes where a value has ${rangeBytes}`, start);
  }
  if (head.isSequence && width > 0) batchMalformed(field, 'a sequence with deltas', start);
  if (baseBytes > rangeBytes) {
    batchMalformed(
      field,
      `a base of ${baseBytes} bytes where a value has ${rangeBytes}`,
      start + 1,
    );
  }
  const missing = deltaStart + width * head.count - view.byteLength;
  if (missing > 0) batchMalformed(field, `${missing} bytes are missing at the end`, start);
  if (baseBytes > 0 && view.getUint8(deltaStart - 1) === 0) {
    batchMalformed(field, 'the base has a zero top byte', deltaStart - 1);
  }
  checkSums(view, head, baseBytes);
}

/** Refuses sums beyond the range. Nearly always the widths alone show that there are none. */
function checkSums(view: DataView, head: ColumnHead, baseBytes: number): void {
  const { rangeBytes, width } = head;
  if (baseBytes === 0 || (baseBytes < rangeBytes && width < rangeBytes)) return;
  if (head.isSequence) checkSequence(view, head, baseBytes);
  else if (width > 0) checkDeltas(view, head, baseBytes);
}

/** The byte of what is left above the base; no borrow, for the range is all ones. */
function roomByte(view: DataView, head: ColumnHead, baseBytes: number, byte: number): number {
  return byte < baseBytes ? 255 - view.getUint8(head.start + 2 + byte) : 255;
}

function checkSequence(view: DataView, head: ColumnHead, baseBytes: number): void {
  let room = 0;
  for (let byte = head.rangeBytes - 1; byte >= 0; byte--) {
    room = room * 256 + roomByte(view, head, baseBytes, byte);
  }
  if (room < head.count - 1) {
    batchMalformed(head.field, 'the sequence goes beyond the largest value', head.start);
  }
}

function checkDeltas(view: DataView, head: ColumnHead, baseBytes: number): void {
  const { rangeBytes, width, deltaStart, count } = head;
  for (let byte = width; byte < rangeBytes; byte++) {
    if (roomByte(view, head, baseBytes, byte) > 0) return;
  }
  const room = new Uint8Array(width).map((_, byte) => roomByte(view, head, baseBytes, byte));
  if (room.every((byte) => byte === 255)) return;
  for (let i = 0, at = deltaStart; i < count; i++, at += width) {
    for (let byte = width - 1; byte >= 0; byte--) {
      const difference = view.getUint8(at + byte) - (room[byte] as number);
      if (difference < 0) break;
      if (difference > 0) {
        batchMalformed(head.field, `value ${i} is beyond the largest value`, at);
      }
    }
  }
}
