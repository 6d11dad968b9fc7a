import { compareBytes } from '@quorate/base';
import type { KeyEntry } from '../key-entry.ts';

const none: readonly KeyEntry[] = [];

/**
 * Which live keys are attached to which lease. Knows nothing of leases: it follows the latest
 * version of each key. Most leases have one key, for which a set would be a waste.
 */
export class LeasedKeys {
  readonly #byLease = new Map<bigint, KeyEntry | Set<KeyEntry>>();
  #size = 0;

  /** How many keys are attached. */
  get size(): number {
    return this.#size;
  }

  /** Those with keys. */
  leases(): Iterable<bigint> {
    return this.#byLease.keys();
  }

  /** @returns the lease's keys, in order */
  keysOf(lease: bigint): readonly KeyEntry[] {
    const found = this.#byLease.get(lease);
    if (found === undefined) return none;
    if (!(found instanceof Set)) return [found];
    return [...found].sort((a, b) => compareBytes(a.key, b.key));
  }

  /** Says that a key's latest version has another lease than the one before; 0n is none. */
  moved(entry: KeyEntry, before: bigint, after: bigint): void {
    if (before !== 0n) this.#detach(entry, before);
    if (after !== 0n) this.#attach(entry, after);
  }

  #attach(entry: KeyEntry, lease: bigint): void {
    const found = this.#byLease.get(lease);
    if (found === undefined) this.#byLease.set(lease, entry);
    else if (found instanceof Set) found.add(entry);
    else this.#byLease.set(lease, new Set([found, entry]));
    this.#size++;
  }

  #detach(entry: KeyEntry, lease: bigint): void {
    const found = this.#byLease.get(lease);
    if (found instanceof Set && found.size > 1) found.delete(entry);
    else this.#byLease.delete(lease);
    this.#size--;
  }
}
