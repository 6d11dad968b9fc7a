import {
  type AppliedEntry,
  type Checkpoints,
  Prng,
  present,
  type SnapshotSink,
  type StateMachine,
  type Timers,
} from '@quorate/base';
import { Books } from '../books/books.ts';
import { type BooksLimits, BooksState } from '../books/books-state.ts';
import { RowGathering } from '../gathering/row-gathering.ts';
import { LedgerError } from '../ledger-error.ts';
import type { FileParts } from '../parts/file-parts.ts';
import { PartLane } from '../parts/part-store.ts';
import { PinnedChunks } from '../parts/pinned-chunks.ts';
import { type LedgerAnswer, resultsAnswer } from './ledger-answer.ts';
import { LedgerCheckpoints } from './ledger-checkpoints.ts';
import { decodeLedgerCommand } from './ledger-command.ts';
import { LedgerSnapshot } from './ledger-snapshot.ts';
import { LedgerSnapshotSink } from './ledger-snapshot-sink.ts';
import { RecordWriter } from './record-writer.ts';
import { StateChecks, usualBatchesPerCheck } from './state-checks.ts';

/** Left out: nobody hears of checks, and hashes of ids are the same in each process. */
export interface LedgerMachineOptions {
  /** 32 bits, drawn at random for each process: nobody can choose ids that collide. */
  readonly hashSeed?: number;
  /** This replica has checked its state: to be proposed as a `vote`, by each replica. */
  readonly onChecked?: (check: number, hash: number) => void;
  /** Replicas do not agree; hashes by node. */
  readonly onDisagreement?: (check: number, votes: ReadonlyMap<number, number>) => void;
  readonly limits?: BooksLimits;
  /** Between two checks; the same on all replicas. Default 1024. */
  readonly batchesPerCheck?: number;
}

const noResults = new Uint8Array(0);

function nothing(): void {}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Where what does not change any more is stored. */
interface Disk {
  readonly parts: FileParts;
  readonly timers: Pick<Timers, 'defer'>;
}

/**
 * The ledger as a state machine: commands of `encodeLedgerCommand` in, results out. Bytes that are
 * no command are answered as refused and change nothing.
 */
export class LedgerMachine implements StateMachine<LedgerAnswer> {
  readonly #hashSeed: number;
  readonly #limits: BooksLimits;
  readonly #checks: StateChecks;
  readonly #checkpoints: LedgerCheckpoints;
  /** Draws what is looked at before batches are applied; it changes no answer. */
  readonly #prng: Prng;
  #disk: Disk | null = null;
  /** What was gathered is for entries up to this index. */
  #gatheredFor = 0;
  #books: Books;
  /** Nobody knows the files yet that a state which is being restored will be in. */
  #restoreEnded = nothing;

  constructor(options: LedgerMachineOptions = {}) {
    const { hashSeed = 0, onChecked = nothing, onDisagreement = nothing } = options;
    const { batchesPerCheck = usualBatchesPerCheck, limits = {} } = options;
    this.#limits = limits;
    this.#hashSeed = hashSeed;
    this.#prng = new Prng(hashSeed);
    this.#checks = new StateChecks(onChecked, onDisagreement, batchesPerCheck);
    this.#books = new Books(this.#emptyState());
    this.#checkpoints = new LedgerCheckpoints({
      state: () => this.#books.state,
      opened: (parts, timers) => {
        this.#disk = { parts, timers };
        this.#books = new Books(this.#emptyState());
      },
    });
  }

  /** To be read; another one after each restored snapshot. */
  get books(): Books {
    return this.#books;
  }

  get checkpoints(): Checkpoints {
    return this.#checkpoints;
  }

  /**
   * Keeps the files of the books as they are now, for who reads them over several turns.
   *
   * @returns to be called at its end
   */
  hold(): () => void {
    return this.#checkpoints.hold();
  }

  /**
   * Reads old transfers that the entries refer to, a few milliseconds at a time, so that other work
   * goes on meanwhile.
   */
  prefetch(entries: readonly AppliedEntry[], done: (error: Error | null) => void): void {
    let gathering: RowGathering | null;
    try {
      this.#books.state.dropGathered();
      gathering = RowGathering.of(this.#books.state, entries, this.#prng);
    } catch (error) {
      done(asError(error));
      return;
    }
    if (gathering === null) {
      done(null);
      return;
    }
    this.#gatheredFor = entries.at(-1)?.index ?? 0;
    this.#gather(gathering, done);
  }

  apply(entries: readonly AppliedEntry[]): readonly LedgerAnswer[] {
    this.#checkpoints.beginsToApply();
    const answers = entries.map((entry) => this.#apply(entry));
    if ((entries.at(-1)?.index ?? 0) >= this.#gatheredFor) this.#books.state.dropGathered();
    return answers;
  }

  snapshot(): Iterator<Uint8Array, void> {
    const chunks = new RecordWriter(new LedgerSnapshot(this.#books.state, true));
    return this.#disk === null ? chunks : new PinnedChunks(chunks, this.#checkpoints.hold());
  }

  /** @throws LedgerError LEDGER_SNAPSHOT_INVALID, LEDGER_PART_DAMAGED, from the sink's methods */
  restore(): SnapshotSink {
    const parts = this.#disk?.parts;
    // What comes from elsewhere has files of its own: the others go with the old state.
    parts?.turn(PartLane.history);
    this.#restoreEnded();
    const release = this.#checkpoints.hold();
    this.#restoreEnded = release;
    return new LedgerSnapshotSink(this.#emptyState(), {
      isWhole: () => this.#checkpoints.beginsWhole(),
      done: (restored, places) => {
        this.#checkpoints.restored(places);
        this.#books = new Books(restored);
        this.#checks.restored();
        release();
      },
    });
  }

  #emptyState(): BooksState {
    return new BooksState(this.#hashSeed, this.#disk?.parts ?? null, this.#limits);
  }

  #gather(gathering: RowGathering, done: (error: Error | null) => void): void {
    const { parts, timers } = present(this.#disk, 'what is gathered is on a disk');
    if (parts.isClosed) return;
    let isWhole: boolean;
    try {
      isWhole = gathering.step();
    } catch (error) {
      done(asError(error));
      return;
    }
    if (isWhole) done(null);
    else timers.defer(() => this.#gather(gathering, done));
  }

  #apply({ command: bytes, timestampMicros }: AppliedEntry): LedgerAnswer {
    const command = decodeLedgerCommand(bytes);
    if (typeof command === 'string') return { kind: 'refused', reason: command };
    const books = this.#books;
    switch (command.kind) {
      case 'pulse':
        return resultsAnswer(noResults, 0, books.pulse(timestampMicros));
      case 'vote':
        this.#checks.vote(command);
        return resultsAnswer(noResults, 0, books.state.timeline.last);
      default:
        return this.#batch(command.kind, command.batch, timestampMicros);
    }
  }

  #batch(kind: 'accounts' | 'transfers', batch: Uint8Array, micros: number): LedgerAnswer {
    const books = this.#books;
    try {
      const { results, count, timestamp } =
        kind === 'accounts'
          ? books.createAccounts(batch, micros)
          : books.createTransfers(batch, micros);
      const answer = resultsAnswer(results, count, timestamp);
      this.#checks.batchApplied(books.state);
      return answer;
    } catch (error) {
      const isRefusal = error instanceof LedgerError && error.code === 'LEDGER_BATCH_MALFORMED';
      if (!isRefusal) throw error;
      return { kind: 'refused', reason: error.message };
    }
  }
}
