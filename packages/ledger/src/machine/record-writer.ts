/** Bytes in a chunk of a snapshot, at most. */
export const maxChunkBytes = 1024 * 1024;

export const recordHeadBytes = 5;

/** @param length of the record's bytes */
export function recordHead(kind: number, length: number): Uint8Array {
  const head = new Uint8Array(recordHeadBytes);
  head[0] = kind;
  new DataView(head.buffer).setUint32(1, length, true);
  return head;
}

/** One record of a snapshot: what kind it is, and its bytes. */
export interface SnapshotRecord {
  readonly kind: number;
  readonly bytes: Uint8Array;
  /**
   * What the bytes refer to has so many. It counts as the record's own where chunks are cut, so
   * that a chunk stands for about as much as any other.
   */
  readonly storedBytes?: number;
}

/** Null: none yet, and other work may go first. */
export type DrawnRecord = SnapshotRecord | null;

/**
 * Cuts records into chunks: u8 kind, u32 length (little-endian), the bytes; one record after the
 * other, over the ends of chunks too. A chunk is empty when there is no record yet.
 */
export class RecordWriter implements Iterator<Uint8Array, void> {
  readonly #records: Iterator<DrawnRecord, void>;
  /** Of the record under way: what has not been given out yet. */
  #parts: Uint8Array[] = [];
  #isDone = false;
  /** The records have said that there is none yet. */
  #isWaiting = false;
  /** Of the chunk under way. */
  #storedBytes = 0;

  constructor(records: Iterator<DrawnRecord, void>) {
    this.#records = records;
  }

  next(): IteratorResult<Uint8Array, void> {
    const parts: Uint8Array[] = [];
    let length = 0;
    this.#storedBytes = 0;
    this.#isWaiting = false;
    while (length < maxChunkBytes && this.#storedBytes < maxChunkBytes) {
      const part = this.#nextPart(maxChunkBytes - length);
      if (part === null) break;
      parts.push(part);
      length += part.length;
    }
    if (length === 0 && !this.#isWaiting) return { done: true, value: undefined };
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
      if (next.value === null) {
        this.#isWaiting = true;
        return null;
      }
      const { kind, bytes, storedBytes = 0 } = next.value;
      this.#storedBytes += storedBytes;
      this.#parts = [recordHead(kind, bytes.length), bytes];
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
