import type { KeyEntry } from './key-entry.ts';
import { isStored } from './stored-key.ts';

const FIRST_SLOTS = 1024;
const MOST_SLOTS = 2 ** 22;

/**
 * Finds most keys by one hash instead of a walk down the tree. It may forget a key but never gives
 * a wrong one, and nothing depends on what it remembers: so it needs no collision chains, no rehash
 * that stops the world when it grows (it starts empty and refills), and keys chosen to collide cost
 * no more than the walk.
 *
 * Slots go in pairs: a newcomer takes the first of its pair and moves the one there to the second.
 */
export class KeyCache {
  #slots: (KeyEntry | undefined)[] = new Array<KeyEntry | undefined>(FIRST_SLOTS).fill(undefined);

  get(key: Uint8Array, keyHash: number): KeyEntry | undefined {
    const slot = this.#slotOf(keyHash);
    const first = this.#slots[slot];
    if (first !== undefined && isKey(first, key, keyHash)) return first;
    const second = this.#slots[slot + 1];
    if (second !== undefined && isKey(second, key, keyHash)) return second;
    return undefined;
  }

  remember(entry: KeyEntry): void {
    const slot = this.#slotOf(entry.keyHash);
    this.#slots[slot + 1] = this.#slots[slot];
    this.#slots[slot] = entry;
  }

  forget(entry: KeyEntry): void {
    const slot = this.#slotOf(entry.keyHash);
    if (this.#slots[slot] === entry) this.#slots[slot] = undefined;
    if (this.#slots[slot + 1] === entry) this.#slots[slot + 1] = undefined;
  }

  /** Makes room for so many keys: four to eight slots for each, up to a bound. */
  fit(keys: number): void {
    const slots = this.#slots.length;
    if (keys * 4 <= slots || slots === MOST_SLOTS) return;
    this.#slots = new Array<KeyEntry | undefined>(slots * 2).fill(undefined);
  }

  /** The first slot of the pair. */
  #slotOf(keyHash: number): number {
    return keyHash & (this.#slots.length - 2);
  }
}

function isKey(entry: KeyEntry, key: Uint8Array, keyHash: number): boolean {
  return entry.keyHash === keyHash && isStored(entry, key);
}
