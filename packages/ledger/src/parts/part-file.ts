import {
  type File,
  type FileSystem,
  type FileSystemError,
  type Logger,
  type MachinePlace,
  present,
} from '@quorate/base';
import { partDamaged } from '../ledger-error.ts';

/** So much is written before it is made durable, lest one sync takes long. */
const unsyncedBytes = 8 * 1024 * 1024;

interface Waiter {
  /** Of the file; what lies before it has to be durable. */
  readonly end: number;
  readonly done: (error: Error | null) => void;
}

/**
 * One file of parts, written at its end in the background. A part stays in memory until it is
 * durable: after a failed sync nobody knows what the disk has, so all since the last one that
 * worked is written again.
 */
export class PartFile {
  readonly path: string;
  readonly #fileSystem: FileSystem;
  readonly #logger: Logger;
  readonly #directory: string;
  #file: File | null;
  /** Not durable yet, by offset. */
  readonly #pending = new Map<number, Uint8Array>();
  #pendingBytes = 0;
  #end: number;
  #writtenEnd: number;
  #durableEnd: number;
  /** The directory durably has its name. */
  #isNamed: boolean;
  #isBusy = false;
  /** And was said to. */
  #isFailing = false;
  #waiters: Waiter[] = [];
  #isRemoved = false;
  /** What is left to be done when the file, which is being made, was removed meanwhile. */
  #onCreated: () => void = () => undefined;

  /**
   * @param file null: there is none yet
   * @param end of what is used of it; what follows is written over
   */
  constructor({ ports, directory }: MachinePlace, name: string, file: File | null, end: number) {
    this.path = `${directory}/${name}`;
    this.#fileSystem = ports.fileSystem;
    this.#logger = ports.logger;
    this.#directory = directory;
    this.#file = file;
    this.#isNamed = file !== null;
    this.#end = end;
    this.#writtenEnd = end;
    this.#durableEnd = end;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** @returns the offset of the bytes */
  add(bytes: Uint8Array): number {
    const offset = this.#end;
    this.#pending.set(offset, bytes);
    this.#pendingBytes += bytes.length;
    this.#end += bytes.length;
    this.#advance();
    return offset;
  }

  /** @throws LedgerError LEDGER_PART_DAMAGED */
  read(offset: number, from: number, length: number): Uint8Array {
    const pending = this.#pending.get(offset);
    if (pending !== undefined) return pending.subarray(from, from + length);
    const file = this.#file;
    if (file === null) return partDamaged(this.#at(offset), 'there is no such file');
    let bytes: Uint8Array;
    try {
      bytes = file.readNow(offset + from, length);
    } catch (error) {
      return partDamaged(this.#at(offset), (error as FileSystemError).message);
    }
    if (bytes.length < length) partDamaged(this.#at(offset), 'the file ends before it');
    return bytes;
  }

  sync(done: (error: Error | null) => void): void {
    if (this.#durableEnd === this.#end) {
      done(null);
      return;
    }
    this.#waiters.push({ end: this.#end, done });
    this.#advance();
  }

  /** Its parts are of no use any more. */
  remove(done: (error: FileSystemError | null) => void): void {
    this.#isRemoved = true;
    this.#pending.clear();
    this.#pendingBytes = 0;
    this.#answer(new Error(`${this.path} was removed`));
    const unlink = (): void => this.#fileSystem.remove(this.path, done);
    if (this.#file !== null) this.#file.close(unlink);
    else if (this.#isBusy) this.#onCreated = unlink;
    else unlink();
  }

  /** Gives its descriptor back, when nothing is being written any more. */
  close(done: () => void): void {
    this.#isRemoved = true;
    this.#answer(new Error(`${this.path} was closed`));
    if (this.#file !== null) this.#file.close(done);
    else if (this.#isBusy) this.#onCreated = done;
    else done();
  }

  #at(offset: number): string {
    return `${this.path} at byte ${offset}`;
  }

  /** One step after the other: make the file, write what has come, make it durable. */
  #advance(): void {
    if (this.#isBusy || this.#isRemoved) return;
    const isDue = this.#waiters.length > 0 || this.#writtenEnd - this.#durableEnd >= unsyncedBytes;
    if (this.#file === null) this.#create();
    else if (!this.#isNamed) this.#syncName();
    else if (this.#writtenEnd < this.#end) this.#write(this.#file);
    else if (isDue && this.#durableEnd < this.#writtenEnd) this.#makeDurable(this.#file);
  }

  #create(): void {
    this.#isBusy = true;
    this.#fileSystem.create(this.path, (error, file) => {
      if (error !== null) {
        this.#failed(error);
        this.#onCreated();
        return;
      }
      if (this.#isRemoved) {
        file?.close(this.#onCreated);
        return;
      }
      this.#file = file;
      this.#stepDone();
    });
  }

  #syncName(): void {
    this.#isBusy = true;
    this.#fileSystem.syncDirectory(this.#directory, (error) => {
      if (error !== null) {
        this.#failed(error);
        return;
      }
      this.#isNamed = true;
      this.#stepDone();
    });
  }

  #write(file: File): void {
    const from = this.#writtenEnd;
    const chunks: Uint8Array[] = [];
    let end = from;
    while (end < this.#end && end - from < unsyncedBytes) {
      const bytes = present(this.#pending.get(end), 'what is not written is in memory');
      chunks.push(bytes);
      end += bytes.length;
    }
    this.#isBusy = true;
    file.write(from, chunks, (error) => {
      if (error !== null) {
        this.#failed(error);
        return;
      }
      this.#writtenEnd = end;
      this.#stepDone();
    });
  }

  #makeDurable(file: File): void {
    const end = this.#writtenEnd;
    this.#isBusy = true;
    file.sync((error) => {
      if (error !== null) {
        this.#failed(error);
        return;
      }
      for (let at = this.#durableEnd; at < end; ) {
        const length = this.#pending.get(at)?.length ?? end - at;
        this.#pending.delete(at);
        at += length;
      }
      this.#pendingBytes -= end - this.#durableEnd;
      this.#durableEnd = end;
      this.#isFailing = false;
      this.#answer(null);
      this.#stepDone();
    });
  }

  #stepDone(): void {
    this.#isBusy = false;
    this.#advance();
  }

  /** Tried again at the next call: a disk that is full may have room by then. */
  #failed(error: FileSystemError): void {
    this.#isBusy = false;
    this.#writtenEnd = this.#durableEnd;
    if (!this.#isFailing)
      this.#logger.warn('parts cannot be written, they stay in memory and are tried again', {
        file: this.path,
        reason: error.message,
      });
    this.#isFailing = true;
    this.#answer(error);
  }

  #answer(error: Error | null): void {
    const isReady = ({ end }: Waiter): boolean => error !== null || end <= this.#durableEnd;
    const ready = this.#waiters.filter(isReady);
    this.#waiters = this.#waiters.filter((waiter) => !isReady(waiter));
    for (const { done } of ready) done(error);
  }
}
