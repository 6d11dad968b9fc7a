/** What there is to know of an account's records, to add one: no record need be looked at. */
interface Spine {
  /** Of the newest record. */
  ordinal: number;
  /**
   * Last the newest record, before it the one that it jumps to, and so on, as far as is known: at
   * least the newest.
   */
  readonly records: number[];
}

/** Of a record, the one that it jumps to; perhaps from the disk. */
type JumpOf = (record: number) => number;

/**
 * Where the next record of each account will jump to. Two jumps of the same length become one of
 * both, as digits of a skew binary number do, so that any record is O(log n) steps from any later
 * one (Myers, An applicative random-access stack, 1983).
 */
export class BalanceSpines {
  readonly #spines = new Map<number, Spine>();
  /** What additions since `settle` have taken off spines, to be put back: record, and the two. */
  readonly #taken: number[] = [];

  /** The first record of an account. It jumps to itself. */
  begin(slot: number, record: number): void {
    this.#spines.set(slot, { ordinal: 0, records: [record] });
  }

  /** Whether `add` knows the newest record of the account. */
  has(slot: number): boolean {
    return this.#spines.has(slot);
  }

  /** Says what the newest record of an account is, and its ordinal. */
  set(slot: number, record: number, ordinal: number): void {
    this.#spines.set(slot, { ordinal, records: [record] });
  }

  /** @returns the ordinal of the newest record of an account that it knows */
  ordinalOf(slot: number): number {
    return (this.#spines.get(slot) as Spine).ordinal;
  }

  /**
   * A record that comes after the newest one of an account that it knows.
   *
   * @returns where it jumps to
   */
  add(slot: number, record: number, jumpOf: JumpOf): number {
    const spine = this.#spines.get(slot) as Spine;
    const { records } = spine;
    const newest = records.at(-1) as number;
    let target = newest;
    if (areLastTwoAlike(spine.ordinal)) {
      const jump = records.at(-2) ?? jumpOf(newest);
      target = records.at(-3) ?? jumpOf(jump);
      this.#taken.push(record, jump, newest);
      records.length = Math.max(0, records.length - 2);
      if (records.at(-1) !== target) records.splice(0, records.length, target);
    }
    records.push(record);
    spine.ordinal++;
    return target;
  }

  /** Takes the newest record of all out again, which came since `settle`. */
  removeNewest(slot: number, record: number): void {
    const spine = this.#spines.get(slot) as Spine;
    if (spine.ordinal === 0) {
      this.#spines.delete(slot);
      return;
    }
    spine.ordinal--;
    spine.records.pop();
    if (this.#taken.at(-3) !== record) return;
    const [, jump = 0, newest = 0] = this.#taken.splice(-3);
    spine.records.push(jump, newest);
  }

  /** Nothing that has come is taken out any more. */
  settle(): void {
    this.#taken.length = 0;
  }
}

/** Whether the two smallest digits of a number are of one weight, in skew binary (2^k - 1). */
function areLastTwoAlike(number: number): boolean {
  let weight = 1;
  while (weight * 2 + 1 <= number) weight = weight * 2 + 1;
  let [last, before] = [0, 0];
  for (let rest = number; rest > 0; ) {
    if (weight > rest) {
      weight = (weight - 1) / 2;
      continue;
    }
    before = last;
    last = weight;
    rest -= weight;
  }
  return last > 0 && last === before;
}
