import { writeUint128 } from '../numbers/uint128.ts';
import {
  accountsPerBlock,
  blockHeadBytes,
  blockShift,
  blocksOf,
  blockVersion,
  changingColumns,
  flagsColumn,
  forEachFixedColumn,
  lastTransferColumn,
  mostBlockBytes,
} from './account-block.ts';
import {
  type AccountChunk,
  balanceKinds,
  chunkShift,
  lastTransferNumber,
} from './account-chunk.ts';
import { fieldsPerAccount, flagsField } from './account-copies.ts';
import type { AccountSnapshot } from './account-snapshot.ts';
import { writeLaneColumn, writeUint32 } from './lane-column.ts';

const perHigh = 2 ** -32;

/**
 * Draws the accounts of a snapshot, one block of below 1 MiB at a time, while the store goes on.
 * Closes the snapshot when it is through or ended early.
 *
 * @see account-block.ts for the layout
 */
export class AccountBlockWriter implements Iterator<Uint8Array, void> {
  readonly #chunks: readonly AccountChunk[];
  readonly #snapshot: AccountSnapshot;
  readonly #blocks: number;
  readonly #out = new Uint8Array(mostBlockBytes);
  readonly #changing = new Uint32Array(changingColumns * accountsPerBlock);
  readonly #wideLanes = new Uint32Array(4);
  /** Cells of this block that are wide, ascending. */
  #wideCells: number[] = [];
  #next = 0;

  /** @param chunks those of the store that the snapshot is of */
  constructor(chunks: readonly AccountChunk[], snapshot: AccountSnapshot) {
    this.#chunks = chunks;
    this.#snapshot = snapshot;
    this.#blocks = blocksOf(snapshot.count);
  }

  next(): IteratorResult<Uint8Array, void> {
    if (this.#next >= this.#blocks) return this.return();
    return { done: false, value: this.draw(this.#next++) };
  }

  return(): IteratorResult<Uint8Array, void> {
    this.#next = this.#blocks;
    this.#snapshot.close();
    return { done: true, value: undefined };
  }

  /**
   * One block, for who does not want all of them. Each can be drawn once.
   *
   * @returns the caller's for good
   */
  draw(block: number): Uint8Array<ArrayBuffer> {
    const firstSlot = block << blockShift;
    const count = Math.min(accountsPerBlock, this.#snapshot.count - firstSlot);
    this.#gather(this.#snapshot.fieldsOf(block), count);
    const out = this.#out;
    out[0] = blockVersion;
    writeUint32(out, 1, firstSlot);
    out[5] = count;
    out[6] = count >>> 8;
    let at = blockHeadBytes;
    const chunk = this.#chunks[firstSlot >>> chunkShift] as AccountChunk;
    forEachFixedColumn(chunk, firstSlot, (lanes, from, stride) => {
      at = writeLaneColumn(out, at, lanes, from, stride, count);
    });
    for (let column = 0; column < changingColumns; column++) {
      at = writeLaneColumn(out, at, this.#changing, column * accountsPerBlock, 1, count);
    }
    at = this.#writeWide(firstSlot, at);
    this.#snapshot.done(block);
    return out.slice(0, at);
  }

  #gather(fields: Float64Array, count: number): void {
    const changing = this.#changing;
    this.#wideCells = [];
    for (let i = 0, from = 0; i < count; i++, from += fieldsPerAccount) {
      for (let kind = 0; kind < balanceKinds; kind++) {
        let value = fields[from + kind] as number;
        if (Number.isNaN(value)) {
          this.#wideCells.push(i * balanceKinds + kind);
          value = 0;
        }
        const column = kind * 2 * accountsPerBlock + i;
        changing[column] = value;
        changing[column + accountsPerBlock] = value * perHigh;
      }
      const last = (fields[from + lastTransferNumber] as number) + 1;
      changing[lastTransferColumn * accountsPerBlock + i] = last;
      changing[(lastTransferColumn + 1) * accountsPerBlock + i] = last * perHigh;
      changing[flagsColumn * accountsPerBlock + i] = fields[from + flagsField] as number;
    }
  }

  #writeWide(firstSlot: number, start: number): number {
    const out = this.#out;
    writeUint32(out, start, this.#wideCells.length);
    let at = start + 4;
    for (const cell of this.#wideCells) {
      const slot = firstSlot + Math.floor(cell / balanceKinds);
      writeUint128(this.#wideLanes, 0, this.#snapshot.balance(slot, cell % balanceKinds));
      writeUint32(out, at, cell);
      at += 4;
      for (const lane of this.#wideLanes) {
        writeUint32(out, at, lane);
        at += 4;
      }
    }
    return at;
  }
}
