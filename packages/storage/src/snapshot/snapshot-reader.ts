import { assert, type File, type Ports } from '@quorate/base';
import type { SnapshotReader } from '@quorate/raft';
import { StorageError } from '../storage-error.ts';
import {
  chunkSeed,
  decodeFrameHead,
  type FrameHead,
  frameHeadBytes,
  type SnapshotHeader,
} from './snapshot-format.ts';

type Next = (error: Error | null, chunk: Uint8Array | null) => void;

export function snapshotCorrupt(file: string, offset: number, what: string): StorageError {
  return new StorageError(
    'STORAGE_SNAPSHOT_CORRUPT',
    `${file} at offset ${offset}: ${what}. The snapshot cannot be used; nothing was changed. ` +
      'Check the disk. If this is what the node starts from, run quorate repair on its data ' +
      'directory.',
    { file, offset },
  );
}

/** Reads chunk after chunk; each is checked before it is given out, the whole before the end is. */
export class SnapshotFileReader implements SnapshotReader {
  readonly #file: File;
  readonly #header: SnapshotHeader;
  readonly #ports: Pick<Ports, 'timers' | 'checksum' | 'codec'>;
  #skip: number;
  #offset: number;
  #chunk = 0;
  #heads: number;
  /** Of the frame at `#offset`, once it was read along with the chunk before. */
  #head: Uint8Array | null = null;
  #finished: Error | 'atEnd' | null = null;
  #busy = false;

  constructor(
    file: File,
    header: SnapshotHeader,
    ports: Pick<Ports, 'timers' | 'checksum' | 'codec'>,
    firstChunk: number,
  ) {
    this.#file = file;
    this.#header = header;
    this.#ports = ports;
    this.#skip = firstChunk;
    this.#offset = header.bytes.length;
    this.#heads = header.crc;
  }

  next(done: Next): void {
    assert(!this.#busy, 'a snapshot is read one chunk at a time');
    this.#busy = true;
    if (this.#finished) this.#defer(this.#finished, done);
    else if (this.#head) this.#frame(this.#head, done);
    else this.#readHead(done);
  }

  close(): void {
    this.#file.close(() => undefined);
  }

  #readHead(done: Next): void {
    this.#file.read(this.#offset, frameHeadBytes, (error, bytes) => {
      if (error || !bytes) this.#answer(error ?? this.#damage('nothing'), null, done);
      else this.#frame(bytes, done);
    });
  }

  #frame(bytes: Uint8Array, done: Next): void {
    const head = decodeFrameHead(bytes);
    if (!head) {
      const short = bytes.length < frameHeadBytes;
      this.#defer(this.#damage(short ? 'the file is cut short' : 'a length is too large'), done);
      return;
    }
    if (head.last) {
      this.#defer(this.#atEnd(bytes, head), done);
      return;
    }
    this.#heads = this.#ports.checksum.crc32(bytes, this.#heads);
    if (this.#skip > 0) {
      this.#skip -= 1;
      this.#advance(head, null);
      this.#readHead(done);
      return;
    }
    const body = this.#offset + frameHeadBytes;
    this.#file.read(body, head.storedBytes + frameHeadBytes, (error, content) => {
      if (error || !content) return this.#answer(error ?? this.#damage('nothing'), null, done);
      const chunk = this.#unpack(bytes, head, content.subarray(0, head.storedBytes));
      if (!(chunk instanceof Uint8Array)) return this.#answer(chunk, null, done);
      this.#advance(head, content.slice(head.storedBytes));
      this.#answer(null, chunk, done);
    });
  }

  #advance(head: FrameHead, next: Uint8Array | null): void {
    this.#offset += frameHeadBytes + head.storedBytes;
    this.#chunk += 1;
    this.#head = next;
  }

  #unpack(bytes: Uint8Array, head: FrameHead, stored: Uint8Array): Uint8Array | Error {
    if (stored.length < head.storedBytes) return this.#damage('the file is cut short');
    const seed = chunkSeed(this.#header.crc, this.#chunk);
    const crc = this.#ports.checksum.crc32(
      stored,
      this.#ports.checksum.crc32(bytes.subarray(0, 8), seed),
    );
    if (crc !== head.crc) return this.#damage(`the checksum of chunk ${this.#chunk} is wrong`);
    try {
      // Some codecs take no limit of zero; the length is compared anyway.
      const chunk = this.#ports.codec.decompress(stored, Math.max(1, head.size));
      if (chunk.length === head.size) return chunk;
      return this.#damage(`chunk ${this.#chunk} has ${chunk.length} bytes, not ${head.size}`);
    } catch (error) {
      return this.#damage(`chunk ${this.#chunk} cannot be unpacked (${String(error)})`);
    }
  }

  #atEnd(bytes: Uint8Array, head: FrameHead): Error | 'atEnd' {
    const crc = this.#ports.checksum.crc32(bytes.subarray(0, 8), this.#heads);
    if (crc !== head.crc) return this.#damage('the checksum over all chunks is wrong');
    if (head.size !== this.#chunk) return this.#damage(`${head.size} chunks were written`);
    return 'atEnd';
  }

  #damage(what: string): StorageError {
    return snapshotCorrupt(this.#file.path, this.#offset, what);
  }

  #defer(end: Error | 'atEnd', done: Next): void {
    this.#ports.timers.defer(() => this.#answer(end, null, done));
  }

  /** @param end null while there are chunks */
  #answer(end: Error | 'atEnd' | null, chunk: Uint8Array | null, done: Next): void {
    this.#finished = end;
    this.#busy = false;
    done(end === 'atEnd' ? null : end, chunk);
  }
}
