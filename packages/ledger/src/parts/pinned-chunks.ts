/** Chunks of a snapshot that reads parts: until its end, those stay. */
export class PinnedChunks implements Iterator<Uint8Array, void> {
  readonly #chunks: Iterator<Uint8Array, void>;
  #unpin: (() => void) | null;

  constructor(chunks: Iterator<Uint8Array, void>, unpin: () => void) {
    this.#chunks = chunks;
    this.#unpin = unpin;
  }

  next(): IteratorResult<Uint8Array, void> {
    try {
      const next = this.#chunks.next();
      if (next.done === true) this.#end();
      return next;
    } catch (error) {
      this.return();
      throw error;
    }
  }

  return(): IteratorResult<Uint8Array, void> {
    this.#end();
    return this.#chunks.return?.() ?? { done: true, value: undefined };
  }

  #end(): void {
    this.#unpin?.();
    this.#unpin = null;
  }
}
