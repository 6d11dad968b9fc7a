/** Bytes in a chunk of a snapshot, at most. */
const maxChunkBytes = 1024 * 1024;

const headBytes = 5;

/** One record of a snapshot: what kind it is, and its bytes. */
export interface SnapshotRecord {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

/**
 * Cuts records into chunks: u8 kind, u32 length (little-endian), the bytes; one record after the
 * other, over the ends of chunks too.
 */
export class RecordWriter implements Iterator<Uint8Array, void> {
  readonly #records: Iterator<SnapshotRecord, void>;
  /** Of the record under way: what has not been given out yet. */
  #parts: Uint8Array[] = [];
  #isDone = false;

  constructor(records: Iterator<SnapshotRecord, void>) {
    this.#records = records;
  }

  next(): IteratorResult<Uint8Array, void> {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (length < maxChunkBytes) {
      const part = this.#nextPart(maxChunkBytes - length);
      if (part === null) break;
      parts.push(part);
      length += part.length;
    }
    if (length === 0) return { done: true, value: undefined };
    const chunk = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      chunk.set(part, at);
      at += part.length;
    }
    return { done: false, value: chunk };
  }

  return(): IteratorResult<Uint8Array, void> {
    this.#isDone = true;
    this.#parts = [];
    this.#records.return?.();
    return { done: true, value: undefined };
  }

  #nextPart(room: number): Uint8Array | null {
    const [first] = this.#parts;
    if (first === undefined) {
      if (this.#isDone) return null;
      const next = this.#records.next();
      if (next.done === true) {
        this.#isDone = true;
        return null;
      }
      const { kind, bytes } = next.value;
      const head = new Uint8Array(headBytes);
      head[0] = kind;
      new DataView(head.buffer).setUint32(1, bytes.length, true);
      this.#parts = [head, bytes];
      return this.#nextPart(room);
    }
    if (first.length <= room) {
      this.#parts.shift();
      return first;
    }
    this.#parts[0] = first.subarray(room);
    return first.subarray(0, room);
  }
}
