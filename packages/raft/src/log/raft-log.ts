import { assert } from '@quorate/base';
import type { Entry, LogIndex, LogPosition, Term } from '@quorate/schema';
import { EntryKind } from '@quorate/schema';

/** What an entry counts for in every limit on bytes: its data and a little for itself. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + 32;
}

/**
 * The entries after `start`, in memory. A group's log is cut behind each snapshot, so what is held
 * here is bounded by the snapshot policy of the driver (docs/decisions/0004).
 */
export class RaftLog {
  #start: LogPosition;
  #entries: Entry[] = [];
  /** What all entries up to and including each position count for, that of `start` first. */
  #bytesUpTo: number[] = [0];
  /** Given again while it is asked for: several followers, the disk and the state machine do. */
  #newestSlice: readonly Entry[] = [];
  /** The first command whose data this node was not given; Infinity when there is none. */
  #firstWithheld: LogIndex = Number.POSITIVE_INFINITY;

  constructor(start: LogPosition, entries: readonly Entry[]) {
    this.#start = start;
    this.append(entries);
  }

  /** The position before the first entry that is held. */
  get start(): LogPosition {
    return this.#start;
  }

  /** Whether commands stand here whose data this node was not given (rule 7). */
  get hasWithheld(): boolean {
    return this.#firstWithheld !== Number.POSITIVE_INFINITY;
  }

  #findWithheld(): LogIndex {
    const found = this.#entries.find((entry) => entry.kind === EntryKind.withheld);
    return found?.index ?? Number.POSITIVE_INFINITY;
  }

  get lastIndex(): LogIndex {
    return this.#start.index + this.#entries.length;
  }

  /** What the entries that are held count for, as `entryBytes` counts them. */
  get bytes(): number {
    return this.bytesBetween(this.#start.index, this.lastIndex);
  }

  get lastTerm(): Term {
    return this.#entries.at(-1)?.term ?? this.#start.term;
  }

  get lastTimestampMicros(): number | null {
    return this.#entries.at(-1)?.timestampMicros ?? null;
  }

  /** @returns null where the log does not reach: before its start, or after its end */
  termAt(index: LogIndex): Term | null {
    if (index === this.#start.index) return this.#start.term;
    return this.#entries[index - this.#start.index - 1]?.term ?? null;
  }

  entryAt(index: LogIndex): Entry | null {
    return this.#entries[index - this.#start.index - 1] ?? null;
  }

  /** Whether a log that ends at (index, term) is at least as up to date (dissertation 3.6.1). */
  isUpToDate(index: LogIndex, term: Term): boolean {
    return term > this.lastTerm || (term === this.lastTerm && index >= this.lastIndex);
  }

  append(entries: readonly Entry[]): void {
    let { lastIndex, lastTerm } = this;
    let bytes = this.#bytesAt(lastIndex);
    for (const entry of entries) {
      assert(entry.index === lastIndex + 1, 'entries are appended without a gap');
      assert(entry.term >= lastTerm, 'terms never fall along a log');
      lastIndex = entry.index;
      lastTerm = entry.term;
      bytes += entryBytes(entry);
      this.#entries.push(entry);
      this.#bytesUpTo.push(bytes);
      if (entry.kind === EntryKind.withheld && !this.hasWithheld) this.#firstWithheld = entry.index;
    }
  }

  /** What the entries after `index`, up to and including `to`, count for. */
  bytesBetween(index: LogIndex, to: LogIndex): number {
    return this.#bytesAt(to) - this.#bytesAt(index);
  }

  /** @param index from the start of the log to its end */
  #bytesAt(index: LogIndex): number {
    return this.#bytesUpTo[index - this.#start.index] as number;
  }

  truncateAfter(index: LogIndex): void {
    assert(index >= this.#start.index, 'truncation stays behind the start of the log');
    const kept = Math.min(this.#entries.length, index - this.#start.index);
    this.#entries.length = kept;
    this.#bytesUpTo.length = kept + 1;
    this.#newestSlice = [];
    if (index < this.#firstWithheld) this.#firstWithheld = Number.POSITIVE_INFINITY;
  }

  /** Forgets entries up to and including `index`. */
  compactTo(index: LogIndex): void {
    const term = this.termAt(index);
    assert(term !== null, `the log reaches index ${index}`);
    this.#entries.splice(0, index - this.#start.index);
    this.#bytesUpTo.splice(0, index - this.#start.index);
    this.#start = { index, term };
    this.#newestSlice = [];
    if (index >= this.#firstWithheld) this.#firstWithheld = this.#findWithheld();
  }

  /** Replaced by a snapshot: nothing of the old log is left. */
  reset(start: LogPosition): void {
    this.#start = start;
    this.#entries = [];
    this.#bytesUpTo = [0];
    this.#newestSlice = [];
    this.#firstWithheld = Number.POSITIVE_INFINITY;
  }

  /**
   * Entries from `from` to at most `to`, at least one if there is one, together at most `maxBytes`
   * beyond the first.
   */
  slice(from: LogIndex, to: LogIndex, maxBytes: number): readonly Entry[] {
    const first = from - this.#start.index - 1;
    assert(first >= 0, 'the log still holds what is sliced');
    const end = this.#lastWithin(from, Math.min(to, this.lastIndex), maxBytes) - this.#start.index;
    const newest = this.#newestSlice;
    if (newest[0]?.index === from && newest.length === end - first) return newest;
    this.#newestSlice = this.#entries.slice(first, end);
    return this.#newestSlice;
  }

  /** The last index up to which entries from `from` on fit; `from` itself always does. */
  #lastWithin(from: LogIndex, to: LogIndex, maxBytes: number): LogIndex {
    const limit = this.#bytesAt(from - 1) + maxBytes;
    if (this.#bytesAt(to) <= limit) return to;
    let fits = from;
    let exceeds = to;
    while (exceeds - fits > 1) {
      const middle = Math.floor((fits + exceeds) / 2);
      if (this.#bytesAt(middle) <= limit) fits = middle;
      else exceeds = middle;
    }
    return fits;
  }

  /**
   * The last index at or before `index` whose term is at most `term`: where two logs may agree.
   * Skips whole terms, so that catching up costs a round trip a term, not an entry (bug 32).
   */
  lastIndexWithTermAtMost(index: LogIndex, term: Term): LogIndex {
    let candidate = Math.min(index, this.lastIndex);
    for (; candidate > this.#start.index; candidate--) {
      const found = this.termAt(candidate) as Term;
      if (found <= term) break;
    }
    return candidate;
  }
}
