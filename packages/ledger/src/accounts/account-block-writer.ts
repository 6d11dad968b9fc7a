import { writeUint128 } from '../numbers/uint128.ts';
import {
  accountsPerBlock,
  blockHeadBytes,
  blockVersion,
  changingColumns,
  flagsColumn,
  forEachFixedColumn,
  lastTransferColumn,
  mostBlockBytes,
} from './account-block.ts';
import { type AccountChunk, balanceKinds, chunkShift } from './account-chunk.ts';
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
  readonly #out = new Uint8Array(mostBlockBytes);
  readonly #changing = new Uint32Array(changingColumns * accountsPerBlock);
  readonly #wideLanes = new Uint32Array(4);
  /** Cells of this block that are wide, ascending. */
  #wideCells: number[] = [];
  #slot = 0;

  /** @param chunks those of the store that the snapshot is of */
  constructor(chunks: readonly AccountChunk[], snapshot: AccountSnapshot) {
    this.#chunks = chunks;
    this.#snapshot = snapshot;
  }

  next(): IteratorResult<Uint8Array, void> {
    const firstSlot = this.#slot;
    const count = Math.min(accountsPerBlock, this.#snapshot.count - firstSlot);
    if (count <= 0) return this.return();
    this.#slot += count;
    this.#gather(firstSlot, count);
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
    this.#snapshot.doneBelow(this.#slot);
    return { done: false, value: out.slice(0, at) };
  }

  return(): IteratorResult<Uint8Array, void> {
    this.#slot = this.#snapshot.count;
    this.#snapshot.close();
    return { done: true, value: undefined };
  }

  #gather(firstSlot: number, count: number): void {
    const changing = this.#changing;
    const snapshot = this.#snapshot;
    this.#wideCells = [];
    for (let i = 0; i < count; i++) {
      const slot = firstSlot + i;
      for (let kind = 0; kind < balanceKinds; kind++) {
        let value = snapshot.number(slot, kind);
        if (Number.isNaN(value)) {
          this.#wideCells.push(i * balanceKinds + kind);
          value = 0;
        }
        const column = kind * 2 * accountsPerBlock + i;
        changing[column] = value;
        changing[column + accountsPerBlock] = value * perHigh;
      }
      const last = snapshot.lastTransfer(slot) + 1;
      changing[lastTransferColumn * accountsPerBlock + i] = last;
      changing[(lastTransferColumn + 1) * accountsPerBlock + i] = last * perHigh;
      changing[flagsColumn * accountsPerBlock + i] = snapshot.flags(slot);
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
