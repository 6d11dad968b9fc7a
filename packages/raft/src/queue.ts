/**
 * First in, first out. A ring: an array's `shift` moves all that is behind, and drops the room that
 * the next `push` needs again.
 */
export class Queue<Item extends object> {
  /** A power of two of them. */
  #slots: (Item | null)[] = [null, null, null, null];
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): Item | null {
    return this.#slots[this.#head] ?? null;
  }

  push(item: Item): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length += 1;
  }

  /** @returns null when it is empty */
  shift(): Item | null {
    const { first } = this;
    if (first === null) return null;
    this.#slots[this.#head] = null;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length -= 1;
    return first;
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (let i = 0; i < this.#length; i++) {
      yield this.#slots[(this.#head + i) & (this.#slots.length - 1)] as Item;
    }
  }

  #grow(): void {
    const inOrder: (Item | null)[] = [...this];
    this.#slots = inOrder.concat(inOrder.map(() => null));
    this.#head = 0;
  }
}
