import { bytesInLanes } from '../numbers/uint128.ts';

/** Room after what is asked for: values are written in fours of bytes, the last one spills. */
const spillBytes = 16;

/**
 * The growing buffer that batches are written into. It is meant to be kept: `take` copies out what
 * was written, and the buffer is used again.
 */
export class ColumnWriter {
  /** The buffer, and its bytes as a whole. Both change when it grows: take them after `reserve`. */
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView;
  /** Bytes written. */
  length = 0;

  constructor(initialBytes = 4096) {
    this.bytes = new Uint8Array(initialBytes + spillBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `count` bytes after what was written, and some that are written to and void. */
  reserve(count: number): void {
    const needed = this.length + count + spillBytes;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  /**
   * Writes the head of a column, and makes room for its deltas.
   *
   * @param form the width, or what stands for a sequence
   * @param base four lanes
   */
  columnHead(form: number, base: Uint32Array, deltaBytes: number): void {
    const baseBytes = bytesInLanes(base, 0);
    this.reserve(2 + baseBytes + deltaBytes);
    const { view, length } = this;
    view.setUint8(length, form);
    view.setUint8(length + 1, baseBytes);
    for (let lane = 0; lane < 4; lane++) {
      view.setUint32(length + 2 + lane * 4, base[lane] as number, true);
    }
    this.length = length + 2 + baseBytes;
  }

  copy(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  clear(): void {
    this.length = 0;
  }

  /** @returns a copy of what was written, the caller's for good; the writer is empty afterwards */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }
}
