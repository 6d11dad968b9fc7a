/**
 * Values that mostly go up by one from row to row, as ids and timestamps do: the rows where they do
 * not, and what they are there.
 */
export class RowRuns {
  /** Rows at which a run begins, rising from 0. */
  readonly rows: Uint32Array;
  /** `lanesPerRow` lanes a run, low lane first. */
  readonly lanes: Uint32Array;
  readonly lanesPerRow: number;

  constructor(rows: Uint32Array, lanes: Uint32Array, lanesPerRow: number) {
    this.rows = rows;
    this.lanes = lanes;
    this.lanesPerRow = lanesPerRow;
  }

  /**
   * @param values `lanesPerRow` lanes a row
   * @returns null when there would be more than `maxRuns`
   */
  static of(
    values: Uint32Array,
    count: number,
    lanesPerRow: number,
    maxRuns: number,
  ): RowRuns | null {
    const starts: number[] = [];
    for (let row = 0; row < count; row++) {
      if (row > 0 && goesOn(values, row * lanesPerRow, lanesPerRow)) continue;
      if (starts.length === maxRuns) return null;
      starts.push(row);
    }
    const lanes = new Uint32Array(starts.length * lanesPerRow);
    starts.forEach((row, run) => {
      const from = row * lanesPerRow;
      lanes.set(values.subarray(from, from + lanesPerRow), run * lanesPerRow);
    });
    return new RowRuns(Uint32Array.from(starts), lanes, lanesPerRow);
  }

  /**
   * Of moments, two lanes a row in nanoseconds.
   *
   * @param micros whole microseconds of each; to them come `nanos`, of which there may be thousands
   * @returns null when there would be more than `maxRuns`
   */
  static ofMoments(
    micros: Float64Array,
    nanos: Uint16Array,
    count: number,
    maxRuns: number,
  ): RowRuns | null {
    const starts: number[] = [];
    for (let row = 0; row < count; row++) {
      const back = Math.max(0, row - 1);
      const ahead = (micros[row] as number) - (micros[back] as number);
      if (ahead * 1000 + (nanos[row] as number) - (nanos[back] as number) === 1) continue;
      if (starts.length === maxRuns) return null;
      starts.push(row);
    }
    const lanes = new Uint32Array(starts.length * 2);
    starts.forEach((row, run) => {
      putMoment(lanes, run * 2, micros[row] as number, nanos[row] as number);
    });
    return new RowRuns(Uint32Array.from(starts), lanes, 2);
  }

  lane(row: number, lane: number): number {
    let low = 0;
    let high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.rows[middle] as number) > row) high = middle - 1;
      else low = middle;
    }
    const from = low * this.lanesPerRow;
    let carry = row - (this.rows[low] as number);
    for (let at = 0; ; at++) {
      const sum = (this.lanes[from + at] as number) + carry;
      if (at === lane) return sum >>> 0;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }
}

/** Writes nanoseconds as two lanes; in halves, for the whole is beyond 2^53. */
export function putMoment(lanes: Uint32Array, at: number, micros: number, nanos: number): void {
  const low = (micros % 2 ** 32) * 1000 + nanos;
  lanes[at] = low;
  lanes[at + 1] = Math.floor(micros / 2 ** 32) * 1000 + Math.floor(low / 2 ** 32);
}

function goesOn(values: Uint32Array, at: number, lanesPerRow: number): boolean {
  let carry = 1;
  for (let lane = 0; lane < lanesPerRow; lane++) {
    const sum = (values[at - lanesPerRow + lane] as number) + carry;
    if (sum >>> 0 !== values[at + lane]) return false;
    carry = sum > 0xffffffff ? 1 : 0;
  }
  return true;
}
