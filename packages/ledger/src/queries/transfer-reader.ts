import type { BooksState } from '../books/books-state.ts';
import type { Transfer } from '../model/transfer.ts';
import { SealedChunk } from '../transfers/sealed-chunk.ts';
import type { TransferChunk } from '../transfers/transfer-chunk.ts';
import { transferIn } from './read-transfer.ts';
import type { Scan } from './scan.ts';

const transfersPerAdvance = 256;

/** Reads the transfers at given positions, in their order. Each chunk of them is read once. */
export class TransferReader implements Scan<Transfer> {
  readonly #state: BooksState;
  readonly #positions: readonly number[];
  readonly #results: (Transfer | null)[];
  /** Of `positions`, in the order in which they are read. */
  readonly #order: Uint32Array;
  #next = 0;
  /** The chunk that is being read, and the position behind its last transfer. */
  #chunk: TransferChunk | null = null;
  #chunkEnd = 0;

  constructor(state: BooksState, positions: readonly number[]) {
    this.#state = state;
    this.#positions = positions;
    this.#results = new Array<Transfer | null>(positions.length).fill(null);
    this.#order = Uint32Array.from(positions.keys());
    this.#order.sort((one, other) => this.#positionOf(one) - this.#positionOf(other));
  }

  get results(): readonly Transfer[] {
    return this.#results.filter((transfer) => transfer !== null);
  }

  advance(): boolean {
    const { transfers } = this.#state;
    // The one that transfers are added to becomes another one between two turns.
    if (!(this.#chunk instanceof SealedChunk)) this.#chunk = null;
    let hasRead = false;
    const end = Math.min(this.#order.length, this.#next + transfersPerAdvance);
    for (; this.#next < end; this.#next++) {
      const at = this.#order[this.#next] as number;
      const position = this.#positionOf(at);
      if (this.#chunk === null || position >= this.#chunkEnd) {
        // To read a chunk takes as long as many transfers.
        if (hasRead) return false;
        hasRead = transfers.isOnDisk(position);
        this.#chunk = this.#chunkOf(position);
      }
      this.#results[at] = transferIn(this.#state, this.#chunk, position);
    }
    return this.#next === this.#order.length;
  }

  #positionOf(at: number): number {
    return this.#positions[at] as number;
  }

  /** @param position the next one */
  #chunkOf(position: number): TransferChunk {
    const { transfers } = this.#state;
    const { rowsPerChunk } = transfers;
    const end = (Math.floor(position / rowsPerChunk) + 1) * rowsPerChunk;
    this.#chunkEnd = end;
    const order = this.#order;
    let to = this.#next;
    while (to < order.length && this.#positionOf(order[to] as number) < end) to++;
    return transfers.chunkFor(position, to - this.#next, order.length);
  }
}
