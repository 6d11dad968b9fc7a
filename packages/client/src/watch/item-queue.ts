interface Reader<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** Taken off the front in pieces: an array shifts slowly when it is long. */
const compactAfter = 1024;

/** What was told and has not been read yet, or who waits to read it. */
export class ItemQueue<Item> {
  /** What the items take, about. */
  bytes = 0;
  readonly #onRead: () => void;
  #items: { readonly item: Item; readonly bytes: number }[] = [];
  #first = 0;
  readonly #readers: Reader<Item>[] = [];
  #failure: { readonly error: unknown } | null = null;
  #isOver = false;

  /** @param onRead called after an item was read that had to wait */
  constructor(onRead: () => void) {
    this.#onRead = onRead;
  }

  push(item: Item, bytes: number): void {
    if (this.#isOver) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: item });
      return;
    }
    this.#items.push({ item, bytes });
    this.bytes += bytes;
  }

  /** No more items; who has read those that are there is told, once. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const reader = this.#readers.shift();
    if (reader === undefined) this.#failure = { error };
    else reader.reject(error);
    this.#endReaders();
  }

  /** Those that are there are not read any more. */
  drop(): void {
    this.#items = [];
    this.#first = 0;
    this.bytes = 0;
  }

  /** No more items, and those that are there are dropped. */
  end(): void {
    this.#isOver = true;
    this.#failure = null;
    this.drop();
    this.#endReaders();
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    const entry = this.#items[this.#first];
    if (entry !== undefined) {
      this.#first += 1;
      this.bytes -= entry.bytes;
      if (this.#first === this.#items.length || this.#first === compactAfter) {
        this.#items = this.#items.slice(this.#first);
        this.#first = 0;
      }
      this.#onRead();
      return Promise.resolve({ done: false, value: entry.item });
    }
    if (this.#failure !== null) {
      const { error } = this.#failure;
      this.#failure = null;
      return Promise.reject(error);
    }
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
    });
  }

  #endReaders(): void {
    for (const { resolve } of this.#readers.splice(0)) resolve({ done: true, value: undefined });
  }
}
