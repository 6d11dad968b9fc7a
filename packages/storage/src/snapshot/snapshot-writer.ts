import { assert, type File, type Ports } from '@quorate/base';
import type { SnapshotWriter } from '@quorate/raft';
import { StorageError } from '../storage-error.ts';
import {
  chunkSeed,
  encodeFrameHead,
  encodeLastFrame,
  maxChunkBytes,
  type SnapshotHeader,
} from './snapshot-format.ts';

/**
 * So much is written before it is made durable. Left to the end, a large snapshot would be one sync
 * of seconds, and on most file systems the log's own syncs would wait behind it.
 */
const unsyncedBytes = 8 * 1024 * 1024;

interface SnapshotFileWriterOptions {
  readonly ports: Pick<Ports, 'fileSystem' | 'timers' | 'checksum' | 'codec'>;
  readonly file: File;
  readonly header: SnapshotHeader;
  readonly partPath: string;
  readonly finalPath: string;
  readonly directory: string;
  readonly committed: () => void;
  /** Committed or given up, and the file beside is no longer anyone's. */
  readonly ended: () => void;
}

/** Writes beside, makes durable, then gives the file its name. */
export class SnapshotFileWriter implements SnapshotWriter {
  readonly #options: SnapshotFileWriterOptions;
  /** Goes to the disk in front of the first chunk. */
  #pending: Uint8Array[];
  #position = 0;
  #syncedPosition = 0;
  #chunks = 0;
  #heads: number;
  #busy = false;
  #ended = false;

  constructor(options: SnapshotFileWriterOptions) {
    this.#options = options;
    this.#pending = [options.header.bytes];
    this.#heads = options.header.crc;
  }

  write(chunk: Uint8Array, done: (error: Error | null) => void): void {
    const { ports, file, header } = this.#options;
    const { codec, checksum, timers } = ports;
    this.#begin();
    if (chunk.length > maxChunkBytes) {
      const message = `a snapshot chunk of ${chunk.length} bytes; at most ${maxChunkBytes} fit`;
      const sizes = { bytes: chunk.length, maxBytes: maxChunkBytes };
      const error = new StorageError('STORAGE_CHUNK_TOO_LARGE', message, sizes);
      timers.defer(() => this.#end(error, done));
      return;
    }
    const stored = codec.compress(chunk);
    const seed = chunkSeed(header.crc, this.#chunks);
    const head = encodeFrameHead(stored, chunk.length, seed, checksum);
    this.#heads = checksum.crc32(head, this.#heads);
    this.#chunks += 1;
    const bytes = this.#take([head, stored]);
    file.write(bytes.offset, bytes.chunks, (error) => {
      const isDue = this.#position - this.#syncedPosition >= unsyncedBytes;
      if (error || !isDue || this.#ended) return this.#end(error, done);
      this.#syncedPosition = this.#position;
      file.sync((failed) => this.#end(failed, done));
    });
  }

  commit(done: (error: Error | null) => void): void {
    const { ports, file, partPath, finalPath, directory } = this.#options;
    const { fileSystem, checksum } = ports;
    this.#begin();
    const finish = (error: Error | null): void => {
      this.#ended = true;
      this.#options.ended();
      this.#end(error, done);
    };
    const bytes = this.#take([encodeLastFrame(this.#chunks, this.#heads, checksum)]);
    const rename = (): void => {
      fileSystem.rename(partPath, finalPath, (failed) => {
        if (failed) return finish(failed);
        fileSystem.syncDirectory(directory, (syncFailed) => {
          if (!syncFailed) this.#options.committed();
          finish(syncFailed);
        });
      });
    };
    const close = (failed: Error | null): void => {
      file.close(() => undefined);
      if (failed) finish(failed);
      else rename();
    };
    // Not `writeDurably`: that is the log's way to the disk, one operation at a time.
    file.write(bytes.offset, bytes.chunks, (failed) => {
      if (failed) close(failed);
      else file.sync(close);
    });
  }

  abort(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { ports, file, partPath, ended } = this.#options;
    file.close(() => ports.fileSystem.remove(partPath, () => ended()));
  }

  #begin(): void {
    assert(!this.#ended, 'a snapshot that was committed or aborted takes no more');
    assert(!this.#busy, 'a snapshot takes one call at a time');
    this.#busy = true;
  }

  #end(error: Error | null, done: (error: Error | null) => void): void {
    this.#busy = false;
    done(error);
  }

  #take(chunks: Uint8Array[]): { offset: number; chunks: Uint8Array[] } {
    const all = [...this.#pending, ...chunks];
    this.#pending = [];
    const offset = this.#position;
    for (const chunk of all) this.#position += chunk.length;
    return { offset, chunks: all };
  }
}
