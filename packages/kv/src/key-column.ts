import { assert } from '@quorate/base';
import { compareStored, isStored, type StoredKey } from './stored-key.ts';

/** How many bytes a mark holds: 48 bits, which a double holds exactly. */
const MARK_BYTES = 6;

/**
 * A few sorted keys that can be searched without touching most of them.
 *
 * Why: keys lie all over memory, and a search that reads each key it compares with waits for memory
 * three times a step; measured at 5 us a lookup among 100,000 keys. So the column keeps, side by
 * side, a mark of each key: the 6 bytes that follow the prefix common to all keys here. Only keys
 * whose marks tie are read.
 */
export class KeyColumn<Key extends StoredKey> {
  readonly #marks: Float64Array;
  #keys: Key[] = [];
  /** How many leading bytes all keys here share; may be fewer than they do after a removal. */
  #shared = 0;

  constructor(capacity: number) {
    this.#marks = new Float64Array(capacity);
  }

  get length(): number {
    return this.#keys.length;
  }

  at(position: number): Key {
    return this.#keys[position] as Key;
  }

  /** @returns the position of the first key at or above `key` */
  lowerBound(key: Uint8Array): number {
    return this.#search(key, false);
  }

  /** @returns the position of the first key above `key` */
  upperBound(key: Uint8Array): number {
    return this.#search(key, true);
  }

  has(position: number, key: Uint8Array): boolean {
    return position < this.#keys.length && isStored(this.at(position), key);
  }

  insert(position: number, key: Key): void {
    assert(this.#keys.length < this.#marks.length, 'a column has room for what is inserted');
    this.#keys.splice(position, 0, key);
    const first = this.at(position === 0 ? this.#keys.length - 1 : 0);
    const shared = this.#keys.length === 1 ? key.length : sharedBytes(key, first);
    if (this.#keys.length === 1 || shared < this.#shared) {
      this.#shared = shared;
      this.#markFrom(0);
      return;
    }
    this.#marks.copyWithin(position + 1, position, this.#keys.length - 1);
    this.#marks[position] = markOfStored(key, this.#shared);
  }

  remove(position: number): void {
    this.#keys.splice(position, 1);
    this.#marks.copyWithin(position, position + 1, this.#keys.length + 1);
  }

  /** Replaces all keys. */
  assign(keys: Key[]): void {
    assert(keys.length <= this.#marks.length, 'a column has room for what is assigned');
    this.#keys = keys;
    this.#shared = keys.length === 0 ? 0 : sharedBytes(this.at(0), this.at(keys.length - 1));
    this.#markFrom(0);
  }

  /** @returns the keys from `position` on, which are then gone from here */
  cutFrom(position: number): Key[] {
    return this.#keys.splice(position);
  }

  /** A copy. */
  keys(): Key[] {
    return this.#keys.slice();
  }

  #markFrom(position: number): void {
    for (let i = position; i < this.#keys.length; i++) {
      this.#marks[i] = markOfStored(this.at(i), this.#shared);
    }
  }

  #search(key: Uint8Array, above: boolean): number {
    const length = this.#keys.length;
    if (length === 0) return 0;
    const outside = comparePrefix(key, this.at(0), this.#shared);
    if (outside !== 0) return outside < 0 ? 0 : length;
    const marks = this.#marks;
    const mark = markOf(key, this.#shared, key.length);
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = marks[middle] as number;
      let order = there - mark;
      if (order === 0) order = compareStored(this.at(middle), key);
      if (order < 0 || (above && order === 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function markOfStored({ bytes, offset, length }: StoredKey, from: number): number {
  return markOf(bytes, offset + from, offset + length);
}

/**
 * Bytes past the end of a key count as zeros: ties that makes are settled by the keys themselves.
 */
function markOf(bytes: Uint8Array, from: number, keyEnd: number): number {
  const end = Math.min(keyEnd, from + MARK_BYTES);
  let mark = 0;
  for (let i = from; i < end; i++) mark = mark * 256 + (bytes[i] as number);
  for (let i = Math.max(end, from); i < from + MARK_BYTES; i++) mark *= 256;
  return mark;
}

function sharedBytes(a: StoredKey, b: StoredKey): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < most && a.bytes[a.offset + shared] === b.bytes[b.offset + shared]) shared++;
  return shared;
}

/** Compares a key with the first `length` bytes of another, as far as these go; 0: it has them. */
function comparePrefix(key: Uint8Array, other: StoredKey, length: number): number {
  const { bytes, offset } = other;
  const end = Math.min(key.length, length);
  for (let i = 0; i < end; i++) {
    const difference = (key[i] as number) - (bytes[offset + i] as number);
    if (difference !== 0) return difference;
  }
  return key.length < length ? -1 : 0;
}
