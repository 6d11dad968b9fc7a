import { snapshotInvalid } from '../ledger-error.ts';
import { recordHeadBytes } from './record-writer.ts';

/** No record that `LedgerSnapshot` writes is larger. */
const maxRecordBytes = 16 * 1024 * 1024;

/** Puts the records that `RecordWriter` has cut together again. */
export class RecordReader {
  readonly #onRecord: (kind: number, bytes: Uint8Array) => void;
  readonly #head = new Uint8Array(recordHeadBytes);
  #headLength = 0;
  /** Of the record under way; null: its head is not complete. */
  #bytes: Uint8Array | null = null;
  #length = 0;

  /** @param onRecord gets bytes that are its own */
  constructor(onRecord: (kind: number, bytes: Uint8Array) => void) {
    this.#onRecord = onRecord;
  }

  /** Whether what was read ends with a record. */
  get isAtEnd(): boolean {
    return this.#bytes === null && this.#headLength === 0;
  }

  /** @param chunk copied from */
  read(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#bytes === null) at += this.#readHead(chunk.subarray(at));
      else at += this.#readBytes(this.#bytes, chunk.subarray(at));
    }
  }

  #readHead(chunk: Uint8Array): number {
    const part = chunk.subarray(0, recordHeadBytes - this.#headLength);
    this.#head.set(part, this.#headLength);
    this.#headLength += part.length;
    if (this.#headLength < recordHeadBytes) return part.length;
    const length = new DataView(this.#head.buffer).getUint32(1, true);
    if (length > maxRecordBytes) snapshotInvalid(`a record of ${length} bytes`);
    this.#bytes = new Uint8Array(length);
    this.#length = 0;
    if (length === 0) this.#end(this.#bytes);
    return part.length;
  }

  #readBytes(bytes: Uint8Array, chunk: Uint8Array): number {
    const part = chunk.subarray(0, bytes.length - this.#length);
    bytes.set(part, this.#length);
    this.#length += part.length;
    if (this.#length === bytes.length) this.#end(bytes);
    return part.length;
  }

  #end(bytes: Uint8Array): void {
    this.#bytes = null;
    this.#headLength = 0;
    this.#onRecord(this.#head[0] as number, bytes);
  }
}
