/** All shares of one host. */
interface Party {
  readonly host: string;
  amount: number;
  /** Those that hold something. */
  readonly shares: Set<Share>;
}

/** From this part of the limit on, whoever has more than others gets no more. */
const tightPart = 3 / 4;

/**
 * What the connections of all clients may hold together: bytes, or calls. There is plenty until
 * three quarters are held. From then on those are refused more that have their part already: their
 * host as much as each would have if all hosts had the same, and they as much as each connection of
 * that host would have. A host with many connections takes nothing from the others by them.
 */
export class SharedLimit {
  readonly most: number;
  /** Shares that were cut. */
  cuts = 0;
  /** Requests that were refused. */
  refusals = 0;
  readonly #parties = new Map<string, Party>();
  readonly #overfull: (() => void) | null;
  #amount = 0;
  #isOverfull = false;

  /**
   * @param overfull more is held than may be: `relieve` is to be called, but not now; null: nobody
   *   is cut, and once it is full nobody gets more
   */
  constructor(most: number, overfull: (() => void) | null = null) {
    this.most = most;
    this.#overfull = overfull;
  }

  /** Held by all. */
  get amount(): number {
    return this.#amount;
  }

  /**
   * @param host who this is for
   * @param cut lets go all that the share holds
   */
  open(host: string, cut: () => void): Share {
    return new Share(this, host, cut);
  }

  /** Cuts those that hold most until no more is held than may be. */
  relieve(): void {
    this.#isOverfull = false;
    while (this.#amount > this.most) {
      const party = greatest(this.#parties.values());
      const share = party === null ? null : greatest(party.shares);
      if (share === null) return;
      this.cuts++;
      share.close();
      share.cut();
    }
  }

  /** For shares alone. */
  changed(share: Share, from: number, to: number): void {
    const party = this.#parties.get(share.host) ?? this.#join(share.host);
    if (from === 0) party.shares.add(share);
    else if (to === 0) party.shares.delete(share);
    party.amount += to - from;
    this.#amount += to - from;
    if (party.shares.size === 0) this.#parties.delete(share.host);
    if (this.#amount <= this.most || this.#isOverfull || this.#overfull === null) return;
    this.#isOverfull = true;
    this.#overfull();
  }

  /** Whether this one has to do with what it has. Counted when it does. */
  refuses(share: Share): boolean {
    if (this.#amount < tightPart * this.most) return false;
    const isFull = this.#overfull === null && this.#amount >= this.most;
    if (!isFull && !this.#isGreat(share)) return false;
    this.refusals++;
    return true;
  }

  #isGreat(share: Share): boolean {
    const party = this.#parties.get(share.host);
    if (party === undefined) return false;
    return (
      party.amount * this.#parties.size >= this.#amount &&
      share.amount * party.shares.size >= party.amount
    );
  }

  #join(host: string): Party {
    const party: Party = { host, amount: 0, shares: new Set() };
    this.#parties.set(host, party);
    return party;
  }
}

/** What one connection, or one request, holds. */
export class Share {
  readonly host: string;
  readonly cut: () => void;
  readonly #limit: SharedLimit;
  #amount = 0;
  #isClosed = false;

  constructor(limit: SharedLimit, host: string, cut: () => void) {
    this.#limit = limit;
    this.host = host;
    this.cut = cut;
  }

  get amount(): number {
    return this.#amount;
  }

  /** @returns whether it is refused more, which is counted */
  refuse(): boolean {
    return this.#limit.refuses(this);
  }

  /** Without effect once it is closed. */
  set(amount: number): void {
    if (amount === this.#amount || this.#isClosed) return;
    const from = this.#amount;
    this.#amount = amount;
    this.#limit.changed(this, from, amount);
  }

  /** Holds nothing any more, and never will. */
  close(): void {
    this.set(0);
    this.#isClosed = true;
  }
}

function greatest<Holder extends { readonly amount: number }>(
  holders: Iterable<Holder>,
): Holder | null {
  let found: Holder | null = null;
  for (const holder of holders) if (found === null || holder.amount > found.amount) found = holder;
  return found;
}
