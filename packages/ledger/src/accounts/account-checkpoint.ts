import { assert } from '@quorate/base';
import type { PartPlace } from '../parts/part-store.ts';
import type { AccountBlockWriter } from './account-block-writer.ts';

/** What a checkpoint under way asks of its owner. */
export interface CheckpointOwner {
  /** Puts the bytes of a block in. */
  readonly store: (block: number, bytes: Uint8Array) => PartPlace;
  /** Told once: nothing more will be drawn. */
  readonly ended: () => void;
}

/**
 * The accounts as they were when this was made, whatever is written meanwhile: for each block, in
 * order, the place where it lies. What lies there already costs nothing; each other block is drawn
 * and put in by the call of `next` that answers with its place, which takes about half a
 * millisecond. Made by `AccountCheckpoints.begin`.
 */
export class AccountCheckpoint implements Iterator<PartPlace, void> {
  /** Accounts in it. */
  readonly count: number;
  /** By block; null: it is still to be drawn. */
  readonly #places: (PartPlace | null)[];
  readonly #writer: AccountBlockWriter | null;
  readonly #owner: CheckpointOwner;
  readonly #files = new Set<number>();
  #writtenBytes = 0;
  #next = 0;
  #hasEnded = false;

  /**
   * @param places null for each block that is to be drawn; kept
   * @param writer draws those; null: there are none
   */
  constructor(
    count: number,
    places: (PartPlace | null)[],
    writer: AccountBlockWriter | null,
    owner: CheckpointOwner,
  ) {
    this.count = count;
    this.#places = places;
    this.#writer = writer;
    this.#owner = owner;
    for (const place of places) if (place !== null) this.#files.add(place.file);
  }

  /** Blocks in it: as many places come. */
  get blocks(): number {
    return this.#places.length;
  }

  /** Bytes that were put in for it so far. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Files of all places of it that there are so far; whole at its end. */
  get files(): ReadonlySet<number> {
    return this.#files;
  }

  /** @throws what the store of parts does; then only `return` is left to be called */
  next(): IteratorResult<PartPlace, void> {
    const block = this.#next;
    if (this.#hasEnded || block >= this.blocks) return this.return();
    const place = this.#places[block] ?? this.#draw(block);
    this.#next++;
    return { done: false, value: place };
  }

  /** Ends it, perhaps early: what is not drawn by then counts as changed for the next one. */
  return(): IteratorResult<PartPlace, void> {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#writer?.return();
      this.#owner.ended();
    }
    return { done: true, value: undefined };
  }

  #draw(block: number): PartPlace {
    assert(this.#writer !== null, 'what is to be drawn has a writer');
    const bytes = this.#writer.draw(block);
    const place = this.#owner.store(block, bytes);
    this.#places[block] = place;
    this.#files.add(place.file);
    this.#writtenBytes += bytes.length;
    return place;
  }
}
