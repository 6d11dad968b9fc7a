import type { GroupWrite, LogStore, RecoveredGroup } from '@quorate/raft';
import type { GroupId } from '@quorate/schema';

interface Submission {
  readonly writes: readonly GroupWrite[];
  readonly done: (error: Error | null) => void;
}

const nothing: Omit<RecoveredGroup, 'group'> = {
  hardState: { term: 0, votedFor: 0, commitIndex: 0 },
  snapshot: null,
  logStart: { index: 0, term: 0 },
  entries: [],
  repairUntil: 0,
};

/** A log in memory that becomes durable when the test says so, or by itself after a while. */
export class FakeLogStore implements LogStore {
  readonly recovered: ReadonlyMap<GroupId, RecoveredGroup>;
  /** Of every submission, how many writes it had. */
  readonly submitted: (readonly GroupWrite[])[] = [];
  writable = true;
  pinnedBy: GroupId | null = null;
  diskBytes = 0;
  /** Completes nothing until `completeAll` or `fail`. */
  held = false;
  closed = false;
  readonly #durable: Map<GroupId, RecoveredGroup>;
  readonly #after: (delayMs: number, callback: () => void) => void;
  #waiting: Submission[] = [];

  constructor(
    durable: ReadonlyMap<GroupId, RecoveredGroup>,
    after: (delayMs: number, callback: () => void) => void,
  ) {
    this.recovered = durable;
    this.#durable = new Map(durable);
    this.#after = after;
  }

  get durable(): ReadonlyMap<GroupId, RecoveredGroup> {
    return this.#durable;
  }

  submit(writes: readonly GroupWrite[], done: (error: Error | null) => void): void {
    if (this.closed) throw new Error('the log is closed');
    this.submitted.push(writes);
    this.#waiting.push({ writes, done });
    if (!this.held) this.#after(1, () => this.#completeNext());
  }

  /** What waits becomes durable now. */
  completeAll(): void {
    this.held = false;
    while (this.#waiting.length > 0) this.#completeNext();
  }

  /** Everything that waits fails, and nothing of it is durable. */
  fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { done } of waiting) done(error);
  }

  close(done: (error: Error | null) => void): void {
    if (this.closed) throw new Error('the log is closed twice');
    this.closed = true;
    this.#after(1, () => done(null));
  }

  #completeNext(): void {
    if (this.held) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    for (const write of next.writes) this.#apply(write);
    next.done(null);
  }

  #apply(write: GroupWrite): void {
    const { group, truncateAfter } = write;
    const before = this.#durable.get(group) ?? { group, ...nothing };
    const kept = before.entries.filter(({ index }) => index <= (truncateAfter ?? index));
    const logStart = write.logStart ?? before.logStart;
    this.#durable.set(group, {
      group,
      hardState: write.hardState ?? before.hardState,
      snapshot: write.snapshot ?? before.snapshot,
      logStart,
      entries: [...kept, ...write.entries].filter(({ index }) => index > logStart.index),
      repairUntil: before.repairUntil,
    });
  }
}
