import { assert, type Timers } from '@quorate/base';
import type { GroupWrite, LogStore, RecoveredGroup } from '@quorate/raft';
import type { Entry, GroupId, HardState, LogPosition, SnapshotMeta } from '@quorate/schema';
import { StorageError } from '../storage-error.ts';
import { SubmissionCheck } from '../wal/submission-check.ts';

/** All that it needs: what it keeps is gone with the object. */
export interface MemoryLogStoreOptions {
  /** Completions come through `defer`. */
  readonly timers: Timers;
}

/** A log store whose content ends with the process. */
export interface MemoryLogStore extends LogStore {
  /**
   * A new store that recovers what this one has answered, as after a crash and a restart: what was
   * submitted and not answered is gone, and so is this store.
   */
  reopen(): MemoryLogStore;
}

type Done = (error: Error | null) => void;

interface MemoryGroup {
  readonly group: GroupId;
  hardState: HardState;
  snapshot: SnapshotMeta | null;
  logStart: LogPosition;
  entries: Entry[];
  lastIndex: number;
}

interface Submission {
  readonly writes: readonly GroupWrite[];
  readonly done: Done;
}

/** Of an entry beside its data, and of a group's state: only so that the count is not 0. */
const headBytes = 64;

class MemoryLog implements MemoryLogStore {
  readonly recovered: ReadonlyMap<GroupId, RecoveredGroup>;
  readonly pinnedBy = null;
  readonly #timers: Timers;
  readonly #groups: Map<GroupId, MemoryGroup>;
  readonly #check: SubmissionCheck;
  #waiting: Submission[] = [];
  #bytes = 0;
  #state: 'open' | 'closed' | 'replaced' = 'open';

  constructor(timers: Timers, groups: Map<GroupId, MemoryGroup>) {
    this.#timers = timers;
    this.#groups = groups;
    this.#check = new SubmissionCheck(
      [...groups.values()].map((group) => ({ ...group, repairUntil: 0 })),
    );
    for (const { entries } of groups.values()) this.#bytes += headBytes + bytesOf(entries);
    this.recovered = new Map([...groups].map(([id, group]) => [id, recoveredFrom(group)]));
  }

  get writable(): boolean {
    return this.#state === 'open';
  }

  get diskBytes(): number {
    return this.#bytes;
  }

  submit(writes: readonly GroupWrite[], done: Done): void {
    if (this.#state !== 'open') {
      this.#timers.defer(() => this.#tell(done, closedError()));
      return;
    }
    for (const write of writes) this.#check.check(write);
    this.#waiting.push({ writes, done });
    // One turn for all that were submitted in this one, as one batch of a log on a disk.
    if (this.#waiting.length === 1) this.#timers.defer(() => this.#answer());
  }

  close(done: Done): void {
    assert(this.#state !== 'closed', 'a log is closed once');
    this.#timers.defer(() => this.#tell(done, null));
    if (this.#state === 'open') this.#state = 'closed';
  }

  reopen(): MemoryLogStore {
    this.#state = 'replaced';
    this.#waiting = [];
    const groups = [...this.#groups].map(([id, group]): [GroupId, MemoryGroup] => {
      return [id, { ...group, entries: [...group.entries] }];
    });
    return new MemoryLog(this.#timers, new Map(groups));
  }

  #answer(): void {
    const submissions = this.#waiting;
    this.#waiting = [];
    for (const { writes, done } of submissions) {
      // Whoever was told before may have replaced this store.
      if (this.#state === 'replaced') return;
      for (const write of writes) this.#apply(write);
      done(null);
    }
  }

  /** After a crash nobody is told anything. */
  #tell(done: Done, error: Error | null): void {
    if (this.#state !== 'replaced') done(error);
  }

  #apply({ group, hardState, truncateAfter, entries, snapshot, logStart }: GroupWrite): void {
    const state = this.#group(group);
    if (hardState) state.hardState = hardState;
    if (truncateAfter !== null) {
      const kept = Math.max(0, truncateAfter - state.logStart.index);
      this.#bytes -= bytesOf(state.entries.splice(kept));
    }
    state.entries.push(...entries);
    this.#bytes += bytesOf(entries);
    if (snapshot) state.snapshot = snapshot;
    if (logStart) {
      const gone = logStart.index - state.logStart.index;
      this.#bytes -= bytesOf(state.entries.splice(0, gone));
      state.logStart = logStart;
    }
    state.lastIndex = state.logStart.index + state.entries.length;
  }

  #group(group: GroupId): MemoryGroup {
    const found = this.#groups.get(group);
    if (found) return found;
    const fresh: MemoryGroup = {
      group,
      hardState: { term: 0, votedFor: 0, commitIndex: 0 },
      snapshot: null,
      logStart: { index: 0, term: 0 },
      entries: [],
      lastIndex: 0,
    };
    this.#groups.set(group, fresh);
    this.#bytes += headBytes;
    return fresh;
  }
}

function recoveredFrom(state: MemoryGroup): RecoveredGroup {
  const { group, hardState, snapshot, logStart, entries } = state;
  return { group, hardState, snapshot, logStart, entries: [...entries], repairUntil: 0 };
}

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const { data } of entries) bytes += headBytes + data.length;
  return bytes;
}

function closedError(): StorageError<'STORAGE_CLOSED'> {
  return new StorageError('STORAGE_CLOSED', 'the log is closed; open the node again', {});
}

/**
 * A log store in memory, empty at first: for tests, and for data that may be lost.
 *
 * It keeps the contract but for the one thing it is about: nothing survives the process. A voter on
 * it that comes back under its own id has forgotten its vote and what it acknowledged, and can cost
 * the cluster committed entries and elect two leaders. So a node on it never comes back: it joins
 * anew, under another id. Entries are kept until the log is cut behind a snapshot, and nothing
 * bounds them but that.
 */
export function createMemoryLogStore(options: MemoryLogStoreOptions): MemoryLogStore {
  return new MemoryLog(options.timers, new Map());
}
