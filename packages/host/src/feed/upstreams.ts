import { type Address, formatAddress, type Prng, parseAddress } from '@quorate/base';

/** Who may feed a replica, and who does: those that were given, then those it heard of. */
export class Upstreams {
  readonly #given: readonly Address[];
  readonly #prng: Prng;
  #learned: readonly Address[] = [];
  /** To be asked first, for whoever was asked named them. */
  #ahead: Address[] = [];
  #at = 0;
  #current: Address;
  #changes = 0;

  /** @param given in the order of preference; at least one */
  constructor(given: readonly Address[], prng: Prng) {
    this.#given = given;
    this.#prng = prng;
    this.#current = given[0] as Address;
  }

  get current(): Address {
    return this.#current;
  }

  /** Another number for each that was tried. */
  get changes(): number {
    return this.#changes;
  }

  /** Somebody else may do better. */
  next(): void {
    this.#changes += 1;
    const ahead = this.#ahead.shift();
    if (ahead !== undefined) {
      this.#current = ahead;
      return;
    }
    const all = [...this.#given, ...this.#learned];
    this.#at = (this.#at + 1) % all.length;
    this.#current = all[this.#at] as Address;
  }

  /** These as well, from now on, and none that were learned before. */
  learn(texts: readonly string[]): void {
    const known = new Set(this.#given.map(formatAddress));
    this.#learned = addressesIn(texts.filter((one) => !known.has(one)));
  }

  /** These before all others, in any order, so that not all who are told go to the first. */
  redirect(texts: readonly string[]): void {
    const current = formatAddress(this.#current);
    const others = addressesIn(texts.filter((one) => one !== current));
    this.#ahead = this.#prng.shuffle(others);
  }

  /** @returns between half and one and a half of it, so that not all come back at once */
  jittered(pauseMs: number): number {
    return pauseMs / 2 + this.#prng.float() * pauseMs;
  }
}

function addressesIn(texts: readonly string[]): Address[] {
  return [...new Set(texts)].map(parseAddress).filter((address) => address !== null);
}
