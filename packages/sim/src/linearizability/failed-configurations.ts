/** How far a search has come: which operations are placed, and the state behind them. */
export interface Configuration {
  /** The number of the state. */
  readonly state: number;
  /** One bit for each completed operation that is placed. */
  readonly placed: Int32Array;
  /** A hash of `placed`. */
  readonly placedHash: number;
  /** The first completed operation that is not placed: all before it are. */
  readonly firstMissing: number;
  /** The last completed operation that is placed; -1: none is. */
  readonly lastPlaced: number;
  /** One bit for each open operation that took effect. */
  readonly used: Int32Array;
}

/** Remembers where a search got no further, so that it does not go there twice. */
export interface Failures {
  /** Whether a configuration without completion was added that leaves no less than this one. */
  covers(configuration: Configuration): boolean;
  add(configuration: Configuration): void;
}

/** A record: next record, hash, state, firstMissing, words of `placed`, then these, then `used`. */
const recordHead = 5;

/**
 * Failed configurations in flat memory. `placed` is kept from its first gap to its last bit, which
 * is as wide as operations overlap and not as long as the history.
 *
 * Exact but for one thing it knows: when a configuration has no completion, then neither has one
 * with the same placed operations, the same state and more open operations used up. When its memory
 * is full it forgets what comes: the search gets slower, not wrong.
 */
export class FailedConfigurations implements Failures {
  readonly #maxWords: number;
  #heads: Int32Array = new Int32Array(1 << 10).fill(-1);
  #pool: Int32Array = new Int32Array(1 << 12);
  #end = 0;
  #count = 0;

  /** @param maxBytes of all records together */
  constructor(maxBytes: number) {
    this.#maxWords = Math.floor(maxBytes / 4);
  }

  get count(): number {
    return this.#count;
  }

  covers(configuration: Configuration): boolean {
    const hash = hashOf(configuration);
    let record = this.#heads[hash & (this.#heads.length - 1)] as number;
    while (record !== -1) {
      if (this.#pool[record + 1] === hash && this.#matches(record, configuration)) return true;
      record = this.#pool[record] as number;
    }
    return false;
  }

  add(configuration: Configuration): void {
    const { state, placed, firstMissing, lastPlaced, used } = configuration;
    const from = firstMissing >> 5;
    const words = windowWords(configuration);
    const record = this.#end;
    const end = record + recordHead + words + used.length;
    if (end > this.#maxWords) return;
    this.#reserve(end);
    const pool = this.#pool;
    const hash = hashOf(configuration);
    pool[record + 1] = hash;
    pool[record + 2] = state;
    pool[record + 3] = firstMissing;
    pool[record + 4] = words;
    if (words > 0) pool.set(placed.subarray(from, (lastPlaced >> 5) + 1), record + recordHead);
    pool.set(used, record + recordHead + words);
    this.#end = end;
    this.#count += 1;
    this.#hang(record, hash);
    if (this.#count > this.#heads.length) this.#rehash();
  }

  #matches(record: number, configuration: Configuration): boolean {
    const pool = this.#pool;
    const { state, placed, firstMissing, used } = configuration;
    if (pool[record + 2] !== state || pool[record + 3] !== firstMissing) return false;
    const words = windowWords(configuration);
    if (pool[record + 4] !== words) return false;
    const from = firstMissing >> 5;
    let at = record + recordHead;
    for (let word = 0; word < words; word++) {
      if (pool[at++] !== placed[from + word]) return false;
    }
    for (let word = 0; word < used.length; word++) {
      if ((pool[at++] as number) & ~(used[word] as number)) return false;
    }
    return true;
  }

  #hang(record: number, hash: number): void {
    const bucket = hash & (this.#heads.length - 1);
    this.#pool[record] = this.#heads[bucket] as number;
    this.#heads[bucket] = record;
  }

  #reserve(words: number): void {
    if (words <= this.#pool.length) return;
    const wanted = Math.max(words, Math.min(2 * this.#pool.length, this.#maxWords));
    const pool = new Int32Array(wanted);
    pool.set(this.#pool.subarray(0, this.#end));
    this.#pool = pool;
  }

  #rehash(): void {
    const old = this.#heads;
    this.#heads = new Int32Array(2 * old.length).fill(-1);
    for (const head of old) {
      for (let record = head; record !== -1; ) {
        const next = this.#pool[record] as number;
        this.#hang(record, this.#pool[record + 1] as number);
        record = next;
      }
    }
  }
}

function windowWords({ firstMissing, lastPlaced }: Configuration): number {
  return lastPlaced < firstMissing ? 0 : (lastPlaced >> 5) - (firstMissing >> 5) + 1;
}

function hashOf({ state, placedHash }: Configuration): number {
  const mixed = Math.imul(placedHash ^ Math.imul(state + 1, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
