import { hashUint128 } from '../numbers/uint128.ts';
import { StrayIds } from '../transfers/stray-ids.ts';

/** Ids that were found, with what was found: to look for them again needs no disk. */
export class GatheredIds {
  readonly #ids: StrayIds;
  readonly #seed: number;

  /** @param seed 32 bits; see `hashUint128` */
  constructor(seed: number) {
    this.#ids = new StrayIds(seed);
    this.#seed = seed;
  }

  get count(): number {
    return this.#ids.count;
  }

  /** @param found what `TransferIds.find` has answered for a used id: that is so for ever */
  add(l0: number, l1: number, l2: number, l3: number, found: number): void {
    this.#ids.add(l0, l1, l2, l3, hashUint128(l0, l1, l2, l3, this.#seed), found);
  }

  /** @returns what was found; -1: the id was not looked for, or is unused */
  find(l0: number, l1: number, l2: number, l3: number): number {
    return this.#ids.find(l0, l1, l2, l3, hashUint128(l0, l1, l2, l3, this.#seed));
  }
}
