import type {
  Checkpoint,
  CheckpointExpansion,
  Checkpoints,
  MachinePlace,
  Timers,
} from '@quorate/base';
import { assert, present } from '@quorate/base';
import type { BooksState } from '../books/books-state.ts';
import { FileParts } from '../parts/file-parts.ts';
import { PartLane, type PartPlace } from '../parts/part-store.ts';
import { LedgerExpansion } from './ledger-expansion.ts';
import { LedgerSnapshot } from './ledger-snapshot.ts';
import { RecordWriter } from './record-writer.ts';

/** What the ledger is asked by its checkpoints. */
export interface CheckpointedLedger {
  /** As it is now. */
  readonly state: () => BooksState;
  /** There is a disk now: the ledger, which is empty, begins anew with it. */
  readonly opened: (parts: FileParts, timers: Pick<Timers, 'defer'>) => void;
}

interface Persisted {
  /** By which the log names it; 0 for the one that this node began with. */
  readonly index: number;
  /** That it refers to. */
  readonly files: ReadonlySet<number>;
}

/** What a node stores as snapshots of its ledger, and the files that those refer to. */
export class LedgerCheckpoints implements Checkpoints {
  readonly #ledger: CheckpointedLedger;
  #parts: FileParts | null = null;
  /** Those that the log may name, oldest first. */
  #persisted: Persisted[] = [];
  #holds = 0;
  /** Files may have become useless. */
  #mayRemove = false;
  #isDue = false;
  /** Nothing was restored or named yet. */
  #isFresh = true;

  constructor(ledger: CheckpointedLedger) {
    this.#ledger = ledger;
  }

  open(place: MachinePlace): void {
    assert(this.#parts === null, 'a ledger is opened once');
    this.#parts = new FileParts(place);
    this.#ledger.opened(this.#parts, place.ports.timers);
  }

  take(index: number): Checkpoint {
    const state = this.#ledger.state();
    const parts = this.#parts;
    if (parts === null) return new WholeCheckpoint(state);
    this.#isDue = false;
    const release = this.hold();
    try {
      return new StoredCheckpoint(state, parts, (files) => {
        if (files !== null) this.#persisted.push({ index, files });
        release();
      });
    } catch (error) {
      release();
      throw error;
    }
  }

  get isDue(): boolean {
    return this.#isDue;
  }

  /** What comes is whole: what a process before this one has left can go at once. */
  beginsWhole(): void {
    const isEmpty = this.#ledger.state().accounts.count === 0;
    // A process that came by its log alone has a state that stays until the other is complete.
    if (this.#isFresh && isEmpty) this.#parts?.retain(new Set());
  }

  /**
   * Something is applied. Where nothing was restored before, the log names no checkpoint: files are
   * of processes that ended before it named one, and each start would add to them.
   */
  beginsToApply(): void {
    if (!this.#isFresh) return;
    this.#isFresh = false;
    this.#parts?.retain(filesOf(this.#ledger.state()));
  }

  expand(): CheckpointExpansion {
    return this.#parts === null ? asItIs : new LedgerExpansion(this.#parts, this.hold());
  }

  /**
   * Keeps all files: those that are read, or will be referred to, are not known yet.
   *
   * @returns to be called when they are, at least once
   */
  hold(): () => void {
    this.#holds++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holds--;
      this.#removeOthers();
    };
  }

  /**
   * A checkpoint or a snapshot was restored.
   *
   * @param places that it refers to, by lane
   */
  restored(places: ReadonlyMap<PartLane, readonly PartPlace[]>): void {
    // The first one of a process is what the log names: files of before are of no use.
    if (this.#isFresh) this.#mayRemove = true;
    this.#isFresh = false;
    this.#isDue = places.size === 0 && this.#parts !== null;
    if (places.size === 0) return;
    const parts = present(this.#parts, 'who refers to parts has some');
    const files = new Set<number>();
    for (const [lane, inLane] of places) {
      if (lane !== PartLane.ids) parts.resume(lane, inLane);
      for (const { file } of inLane) files.add(file);
    }
    this.#persisted.push({ index: 0, files });
  }

  collect(index: number): void {
    this.#isFresh = false;
    // The one that is named is the newest until then; or an older one, when it came from a peer.
    const named = this.#persisted.findLast((persisted) => persisted.index <= index);
    this.#persisted = this.#persisted.filter((one) => one === named || one.index > index);
    this.#mayRemove = true;
    this.#removeOthers();
  }

  close(done: () => void): void {
    if (this.#parts === null) done();
    else this.#parts.close(done);
  }

  #removeOthers(): void {
    if (!this.#mayRemove || this.#holds > 0 || this.#parts === null) return;
    this.#mayRemove = false;
    const files = filesOf(this.#ledger.state());
    for (const persisted of this.#persisted) for (const file of persisted.files) files.add(file);
    this.#parts.retain(files);
  }
}

/** Where there is no disk: nothing is referred to. */
class WholeCheckpoint extends RecordWriter implements Checkpoint {
  constructor(state: BooksState) {
    super(new LedgerSnapshot(state, true));
  }

  persist(done: (error: Error | null, bytes: number) => void): void {
    done(null, 0);
  }
}

const asItIs: CheckpointExpansion = {
  expand: (chunk) => [() => chunk],
  close: () => undefined,
};

class StoredCheckpoint implements Checkpoint {
  readonly #parts: FileParts;
  readonly #snapshot: LedgerSnapshot;
  readonly #writer: RecordWriter;
  readonly #ended: (files: ReadonlySet<number> | null) => void;
  #hasEnded = false;

  /** @param ended told once, with the files that it refers to; null: nothing came of it */
  constructor(
    state: BooksState,
    parts: FileParts,
    ended: (files: ReadonlySet<number> | null) => void,
  ) {
    this.#parts = parts;
    this.#ended = ended;
    this.#snapshot = new LedgerSnapshot(state, false);
    this.#writer = new RecordWriter(this.#snapshot);
  }

  next(): IteratorResult<Uint8Array, void> {
    try {
      return this.#writer.next();
    } catch (error) {
      this.return();
      throw error;
    }
  }

  return(): IteratorResult<Uint8Array, void> {
    this.#end(null);
    return this.#writer.return();
  }

  persist(done: (error: Error | null, bytes: number) => void): void {
    this.#parts.sync((error) => {
      this.#end(error === null ? this.#snapshot.files : null);
      done(error, this.#snapshot.writtenBytes);
    });
  }

  #end(files: ReadonlySet<number> | null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#ended(files);
  }
}

/** That the ledger as it is now has something in. */
function filesOf({ accountParts, transfers, statuses, history, ids }: BooksState): Set<number> {
  const files = new Set([...ids.runFiles(), ...(accountParts?.files() ?? [])]);
  for (const shelf of [transfers.sealed, statuses.stored, history.full])
    for (const file of shelf.files) files.add(file);
  return files;
}
