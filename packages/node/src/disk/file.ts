import { close, fdatasync, readSync } from 'node:fs';
import type { Completion, File, ResultCompletion } from '@quorate/base';
import { assert } from '@quorate/base';
import type { DiskThread } from './disk-thread.ts';
import { closedError, fileSystemError } from './file-system-failure.ts';
import type { Access } from './operation-order.ts';
import { OperationOrder } from './operation-order.ts';
import { readWhole, writeWhole } from './transfer.ts';

type Failure = { readonly message: string } | null;

function totalLength(chunks: readonly Uint8Array[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}

/**
 * An open file of the real disk: `writeDurably` goes to the disk thread, everything else to libuv's
 * pool, so that a snapshot being written does not hold up the log.
 */
export class DiskFile implements File {
  readonly path: string;
  readonly #descriptor: number;
  readonly #thread: DiskThread;
  readonly #order: OperationOrder;
  #closed = false;

  constructor(path: string, descriptor: number, size: number, thread: DiskThread) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#thread = thread;
    this.#order = new OperationOrder(size);
  }

  write(offset: number, chunks: readonly Uint8Array[], done: Completion): void {
    assert(offset >= 0, 'a write begins inside the file or after it');
    const access: Access = { kind: 'write', start: offset, end: offset + totalLength(chunks) };
    this.#submit('write', access, done, (finished) => {
      writeWhole(this.#descriptor, offset, chunks, finished);
    });
  }

  writeDurably(offset: number, chunks: readonly Uint8Array[], done: Completion): void {
    assert(offset >= 0, 'a write begins inside the file or after it');
    const end = offset + totalLength(chunks);
    this.#submit('write', { kind: 'durableWrite', start: offset, end }, done, (finished) => {
      this.#thread.writeDurably(this.#descriptor, offset, chunks, finished);
    });
  }

  sync(done: Completion): void {
    this.#submit('sync', { kind: 'sync', start: 0, end: 0 }, done, (finished) => {
      fdatasync(this.#descriptor, finished);
    });
  }

  read(offset: number, length: number, done: ResultCompletion<Uint8Array>): void {
    assert(offset >= 0 && length >= 0, 'a read begins inside the file or after it');
    let bytes: Uint8Array | null = null;
    const whenDone: Completion = (error) => done(error, error === null ? bytes : null);
    const access: Access = { kind: 'read', start: offset, end: offset + length };
    this.#submit('read', access, whenDone, (finished) => {
      readWhole(this.#descriptor, offset, length, (failure, result) => {
        bytes = result;
        finished(failure);
      });
    });
  }

  readNow(offset: number, length: number): Uint8Array {
    assert(offset >= 0 && length >= 0, 'a read begins inside the file or after it');
    if (this.#closed) throw closedError(this.path);
    const bytes = new Uint8Array(length);
    let filled = 0;
    try {
      for (let count = -1; filled < length && count !== 0; filled += count)
        count = readSync(this.#descriptor, bytes, filled, length - filled, offset + filled);
    } catch (error) {
      throw fileSystemError('read', this.path, error as NodeJS.ErrnoException);
    }
    return bytes.subarray(0, filled);
  }

  close(done: Completion): void {
    this.#submit('close', { kind: 'close', start: 0, end: 0 }, done, (finished) => {
      close(this.#descriptor, finished);
    });
    this.#closed = true;
  }

  #submit(
    action: string,
    access: Access,
    done: Completion,
    start: (finished: (failure: Failure) => void) => void,
  ): void {
    if (this.#closed) {
      setImmediate(done, closedError(this.path));
      return;
    }
    this.#order.submit(access, (finished) => {
      const finish = (failure: Failure): void => {
        // First, so that what waits is under way even when `done` throws.
        finished();
        done(failure === null ? null : fileSystemError(action, this.path, failure));
      };
      // A node whose log can no longer be written must not go on with the rest; it may clean up.
      const { death } = this.#thread;
      if (death !== null && access.kind !== 'close') setImmediate(finish, death);
      else start(finish);
    });
  }
}
