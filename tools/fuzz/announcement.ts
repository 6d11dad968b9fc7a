/**
 * The input that a worker is running, where the thread that watches it can read it even when the
 * worker never comes back: a count of inputs, a length, the bytes.
 */
export class Announcement {
  readonly shared: SharedArrayBuffer;
  readonly #head: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#head = new Int32Array(shared, 0, 2);
    this.#bytes = new Uint8Array(shared, 8);
  }

  static ofSize(maxBytes: number): Announcement {
    return new Announcement(new SharedArrayBuffer(8 + Math.max(maxBytes, 1 << 20)));
  }

  get count(): number {
    return Atomics.load(this.#head, 0);
  }

  get input(): Uint8Array {
    return this.#bytes.slice(0, Atomics.load(this.#head, 1));
  }

  announce(input: Uint8Array): void {
    const length = Math.min(input.length, this.#bytes.length);
    this.#bytes.set(input.subarray(0, length));
    Atomics.store(this.#head, 1, length);
    Atomics.add(this.#head, 0, 1);
  }
}
