import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ReadableFile } from '../core/bolt/bolt-reader.ts';
import { ServerError } from '../core/server-error.ts';

/** What follows the database in a file that was saved through the API. */
const hashBytes = 32;

/** Databases are whole pages of at least this. */
const sectorBytes = 512;

const windowBytes = 1024 * 1024;

/**
 * A file of a database: as `snapshot save` writes it, with its SHA-256 behind it, or as it lies in
 * the directory of an etcd, without.
 */
export class SnapshotFile implements ReadableFile {
  /** Of the database, without the hash. */
  readonly bytes: number;
  readonly hasHash: boolean;
  readonly #fd: number;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt = 0;

  /** @throws the system's error when it cannot be opened */
  constructor(path: string) {
    this.#fd = openSync(path, 'r');
    const { size } = fstatSync(this.#fd);
    this.hasHash = size % sectorBytes === hashBytes;
    this.bytes = size - (this.hasHash ? hashBytes : 0);
  }

  read(offset: number, length: number): Uint8Array {
    if (offset + length > this.bytes) throw invalid(`it ends at ${this.bytes} bytes`);
    if (length > windowBytes) return this.#load(offset, length);
    const at = offset - this.#windowAt;
    if (at < 0 || at + length > this.#window.length) {
      // A new one each time: what was handed out before stays as it is.
      this.#window = this.#load(offset, Math.min(windowBytes, this.bytes - offset));
      this.#windowAt = offset;
      return this.#window.subarray(0, length);
    }
    return this.#window.subarray(at, at + length);
  }

  /**
   * Reads everything.
   *
   * @returns the SHA-256 of the database in hex digits, and whether the file says the same; null
   *   when it says nothing
   */
  checkHash(): { readonly sha256: string; readonly isGood: boolean | null } {
    const hash = createHash('sha256');
    for (let at = 0; at < this.bytes; at += windowBytes) {
      hash.update(this.#load(at, Math.min(windowBytes, this.bytes - at)));
    }
    const sha256 = hash.digest('hex');
    if (!this.hasHash) return { sha256, isGood: null };
    const said = Buffer.from(this.#load(this.bytes, hashBytes)).toString('hex');
    return { sha256, isGood: said === sha256 };
  }

  close(): void {
    closeSync(this.#fd);
  }

  #load(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const read = readSync(this.#fd, bytes, at, length - at, offset + at);
      if (read === 0) throw invalid(`it was cut to ${offset + at} bytes while it was read`);
      at += read;
    }
    return bytes;
  }
}

function invalid(reason: string): ServerError<'SERVER_SNAPSHOT_INVALID'> {
  const message = `the file is no intact bbolt database: ${reason}; save the snapshot again`;
  return new ServerError('SERVER_SNAPSHOT_INVALID', message, { reason });
}

/**
 * @param use called with the open file, which is closed afterwards
 * @throws ServerError SERVER_SNAPSHOT_INVALID: the file cannot be read
 */
export async function withSnapshotFile<T>(
  path: string,
  use: (file: SnapshotFile) => T | Promise<T>,
): Promise<T> {
  let file: SnapshotFile;
  try {
    file = new SnapshotFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${path} cannot be read: ${reason}`;
    throw new ServerError('SERVER_SNAPSHOT_INVALID', message, { reason }, { cause: error });
  }
  try {
    return await use(file);
  } finally {
    file.close();
  }
}
