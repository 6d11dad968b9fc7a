import { PartLane, type PartPlace, type PartStore } from '../../parts/part-store.ts';

/**
 * Puts segments into the part store. Runs that are written at the same time take turns, and no file
 * has segments of two of them: it would stay for as long as one of them does.
 */
export class RunFiles {
  readonly parts: PartStore;
  #owner: object | null = null;

  constructor(parts: PartStore) {
    this.parts = parts;
  }

  /** @param owner the same object for all segments of a run */
  add(owner: object, bytes: Uint8Array): PartPlace {
    if (this.#owner !== owner) this.parts.turn(PartLane.ids);
    this.#owner = owner;
    return this.parts.add(PartLane.ids, bytes);
  }
}
