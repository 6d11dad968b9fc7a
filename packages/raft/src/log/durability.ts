import { assert, present } from '@quorate/base';
import type { LogIndex, SnapshotMeta } from '@quorate/schema';
import { Queue } from '../queue.ts';

interface PendingWrite {
  readonly id: number;
  /** The last entry this write still makes durable; null when it has none (or none any more). */
  lastIndex: LogIndex | null;
  readonly restore: SnapshotMeta | null;
  readonly sinceMs: number;
}

/**
 * Which writes are under way, and how much of the log is durable.
 *
 * Why by write and not by index: a completion for entries that were truncated since must count for
 * nothing, also when other entries of the same index have taken their place (bug 6).
 */
export class Durability {
  readonly #pending = new Queue<PendingWrite>();
  #lastId = 0;
  #durableId = 0;
  #durableIndex: LogIndex;

  constructor(durableIndex: LogIndex) {
    this.#durableIndex = durableIndex;
  }

  /** Every entry up to here is durable on this node. */
  get durableIndex(): LogIndex {
    return this.#durableIndex;
  }

  get durableId(): number {
    return this.#durableId;
  }

  /** The id the next write will have. */
  get nextId(): number {
    return this.#lastId + 1;
  }

  /** When the oldest unfinished write was handed out; null when none is. */
  get oldestPendingMs(): number | null {
    return this.#pending.first?.sinceMs ?? null;
  }

  submitted(lastIndex: LogIndex | null, restore: SnapshotMeta | null, nowMs: number): number {
    this.#lastId += 1;
    this.#pending.push({ id: this.#lastId, lastIndex, restore, sinceMs: nowMs });
    return this.#lastId;
  }

  truncatedAfter(index: LogIndex): void {
    this.#durableIndex = Math.min(this.#durableIndex, index);
    for (const write of this.#pending) {
      if (write.lastIndex !== null) write.lastIndex = Math.min(write.lastIndex, index);
    }
  }

  /** The log was replaced by a snapshot that is itself durable, though not yet named by the log. */
  replaced(): void {
    for (const write of this.#pending) write.lastIndex = null;
  }

  /** @returns the snapshot whose installation this completion finishes, if any */
  persisted(id: number): SnapshotMeta | null {
    const write = present(this.#pending.shift(), 'only a write that is under way completes');
    assert(write.id === id, 'writes complete in the order in which they were handed out');
    this.#durableId = id;
    if (write.lastIndex !== null) {
      this.#durableIndex = Math.max(this.#durableIndex, write.lastIndex);
    }
    if (write.restore !== null) {
      this.#durableIndex = Math.max(this.#durableIndex, write.restore.index);
    }
    return write.restore;
  }
}
