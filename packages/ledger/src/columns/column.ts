import { assert } from '@quorate/base';
import { batchMalformed } from '../ledger-error.ts';
import { numberFromLanes, readUint128 } from '../numbers/uint128.ts';
import { checkHead, sequenceBit, widthMask } from './column-form.ts';

const noBytes = new DataView(new ArrayBuffer(0));
const scratch = new Uint32Array(4);

/**
 * One column of a batch as it stands in the batch's bytes: a view, checked, not unpacked. It is
 * meant to be used again for batch after batch. Its fields are written by itself only.
 *
 * `decodeUint32`, `decodeNumbers` and their like unpack it as a whole; `numberAt` and its like read
 * single values, for what is seldom looked at.
 */
export class Column {
  /** What the column holds; in messages. */
  readonly field: string;
  /** Bytes of the largest value it may hold: 2, 4, 8 or 16. */
  readonly rangeBytes: number;
  /** What deltas or positions are added to: four lanes, the lowest first. */
  readonly base = new Uint32Array(4);
  /** False: the column is not in the batch, and all its values are 0. */
  isPresent = false;
  /** Value i is base + i. */
  isSequence = false;
  count = 0;
  /** Bytes of a delta, 0 to `rangeBytes`. */
  width = 0;
  /** The batch's bytes. */
  view: DataView = noBytes;
  /** Where in `view` the column begins, where its deltas begin, and where it ends. */
  start = 0;
  deltaStart = 0;
  end = 0;

  constructor(field: string, rangeBytes: number) {
    this.field = field;
    this.rangeBytes = rangeBytes;
  }

  /** All values are the base. */
  get isConstant(): boolean {
    return this.width === 0 && !this.isSequence;
  }

  /** All values are 0, and known to be without looking at them. */
  get isZero(): boolean {
    const base = this.base;
    if (this.width !== 0 || this.isSequence) return false;
    return base[0] === 0 && base[1] === 0 && base[2] === 0 && base[3] === 0;
  }

  /** All values are 0: the column is left out of the batch. */
  setAbsent(count: number): void {
    this.base.fill(0);
    this.isPresent = false;
    this.isSequence = false;
    this.count = count;
    this.width = 0;
    this.view = noBytes;
    this.start = 0;
    this.deltaStart = 0;
    this.end = 0;
  }

  /**
   * Takes the column that begins at `start`.
   *
   * @returns where it ends
   * @throws LedgerError `LEDGER_BATCH_MALFORMED`
   */
  parse(view: DataView, start: number, count: number): number {
    if (start + 2 > view.byteLength) batchMalformed(this.field, 'it ends too early', start);
    const form = view.getUint8(start);
    const baseBytes = view.getUint8(start + 1);
    this.isPresent = true;
    this.isSequence = (form & sequenceBit) !== 0;
    this.count = count;
    this.width = form & widthMask;
    this.view = view;
    this.start = start;
    this.deltaStart = start + 2 + baseBytes;
    this.end = this.deltaStart + this.width * count;
    checkHead(view, this);
    readLanes(view, start + 2, baseBytes, this.base);
    return this.end;
  }

  /** Writes value `index` as four lanes from `out[at]` on, the lowest first. */
  lanesAt(index: number, out: Uint32Array, at = 0): void {
    assert(index >= 0 && index < this.count, 'a value is asked for that the column has');
    const base = this.base;
    if (this.isSequence) {
      scratch[0] = index;
      scratch[1] = scratch[2] = scratch[3] = 0;
    } else {
      readLanes(this.view, this.deltaStart + index * this.width, this.width, scratch);
    }
    let carry = 0;
    for (let lane = 0; lane < 4; lane++) {
      const sum = (base[lane] as number) + (scratch[lane] as number) + carry;
      out[at + lane] = sum;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }

  uint128At(index: number): bigint {
    this.lanesAt(index, scratch);
    return readUint128(scratch, 0);
  }

  /** Exact below 2^53, and the nearest that there is above. */
  numberAt(index: number): number {
    this.lanesAt(index, scratch);
    return numberFromLanes(scratch, 0);
  }
}

/** Little-endian, at most 16 bytes. */
function readLanes(view: DataView, at: number, bytes: number, out: Uint32Array): void {
  out[0] = out[1] = out[2] = out[3] = 0;
  let byte = 0;
  for (; byte + 4 <= bytes; byte += 4) out[byte >> 2] = view.getUint32(at + byte, true);
  for (; byte < bytes; byte++) {
    const lane = byte >> 2;
    out[lane] = (out[lane] as number) | (view.getUint8(at + byte) << ((byte & 3) * 8));
  }
}
