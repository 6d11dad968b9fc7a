import { type AppliedEntry, type Prng, present } from '@quorate/base';
import type { BooksState } from '../books/books-state.ts';
import { LedgerError } from '../ledger-error.ts';
import { decodeLedgerCommand } from '../machine/ledger-command.ts';
import type { GatheredStatus, PendingStatus } from '../transfers/pending-statuses.ts';
import type { TransferChunk } from '../transfers/transfer-chunk.ts';
import { GatheredIds } from './gathered-ids.ts';
import { GatheredRow } from './gathered-row.ts';
import { SoughtRows } from './sought-rows.ts';

/** What one step may cost: a few milliseconds, when the disk's cache has what is read. */
const stepCost = 1024;
/** Of a chunk of transfers, of statuses, of ids: that on disk need a block of a segment each. */
const chunkCost = 256;
const statusesCost = 32;
const idCost = 8;
const idInMemoryCost = 1 / 4;
const rowCost = 1 / 2;
const statusCost = 1 / 16;
/** Of pending ones that expire at once; others are read one by one, as all were. */
const mostExpiries = 16_384;

/**
 * Reads what entries will ask for of transfers and statuses that are not in memory: each chunk
 * once, and little at a time. What was gathered is a copy of what never changes; whatever was not,
 * apply reads by itself, so that it changes no answer which of it was.
 */
export class RowGathering {
  readonly #state: BooksState;
  readonly #sought: SoughtRows;
  /** Batches that have not been looked at as a whole, and a row of the first. */
  readonly #batches: Uint8Array[];
  #row = 0;
  readonly #idCost: number;
  readonly #transfers = new Map<number, GatheredRow>();
  readonly #statuses = new Map<number, GatheredStatus>();
  #transferPositions = new Float64Array(0);
  #statusPositions = new Float64Array(0);
  #nextTransfer = 0;
  #nextStatus = 0;
  /** The chunk that rows are taken from, and the position behind its last one. */
  #chunk: TransferChunk | null = null;
  #chunkEnd = 0;

  private constructor(state: BooksState, sought: SoughtRows, batches: Uint8Array[], seed: number) {
    this.#state = state;
    this.#sought = sought;
    this.#batches = batches;
    if (batches.length === 0) this.#sort();
    const areIdsInMemory = state.ids.runFiles().size === 0;
    this.#idCost = areIdsInMemory ? idInMemoryCost : idCost;
    if (!areIdsInMemory) sought.ids = new GatheredIds(seed);
  }

  /**
   * @param prng draws the transfers of each batch that are looked at; if none of these asks for
   *   what is not in memory, nothing is gathered
   * @returns null: there is nothing to gather, as far as is known
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  static of(state: BooksState, entries: readonly AppliedEntry[], prng: Prng): RowGathering | null {
    if (!state.isSomeOnDisk) return null;
    const sought = new SoughtRows(state);
    const batches: Uint8Array[] = [];
    let isSomeOnDisk = false;
    for (const { command: bytes } of entries) {
      const command = decodeLedgerCommand(bytes);
      if (typeof command === 'string' || command.kind !== 'transfers') continue;
      const isTried = isWellFormed(() => {
        if (sought.tries(command.batch, prng)) isSomeOnDisk = true;
      });
      if (isTried) batches.push(command.batch);
    }
    const micros = Math.max(entries.at(-1)?.timestampMicros ?? 0, state.timeline.lastMicros);
    sought.addPending(state.expiries.dueBy(micros + 1, mostExpiries));
    // If any: those in memory may have gone by the time that the others are there.
    if (!isSomeOnDisk && !sought.isSomeOnDisk) return null;
    return new RowGathering(state, sought, batches, prng.uint32());
  }

  /**
   * Reads for a few milliseconds.
   *
   * @returns whether all is there now: the books have it until they are told otherwise
   * @throws LedgerError LEDGER_PART_DAMAGED
   */
  step(): boolean {
    let left = stepCost;
    while (left > 0) {
      const cost = this.#seek(left) ?? this.#gatherTransfers(left) ?? this.#gatherStatuses();
      if (cost === null) {
        this.#provide();
        return true;
      }
      left -= cost;
    }
    return false;
  }

  #provide(): void {
    const { ids, transfers, statuses } = this.#state;
    ids.gathered = this.#sought.ids;
    transfers.gathered = this.#transfers;
    statuses.gathered = this.#statuses;
  }

  /** @returns what it cost; null: all is known that is sought */
  #seek(left: number): number | null {
    const [batch] = this.#batches;
    if (batch === undefined) return null;
    const rows = Math.ceil(left / this.#idCost);
    if (this.#sought.add(batch, this.#row, rows)) {
      this.#row += rows;
    } else {
      this.#batches.shift();
      this.#row = 0;
      if (this.#batches.length === 0) this.#sort();
    }
    return rows * this.#idCost;
  }

  #sort(): void {
    const { transfers, statuses } = this.#sought;
    this.#transferPositions = Float64Array.from(transfers).sort();
    this.#statusPositions = Float64Array.from(statuses).sort();
  }

  #gatherTransfers(left: number): number | null {
    const positions = this.#transferPositions;
    const from = this.#nextTransfer;
    const first = positions[from];
    if (first === undefined) return null;
    if (this.#chunk === null || first >= this.#chunkEnd) {
      this.#chunk = this.#chunkOf(first);
      return chunkCost;
    }
    const { transfers } = this.#state;
    let next = from;
    const most = Math.min(positions.length, from + Math.ceil(left / rowCost));
    for (; next < most && (positions[next] as number) < this.#chunkEnd; next++) {
      const position = positions[next] as number;
      if (this.#transfers.has(position)) continue;
      this.#transfers.set(position, new GatheredRow(this.#chunk, transfers.rowOf(position)));
    }
    this.#nextTransfer = next;
    return (next - from) * rowCost;
  }

  /** @param first the next position, the first one of its chunk */
  #chunkOf(first: number): TransferChunk {
    const { transfers } = this.#state;
    const { rowsPerChunk } = transfers;
    const positions = this.#transferPositions;
    this.#chunkEnd = (Math.floor(first / rowsPerChunk) + 1) * rowsPerChunk;
    let to = this.#nextTransfer;
    while (to < positions.length && (positions[to] as number) < this.#chunkEnd) to++;
    return transfers.chunkFor(first, to - this.#nextTransfer, positions.length);
  }

  #gatherStatuses(): number | null {
    const positions = this.#statusPositions;
    const { statuses, transfers } = this.#state;
    const from = this.#nextStatus;
    const first = positions[from];
    if (first === undefined) return null;
    const shelf = present(statuses.shelfOf(first), 'nothing changes while rows are gathered');
    const bytes = statuses.glanceAt(shelf);
    const { rowsPerChunk } = transfers;
    const end = (Math.floor(first / rowsPerChunk) + 1) * rowsPerChunk;
    let next = from;
    for (; next < positions.length && (positions[next] as number) < end; next++) {
      const position = positions[next] as number;
      const status = bytes[position % rowsPerChunk] as PendingStatus;
      this.#statuses.set(position, { shelf, status });
    }
    this.#nextStatus = next;
    return statusesCost + (next - from) * statusCost;
  }
}

/** Whether the batch will be carried out; another one is refused by apply. */
function isWellFormed(look: () => void): boolean {
  try {
    look();
    return true;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'LEDGER_BATCH_MALFORMED') return false;
    throw error;
  }
}
