import { type Completion, type File, FileSystemError, type ResultCompletion } from '@quorate/base';
import type { VirtualContent } from './virtual-content.ts';

/** What an open file needs of the disk it is on. */
export interface FileBackend {
  /** Calls back after the time that so many bytes take; never after a crash. */
  complete(bytes: number, callback: () => void): void;
  put(path: string, content: VirtualContent, offset: number, chunks: readonly Uint8Array[]): void;
  sync(path: string, content: VirtualContent): void;
  /** @throws FileSystemError io, when that was injected */
  read(path: string, content: VirtualContent, offset: number, length: number): Uint8Array;
}

interface Operation {
  readonly bytes: number;
  /** Takes effect in the cache, before the time passes. @throws FileSystemError */
  readonly begin: () => void;
  /** Once the time has passed; given what `begin` threw. */
  readonly end: (error: FileSystemError | null) => void;
}

export function fileSystemError(error: unknown): FileSystemError {
  if (error instanceof FileSystemError) return error;
  throw error;
}

/** One operation at a time, in order, so that a crash finds at most one of them under way. */
export class VirtualFile implements File {
  readonly path: string;
  readonly #content: VirtualContent;
  readonly #disk: FileBackend;
  readonly #queue: Operation[] = [];
  #closed = false;

  constructor(path: string, content: VirtualContent, disk: FileBackend) {
    this.path = path;
    this.#content = content;
    this.#disk = disk;
  }

  write(offset: number, chunks: readonly Uint8Array[], done: Completion): void {
    const bytes = byteLength(chunks);
    this.#submit({ bytes, begin: () => this.#put(offset, chunks), end: done });
  }

  writeDurably(offset: number, chunks: readonly Uint8Array[], done: Completion): void {
    const bytes = byteLength(chunks);
    this.#submit({
      bytes,
      begin: () => this.#put(offset, chunks),
      end: (error) => done(error ?? this.#sync()),
    });
  }

  sync(done: Completion): void {
    this.#submit({
      bytes: 0,
      begin: () => undefined,
      end: (error) => done(error ?? this.#sync()),
    });
  }

  read(offset: number, length: number, done: ResultCompletion<Uint8Array>): void {
    this.#submit({
      bytes: length,
      begin: () => undefined,
      end: (error) => {
        if (error) done(error, null);
        else this.#read(offset, length, done);
      },
    });
  }

  readNow(offset: number, length: number): Uint8Array {
    if (this.#closed) throw closedError(this.path);
    return this.#disk.read(this.path, this.#content, offset, length);
  }

  close(done: Completion): void {
    this.#submit({ bytes: 0, begin: () => undefined, end: done });
    this.#closed = true;
  }

  #submit(operation: Operation): void {
    if (this.#closed) {
      const error = closedError(this.path);
      this.#disk.complete(0, () => operation.end(error));
      return;
    }
    this.#queue.push(operation);
    if (this.#queue.length === 1) this.#start(operation);
  }

  #start(operation: Operation): void {
    let failure: FileSystemError | null = null;
    try {
      operation.begin();
    } catch (error) {
      failure = fileSystemError(error);
    }
    this.#disk.complete(operation.bytes, () => {
      this.#queue.shift();
      const next = this.#queue[0];
      operation.end(failure);
      if (next) this.#start(next);
    });
  }

  #put(offset: number, chunks: readonly Uint8Array[]): void {
    this.#disk.put(this.path, this.#content, offset, chunks);
  }

  #read(offset: number, length: number, done: ResultCompletion<Uint8Array>): void {
    let bytes: Uint8Array;
    try {
      bytes = this.#disk.read(this.path, this.#content, offset, length);
    } catch (error) {
      done(fileSystemError(error), null);
      return;
    }
    done(null, bytes);
  }

  #sync(): FileSystemError | null {
    try {
      this.#disk.sync(this.path, this.#content);
      return null;
    } catch (error) {
      return fileSystemError(error);
    }
  }
}

function byteLength(chunks: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const chunk of chunks) bytes += chunk.length;
  return bytes;
}

function closedError(path: string): FileSystemError {
  return new FileSystemError('closed', path, `${path}: the file is closed`);
}
