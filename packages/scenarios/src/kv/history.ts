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
    | { readonly kind: 'done'; readonly index: number; readonly result: KvResult };
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
  /** The highest revision any finished operation has shown: later ones must not fall behind it. */
  highestSeen = 0;

  /** @param fail is told of an InvariantViolation */
  constructor(fail: (error: Error) => void) {
    this.#fail = fail;
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
    this.highestSeen = Math.max(this.highestSeen, revision);
  }
}
