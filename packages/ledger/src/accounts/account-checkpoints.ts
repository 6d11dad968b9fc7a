import { assert } from '@quorate/base';
import { PartLane, type PartPlace, type PartStore } from '../parts/part-store.ts';
import { blocksOf } from './account-block.ts';
import { AccountBlockWriter } from './account-block-writer.ts';
import { AccountCheckpoint } from './account-checkpoint.ts';
import type { AccountStore } from './account-store.ts';

/** The usual `leastTurnedBytes`. */
const usualTurnedBytes = 16 * 1024 * 1024;

/**
 * Where the blocks of a store of accounts lie among the parts, and which of them have changed
 * since: so that a checkpoint stores only those again.
 *
 * What lies there of a block that has changed is useless. Once the files of the lane would come to
 * hold twice what is of use, the next checkpoint stores all accounts into another file, and the
 * ones before it can go. When all blocks change from checkpoint to checkpoint, each has its file.
 */
export class AccountCheckpoints {
  readonly #store: AccountStore;
  readonly #parts: PartStore;
  readonly #leastTurnedBytes: number;
  /** By block, its newest stored form, which may have changed since; null: there is none. */
  readonly #places: (PartPlace | null)[] = [];
  /** By block, bytes that it had when it was stored. */
  readonly #lengths: number[] = [];
  /** Of each file of the lane, what is known to lie in it, of use or not. */
  readonly #fileBytes = new Map<number, number>();
  /** That the lane goes on in, if nothing was put in but by this. */
  #newestFile: number | null = null;
  #current: AccountCheckpoint | null = null;

  /** @param leastTurnedBytes files with no more than that go on, however little is of use */
  constructor(store: AccountStore, parts: PartStore, leastTurnedBytes = usualTurnedBytes) {
    this.#store = store;
    this.#parts = parts;
    this.#leastTurnedBytes = leastTurnedBytes;
  }

  /** This block of the store was just read from there, and nothing was written to it since. */
  restored(block: number, place: PartPlace): void {
    assert(block < blocksOf(this.#store.count), 'a block that was restored has accounts');
    this.#put(block, place);
    this.#store.changed.clear(block);
  }

  /**
   * Freezes the accounts as they are. To be called between batches, and when the one before has
   * ended.
   *
   * @returns to be asked until it is done, or ended by `return`
   */
  begin(): AccountCheckpoint {
    assert(this.#current === null, 'one checkpoint is made at a time');
    const { changed, count } = this.#store;
    const isAll = this.#turnsFile();
    if (isAll) this.#parts.turn(PartLane.accounts);
    const isDrawn = new Uint8Array(blocksOf(count));
    for (let block = 0; block < isDrawn.length; block++) {
      if (!isAll && this.#knownPlace(block) !== null) continue;
      isDrawn[block] = 1;
      // Until it is drawn, so that one that never is is drawn by the next checkpoint.
      this.#places[block] = null;
      changed.clear(block);
    }
    const places = this.#places.slice(0, isDrawn.length);
    const writer = isDrawn.includes(1)
      ? new AccountBlockWriter(this.#store.chunks, this.#store.openSnapshot(isDrawn))
      : null;
    const checkpoint = new AccountCheckpoint(count, places, writer, {
      store: (block, bytes) => this.#add(block, bytes),
      ended: () => {
        this.#current = null;
      },
    });
    this.#current = checkpoint;
    return checkpoint;
  }

  /**
   * Files that the accounts as they are now are in, and those that a checkpoint under way has
   * places in. One that has ended names its own.
   */
  files(): Set<number> {
    const files = new Set<number>(this.#current?.files);
    for (const block of this.#places.keys()) {
      const place = this.#knownPlace(block);
      if (place !== null) files.add(place.file);
    }
    return files;
  }

  /** @returns where the block lies as it is now; null: nowhere */
  #knownPlace(block: number): PartPlace | null {
    return this.#store.changed.has(block) ? null : (this.#places[block] ?? null);
  }

  #turnsFile(): boolean {
    // Accounts that come from elsewhere have nothing to do with what there may be in the lane.
    if (this.#newestFile === null) return true;
    const files = this.files().add(this.#newestFile);
    for (const file of this.#fileBytes.keys()) if (!files.has(file)) this.#fileBytes.delete(file);
    let bytes = 0;
    for (const inFile of this.#fileBytes.values()) bytes += inFile;
    let useful = 0;
    for (const [block, length] of this.#lengths.entries()) {
      useful += length;
      if (this.#knownPlace(block) === null) bytes += length;
    }
    return bytes > this.#leastTurnedBytes && bytes >= useful * 2;
  }

  #add(block: number, bytes: Uint8Array): PartPlace {
    const place = this.#parts.add(PartLane.accounts, bytes);
    this.#put(block, place);
    return place;
  }

  #put(block: number, place: PartPlace): void {
    const { file, offset, length } = place;
    this.#places[block] = place;
    this.#lengths[block] = length;
    this.#newestFile = Math.max(file, this.#newestFile ?? file);
    const inFile = this.#fileBytes.get(file) ?? 0;
    this.#fileBytes.set(file, Math.max(inFile + length, offset + length));
  }
}
