import type { File, FileSystem, FileSystemError, Logger, Timer, Timers } from '@quorate/base';
import { segmentPath, walDirectory } from '../data-layout.ts';

/** A batch that arrives just then waits for one piece: about a millisecond of disk. */
const pieceBytes = 256 * 1024;
const firstRetryMs = 100;
const longestRetryMs = 5000;

interface SpareSegmentOptions {
  readonly fileSystem: FileSystem;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly directory: string;
  readonly segmentBytes: number;
  /** A batch is on its way to the disk: the next piece waits for `batchDone`. */
  readonly logIsBusy: () => boolean;
  readonly onReady: () => void;
  /** `failing` became true. */
  readonly onFull: () => void;
  /** Something other than a full disk; the disk is not to be trusted. */
  readonly onFailure: (error: FileSystemError, file: string) => void;
}

export interface TakenSegment {
  readonly sequence: number;
  readonly file: File;
  readonly bytes: number;
}

/**
 * The segment that comes next: created, filled with zeros and durable before it is needed, so that
 * appends change no file's size and a full disk shows early. Filled piece by piece, with at most
 * one piece between two batches of the log.
 */
export class SpareSegment {
  readonly #options: SpareSegmentOptions;
  readonly #zeros: Uint8Array;
  #sequence = 0;
  #wantedBytes = 0;
  #file: File | null = null;
  #filledBytes = 0;
  #named = false;
  /** Something of it is at the file system, or a retry is waiting. */
  #working = false;
  #waitsForBatch = false;
  #failing = false;
  #retryMs = firstRetryMs;
  #retry: Timer | null = null;
  #closing: (() => void) | null = null;

  constructor(options: SpareSegmentOptions) {
    this.#options = options;
    this.#zeros = new Uint8Array(Math.min(pieceBytes, options.segmentBytes));
  }

  /** True from a full disk until there is room again. */
  get failing(): boolean {
    return this.#failing;
  }

  get bytes(): number {
    return this.#filledBytes;
  }

  /** Begins the next spare. */
  prepare(sequence: number): void {
    this.#sequence = sequence;
    this.#wantedBytes = this.#options.segmentBytes;
    this.#file = null;
    this.#filledBytes = 0;
    this.#named = false;
    this.#proceed();
  }

  /** @returns the spare when it has room for `bytes`; else null, and `onReady` follows */
  take(bytes: number): TakenSegment | null {
    this.#wantedBytes = Math.max(this.#wantedBytes, bytes);
    if (this.#file && this.#ready()) {
      return { sequence: this.#sequence, file: this.#file, bytes: this.#filledBytes };
    }
    this.#waitsForBatch = false;
    this.#proceed();
    return null;
  }

  batchDone(): void {
    if (!this.#waitsForBatch) return;
    this.#waitsForBatch = false;
    this.#proceed();
  }

  /** Lets what is under way end, and closes the file. */
  close(done: () => void): void {
    this.#retry?.cancel();
    if (this.#retry) this.#working = false;
    this.#retry = null;
    this.#closing = done;
    if (!this.#working) this.#finishClosing();
  }

  #ready(): boolean {
    return this.#named && !this.#working && this.#filledBytes >= this.#wantedBytes;
  }

  #finishClosing(): void {
    const done = this.#closing;
    this.#closing = () => undefined;
    if (this.#file && done) this.#file.close(() => done());
    else done?.();
  }

  #proceed(): void {
    if (this.#working || this.#waitsForBatch || this.#closing) return;
    if (!this.#file) this.#create();
    else if (this.#filledBytes < this.#wantedBytes) this.#fill(this.#file);
    else if (!this.#named) this.#syncName();
  }

  /** @returns false when there is nothing more to do */
  #ended(error: FileSystemError | null): boolean {
    this.#working = false;
    if (this.#closing) {
      this.#finishClosing();
      return false;
    }
    if (!error) return true;
    if (error.kind === 'full' || error.kind === 'exists') this.#discard();
    else this.#options.onFailure(error, segmentPath(this.#options.directory, this.#sequence));
    return false;
  }

  #create(): void {
    const { fileSystem, directory } = this.#options;
    this.#working = true;
    fileSystem.create(segmentPath(directory, this.#sequence), (error, file) => {
      this.#file = file;
      if (this.#ended(error)) this.#proceed();
    });
  }

  #fill(file: File): void {
    const missing = this.#wantedBytes - this.#filledBytes;
    const piece = this.#zeros.subarray(0, Math.min(missing, this.#zeros.length));
    this.#working = true;
    file.writeDurably(this.#filledBytes, [piece], (error) => {
      if (!error) this.#filledBytes += piece.length;
      if (!this.#ended(error)) return;
      this.#waitsForBatch = this.#options.logIsBusy();
      if (this.#named && this.#filledBytes >= this.#wantedBytes) this.#becomeReady();
      else this.#proceed();
    });
  }

  #syncName(): void {
    const { fileSystem, directory } = this.#options;
    this.#working = true;
    fileSystem.syncDirectory(walDirectory(directory), (error) => {
      this.#named = error === null;
      if (!this.#ended(error)) return;
      // A larger batch may have asked for more room in the meantime.
      if (this.#filledBytes >= this.#wantedBytes) this.#becomeReady();
      else this.#proceed();
    });
  }

  #becomeReady(): void {
    if (this.#failing) this.#options.logger.info('there is room for the log again');
    this.#failing = false;
    this.#retryMs = firstRetryMs;
    this.#waitsForBatch = false;
    this.#options.onReady();
  }

  /** A full disk: gives back what was taken, and tries again later. */
  #discard(): void {
    const { fileSystem, directory, logger } = this.#options;
    const path = segmentPath(directory, this.#sequence);
    if (!this.#failing) {
      logger.warn('no room for the next log segment', {
        file: path,
        neededBytes: this.#wantedBytes,
        advice: 'free as much on this file system; the node then goes on by itself',
      });
    }
    this.#failing = true;
    this.#working = true;
    this.#options.onFull();
    const file = this.#file;
    this.#file = null;
    this.#filledBytes = 0;
    this.#named = false;
    const remove = (): void => {
      fileSystem.remove(path, (error) => {
        const harmless = error === null || error.kind === 'notFound' || error.kind === 'full';
        if (harmless) this.#waitAndRetry();
        else this.#ended(error);
      });
    };
    if (file) file.close(remove);
    else remove();
  }

  #waitAndRetry(): void {
    if (this.#closing) {
      this.#ended(null);
      return;
    }
    this.#retry = this.#options.timers.after(this.#retryMs, () => {
      this.#retry = null;
      this.#working = false;
      this.#proceed();
    });
    this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2);
  }
}
