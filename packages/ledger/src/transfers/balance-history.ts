import type { AccountBalance } from '../model/account.ts';

const chunkRecords = 16_384;

/** Balances come as numbers, or NaN for one of 2^53 or more, which `wide` then has. */
interface Chunk {
  readonly slots: Uint32Array;
  /** The record before it of the same account; -1: there is none. */
  readonly links: Float64Array;
  /** One further back, so that records long ago are few steps away; of the first: itself. */
  readonly jumps: Float64Array;
  /** How many records the account has before this one. */
  readonly ordinals: Uint32Array;
  readonly micros: Float64Array;
  readonly nanos: Uint16Array;
  /** Four a record, in the order of `BalanceKind`. */
  readonly balances: Float64Array;
  readonly wide: Map<number, bigint>;
}

/** The balances that one record takes in; what a store of accounts can say of one of them. */
export interface BalanceSource {
  balanceNumber(slot: number, kind: number): number;
  balance(slot: number, kind: number): bigint;
}

/** One record as snapshots write it. */
export interface HistoryRecord {
  readonly slot: number;
  readonly micros: number;
  readonly nanos: number;
  readonly balances: readonly bigint[];
}

/** The balances of accounts with `history` after each change; records only ever come at the end. */
export class BalanceHistory {
  readonly #chunks: Chunk[] = [];
  /** The newest record of an account. */
  readonly #newest = new Map<number, number>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(slot: number, micros: number, nanos: number, source: BalanceSource): void {
    const at = this.#append(slot, micros, nanos);
    const { balances, wide } = this.#chunkOf(at);
    const place = (at % chunkRecords) * 4;
    for (let kind = 0; kind < 4; kind++) {
      const balance = source.balanceNumber(slot, kind);
      balances[place + kind] = balance;
      if (Number.isNaN(balance)) wide.set(place + kind, source.balance(slot, kind));
    }
  }

  restore({ slot, micros, nanos, balances: given }: HistoryRecord): void {
    const at = this.#append(slot, micros, nanos);
    const { balances, wide } = this.#chunkOf(at);
    const place = (at % chunkRecords) * 4;
    given.forEach((balance, kind) => {
      const isWide = balance > BigInt(Number.MAX_SAFE_INTEGER);
      balances[place + kind] = isWide ? Number.NaN : Number(balance);
      if (isWide) wide.set(place + kind, balance);
    });
  }

  /** Forgets the records from `count` on. */
  truncate(count: number): void {
    while (this.#count > count) {
      const at = --this.#count;
      const { slots, links, wide } = this.#chunkOf(at);
      const row = at % chunkRecords;
      const before = links[row] as number;
      const slot = slots[row] as number;
      if (before < 0) this.#newest.delete(slot);
      else this.#newest.set(slot, before);
      for (let kind = 0; kind < 4; kind++) wide.delete(row * 4 + kind);
    }
  }

  /** @returns the newest record of an account; -1: it has none */
  newestOf(slot: number): number {
    return this.#newest.get(slot) ?? -1;
  }

  /** @returns the record of the same account before this one; -1: it was the first */
  before(record: number): number {
    return this.#chunkOf(record).links[record % chunkRecords] as number;
  }

  /** @returns how many records the account has before this one */
  ordinalOf(record: number): number {
    return this.#chunkOf(record).ordinals[record % chunkRecords] as number;
  }

  /** @returns the record with the ordinal, of the account of `record`, which is not before it */
  atOrdinal(record: number, ordinal: number): number {
    let at = record;
    while (this.ordinalOf(at) > ordinal) {
      const jump = this.#jumpOf(at);
      at = this.ordinalOf(jump) >= ordinal ? jump : this.before(at);
    }
    return at;
  }

  /** @returns of `record` and those before it of its account the newest until then; -1: none */
  newestUntil(record: number, timestamp: bigint): number {
    let at = record;
    while (at >= 0 && this.timestampAt(at) > timestamp) {
      const jump = this.#jumpOf(at);
      at = jump !== at && this.timestampAt(jump) > timestamp ? jump : this.before(at);
    }
    return at;
  }

  timestampAt(record: number): bigint {
    const { micros, nanos } = this.#chunkOf(record);
    const row = record % chunkRecords;
    return BigInt(micros[row] as number) * 1000n + BigInt(nanos[row] as number);
  }

  recordAt(record: number): HistoryRecord {
    const { slots, micros, nanos, balances, wide } = this.#chunkOf(record);
    const row = record % chunkRecords;
    const given = [0, 1, 2, 3].map((kind) => {
      const place = row * 4 + kind;
      return wide.get(place) ?? BigInt(balances[place] as number);
    });
    return {
      slot: slots[row] as number,
      micros: micros[row] as number,
      nanos: nanos[row] as number,
      balances: given,
    };
  }

  balanceAt(record: number): AccountBalance {
    const [debitsPending = 0n, debitsPosted = 0n, creditsPending = 0n, creditsPosted = 0n] =
      this.recordAt(record).balances;
    const timestamp = this.timestampAt(record);
    return { debitsPending, debitsPosted, creditsPending, creditsPosted, timestamp };
  }

  #jumpOf(record: number): number {
    return this.#chunkOf(record).jumps[record % chunkRecords] as number;
  }

  /**
   * Where the record after `record` jumps to: two jumps of the same length become one of both, as
   * digits of a skew binary number do, so that any record is O(log n) steps from any later one
   * (Myers, An applicative random-access stack, 1983).
   */
  #jumpOver(record: number): number {
    const jump = this.#jumpOf(record);
    const far = this.#jumpOf(jump);
    const length = this.ordinalOf(record) - this.ordinalOf(jump);
    return length === this.ordinalOf(jump) - this.ordinalOf(far) ? far : record;
  }

  #chunkOf(record: number): Chunk {
    return this.#chunks[Math.floor(record / chunkRecords)] as Chunk;
  }

  #append(slot: number, micros: number, nanos: number): number {
    const at = this.#count++;
    if (Math.floor(at / chunkRecords) === this.#chunks.length) {
      this.#chunks.push({
        slots: new Uint32Array(chunkRecords),
        links: new Float64Array(chunkRecords),
        jumps: new Float64Array(chunkRecords),
        ordinals: new Uint32Array(chunkRecords),
        micros: new Float64Array(chunkRecords),
        nanos: new Uint16Array(chunkRecords),
        balances: new Float64Array(chunkRecords * 4),
        wide: new Map(),
      });
    }
    const chunk = this.#chunkOf(at);
    const row = at % chunkRecords;
    chunk.slots[row] = slot;
    const before = this.newestOf(slot);
    chunk.links[row] = before;
    chunk.jumps[row] = before < 0 ? at : this.#jumpOver(before);
    chunk.ordinals[row] = before < 0 ? 0 : this.ordinalOf(before) + 1;
    chunk.micros[row] = micros;
    chunk.nanos[row] = nanos;
    this.#newest.set(slot, at);
    return at;
  }
}
