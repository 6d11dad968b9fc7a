import type { KvResult } from '@quorate/kv';
import { InvariantViolation } from '@quorate/sim';

/** A command that a client sent, and what it was told. */
export interface ClientWrite {
  /** Unique among writes that leave a value. */
  readonly tag: string;
  readonly kind: 'put' | 'delete' | 'compare-and-set';
  readonly key: string;
  readonly command: Uint8Array;
  outcome:
    | { readonly kind: 'unknown' }
    /** It has not happened and never will. */
    | { readonly kind: 'refused'; readonly code: string }
    /** A result of null is not known any more. */
    | { readonly kind: 'done'; readonly index: number; readonly result: KvResult | null };
}

export interface ReadKeyValue {
  readonly key: string;
  readonly value: string;
  readonly modRevision: number;
}

/** An answer to a linearizable read of one key, or of all keys. */
export interface ClientRead {
  /** Null: of all keys. */
  readonly key: string | null;
  readonly revision: number;
  readonly found: readonly ReadKeyValue[];
}

/** What clients have been told, and in which real-time order. */
export class History {
  readonly writes: ClientWrite[] = [];
  readonly reads: ClientRead[] = [];
  acknowledged = 0;
  refused = 0;
  unknown = 0;
  readonly #fail: (error: Error) => void;
  readonly #nowMs: () => number;
  /** The highest revision any finished operation has shown: later ones must not fall behind it. */
  highestSeen = 0;
  /** When it rose, and to what, in order. */
  readonly #rises: { readonly atMs: number; readonly revision: number }[] = [];

  /**
   * @param fail is told of an InvariantViolation
   * @param nowMs virtual time
   */
  constructor(fail: (error: Error) => void, nowMs: () => number) {
    this.#fail = fail;
    this.#nowMs = nowMs;
  }

  /** The highest revision that any operation had shown by then. */
  seenBy(atMs: number): number {
    const rises = this.#rises;
    let low = 0;
    let high = rises.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rises[middle]?.atMs ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return rises[low - 1]?.revision ?? 0;
  }

  /** A read that may be stale was answered, and must not be older than it said. */
  readStale(revision: number, seenByThen: number, maxStalenessMs: number): void {
    if (revision >= seenByThen) return;
    const why =
      `a read that may be ${maxStalenessMs} ms old was answered at revision ${revision}, and ` +
      `revision ${seenByThen} had been seen by then`;
    this.#fail(new InvariantViolation('bounded staleness', why));
  }

  /**
   * Revisions order all operations of the store; linearizable means that this order respects real
   * time: an operation that began after another had ended comes at or behind it.
   *
   * @param changed it made a revision of its own
   */
  ended(revision: number, seenAtStart: number, changed: boolean): void {
    if (revision < seenAtStart || (changed && revision === seenAtStart)) {
      const why =
        `${changed ? 'a write' : 'a read'} at revision ${revision} began after revision ` +
        `${seenAtStart} had been seen`;
      this.#fail(new InvariantViolation('linearizability', why));
    }
    if (revision <= this.highestSeen) return;
    this.highestSeen = revision;
    this.#rises.push({ atMs: this.#nowMs(), revision });
  }
}
