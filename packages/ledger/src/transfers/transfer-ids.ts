import { StrayIds } from './stray-ids.ts';
import { TransferRuns } from './transfer-runs.ts';

/** What `TransferIds.find` answers for an id that nobody has used. */
export const unusedId = -1;
/** What it answers for one that a failed transfer keeps (rule 21). */
export const failedId = -2;

/**
 * Every id that was ever used, and which transfer has it. An id is four lanes of 32 bits, the low
 * one first, each as a signed integer (`| 0`), because V8 puts others on the heap in a call.
 */
export class TransferIds {
  readonly #runs = new TransferRuns();
  readonly #strays: StrayIds;
  /** The id that would go on with the run that was added to last, and its position. */
  readonly #next = new Int32Array(4);
  #nextPosition = -1;

  /** @param hashSeed 32 bits; see `StrayIds` */
  constructor(hashSeed: number) {
    this.#strays = new StrayIds(hashSeed);
  }

  get count(): number {
    return this.#runs.ids + this.#strays.count;
  }

  /** @returns the position of the transfer, `unusedId` or `failedId` */
  find(l0: number, l1: number, l2: number, l3: number): number {
    const position = this.#runs.find(l0, l1, l2, l3);
    return position === -1 ? this.#strays.find(l0, l1, l2, l3) : position;
  }

  /** @returns whether surely none of `count` ids from this one on is used */
  areUnused(l0: number, l1: number, l2: number, l3: number, count: number): boolean {
    if (this.#runs.intersects(l0, l1, l2, l3, count)) return false;
    if (this.#strays.count === 0) return true;
    let [a, b, c, d] = [l0, l1, l2, l3];
    for (let event = 0; event < count; event++) {
      if (this.#strays.find(a, b, c, d) !== -1) return false;
      a = (a + 1) | 0;
      if (a === 0) b = (b + 1) | 0;
      if (a === 0 && b === 0) c = (c + 1) | 0;
      if (a === 0 && b === 0 && c === 0) d = (d + 1) | 0;
    }
    return true;
  }

  /** Unused ids that follow each other, of transfers that do. */
  addRun(l0: number, l1: number, l2: number, l3: number, position: number, count: number): void {
    this.#runs.add(l0, l1, l2, l3, position, count);
    this.#expect(l0, l1, l2, l3, count, position);
  }

  /** An unused id: the next one of the newest run, or one by itself. */
  add(l0: number, l1: number, l2: number, l3: number, position: number): void {
    const next = this.#next;
    const follows =
      position === this.#nextPosition &&
      next[0] === l0 &&
      next[1] === l1 &&
      next[2] === l2 &&
      next[3] === l3;
    if (follows) this.#runs.add(l0, l1, l2, l3, position, 1);
    else this.#strays.add(l0, l1, l2, l3, position);
    this.#expect(l0, l1, l2, l3, 1, position);
  }

  /** An unused id that a failed transfer keeps. */
  addFailed(l0: number, l1: number, l2: number, l3: number): void {
    this.#strays.add(l0, l1, l2, l3, failedId);
  }

  /** Takes the newest id of a transfer out again; kept ones must not have come since. */
  removeNewest(l0: number, l1: number, l2: number, l3: number): void {
    if (this.#runs.find(l0, l1, l2, l3) === -1) this.#strays.removeNewest();
    else this.#runs.remove(l0, l1, l2, l3);
    this.#nextPosition = -1;
  }

  /** Ids that stand by themselves, those that failed transfers keep among them. */
  get strayCount(): number {
    return this.#strays.count;
  }

  /** Of the strays from `from` up to, not including, `to`, in the order in which they came. */
  forEachFailed(from: number, to: number, visit: (lanes: Int32Array, at: number) => void): void {
    this.#strays.forEach(from, to, (lanes, at, value) => {
      if (value === failedId) visit(lanes, at);
    });
  }

  #expect(l0: number, l1: number, l2: number, l3: number, count: number, position: number): void {
    const next = this.#next;
    const low = (l0 >>> 0) + count;
    const carry1 = low > 0xffffffff ? 1 : 0;
    const carry2 = (l1 >>> 0) + carry1 > 0xffffffff ? 1 : 0;
    const carry3 = (l2 >>> 0) + carry2 > 0xffffffff ? 1 : 0;
    next[0] = low;
    next[1] = l1 + carry1;
    next[2] = l2 + carry2;
    next[3] = l3 + carry3;
    this.#nextPosition = position + count;
  }
}
