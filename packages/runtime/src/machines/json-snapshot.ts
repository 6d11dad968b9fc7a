import { ByteWriter, type Checksum, concatBytes, type SnapshotSink } from '@quorate/base';
import { messageOf, snapshotUnusable } from './machine-error.ts';

/**
 * A state as JSON text, in chunks whose borders mean nothing:
 *
 *   8 bytes   "QJSONSM" and the version, 1
 *   text      UTF-8
 *   4 bytes   length of the text in bytes, little-endian
 *   4 bytes   CRC-32 of everything before, little-endian
 */
const magic = new TextEncoder().encode('QJSONSM');
const version = 1;
const headerBytes = magic.length + 1;
const trailerBytes = 8;

/** A unit of UTF-16 takes at most three bytes, so a chunk has less than 1 MiB. */
const chunkUnits = 256 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Draws the text, which is all there and cannot change. */
export class JsonSnapshot implements Iterator<Uint8Array, void> {
  readonly #checksum: Checksum;
  #text: string;
  #at = 0;
  #textBytes = 0;
  #crc = 0;
  #stage: 'header' | 'text' | 'ended' = 'header';

  /** @param text well-formed, as `JSON.stringify` makes it */
  constructor(text: string, checksum: Checksum) {
    this.#text = text;
    this.#checksum = checksum;
  }

  next(): IteratorResult<Uint8Array, void> {
    switch (this.#stage) {
      case 'header':
        this.#stage = 'text';
        return this.#yield(Uint8Array.of(...magic, version));
      case 'text':
        return this.#yield(this.#at < this.#text.length ? this.#nextText() : this.#trailer());
      default:
        return { done: true, value: undefined };
    }
  }

  return(): IteratorResult<Uint8Array, void> {
    this.#stage = 'ended';
    this.#text = '';
    return { done: true, value: undefined };
  }

  #yield(value: Uint8Array): IteratorResult<Uint8Array, void> {
    this.#crc = this.#checksum.crc32(value, this.#crc);
    return { done: false, value };
  }

  #nextText(): Uint8Array {
    let end = Math.min(this.#text.length, this.#at + chunkUnits);
    // The halves of a surrogate pair stay together.
    const last = this.#text.charCodeAt(end - 1);
    if (end < this.#text.length && last >= 0xd800 && last < 0xdc00) end--;
    const bytes = encoder.encode(this.#text.slice(this.#at, end));
    this.#at = end;
    this.#textBytes += bytes.length;
    return bytes;
  }

  #trailer(): Uint8Array {
    const writer = new ByteWriter(trailerBytes);
    writer.fixed32(this.#textBytes);
    const crc = this.#checksum.crc32(writer.view(), this.#crc);
    writer.fixed32(crc);
    this.return();
    return writer.take();
  }
}

/** Gathers the chunks of one snapshot; nothing is looked at before the end. */
export class JsonSnapshotSink implements SnapshotSink {
  readonly #checksum: Checksum;
  readonly #restored: (state: unknown) => void;
  #chunks: Uint8Array[] | null = [];

  /** @param restored is given the state, once, when all of it is there */
  constructor(checksum: Checksum, restored: (state: unknown) => void) {
    this.#checksum = checksum;
    this.#restored = restored;
  }

  chunk(bytes: Uint8Array): void {
    if (this.#chunks === null) throw snapshotUnusable('a chunk came after the end', 0);
    // Not slice(): of a Buffer that is a view.
    this.#chunks.push(new Uint8Array(bytes));
  }

  /** @throws MachineError RUNTIME_MACHINE_SNAPSHOT_UNUSABLE; nothing was restored then */
  finish(): void {
    if (this.#chunks === null) throw snapshotUnusable('it was finished before', 0);
    const bytes = concatBytes(this.#chunks);
    this.#chunks = null;
    this.#restored(readJsonSnapshot(bytes, this.#checksum));
  }
}

/** @throws MachineError RUNTIME_MACHINE_SNAPSHOT_UNUSABLE */
export function readJsonSnapshot(bytes: Uint8Array, checksum: Checksum): unknown {
  const textEnd = bytes.length - trailerBytes;
  if (textEnd < headerBytes) throw snapshotUnusable('it is cut off', bytes.length);
  if (!magic.every((byte, at) => bytes[at] === byte)) {
    throw snapshotUnusable('it is none of a simple state machine', 0);
  }
  const found = bytes[magic.length] as number;
  if (found !== version) {
    const mend = 'run the version that wrote it, or a newer one';
    throw snapshotUnusable(`its format has the unknown version ${found}; ${mend}`, magic.length);
  }
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + textEnd, trailerBytes);
  const textBytes = trailer.getUint32(0, true);
  const crc = checksum.crc32(bytes.subarray(0, bytes.length - 4), 0);
  if (textBytes !== textEnd - headerBytes || crc !== trailer.getUint32(4, true)) {
    const reason = 'it is cut off or damaged; take it again from another replica';
    throw snapshotUnusable(reason, bytes.length);
  }
  try {
    return JSON.parse(decoder.decode(bytes.subarray(headerBytes, textEnd)));
  } catch (error) {
    throw snapshotUnusable(`it holds no JSON: ${messageOf(error)}`, headerBytes, error);
  }
}
