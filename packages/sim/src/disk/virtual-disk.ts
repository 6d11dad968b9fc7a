import {
  type Completion,
  type File,
  type FileSystem,
  FileSystemError,
  type Prng,
  type ResultCompletion,
} from '@quorate/base';
import { type BlockingBackend, VirtualBlocking } from './virtual-blocking.ts';
import { VirtualContent } from './virtual-content.ts';
import { type FileBackend, fileSystemError, VirtualFile } from './virtual-file.ts';
import { normalPath, VirtualNames } from './virtual-names.ts';

export interface DiskLatency {
  /** Each operation takes at least this long ... */
  readonly minMs: number;
  /** ... and at most this, drawn evenly, plus the time its bytes take. */
  readonly maxMs: number;
  readonly perMebibyteMs: number;
}

export interface VirtualDiskOptions {
  readonly schedule: (delayMs: number, callback: () => void) => void;
  readonly prng: Prng;
  /** Default: endless. */
  readonly capacityBytes?: number;
  /** What reaches the medium as one. Default 512. */
  readonly sectorBytes?: number;
  readonly latency?: DiskLatency;
}

/** `fail` reports an error, content unknown; `lose` reports success, and nothing became durable. */
export type SyncFault = 'fail' | 'lose';

interface InjectedSyncFault {
  readonly fault: SyncFault;
  readonly matches: (path: string) => boolean;
  left: number;
}

/**
 * A disk that keeps only what it was told to keep. Everything it decides comes from its prng, so
 * the same calls at the same virtual times end the same way.
 *
 * Content is durable after a sync, a name after a sync of its directory. A crash leaves each other
 * change whole, gone or torn. Operations take effect in the cache when they begin and complete
 * after a drawn latency; a crash in between means that their completion never comes.
 */
export class VirtualDisk implements FileSystem {
  readonly blocking: VirtualBlocking;
  capacityBytes: number;
  latency: DiskLatency;
  readonly #schedule: (delayMs: number, callback: () => void) => void;
  readonly #prng: Prng;
  readonly #sectorBytes: number;
  readonly #names = new VirtualNames();
  readonly #locks = new Map<string, object>();
  readonly #syncFaults: InjectedSyncFault[] = [];
  #epoch = 0;

  constructor(options: VirtualDiskOptions) {
    this.#schedule = options.schedule;
    this.#prng = options.prng;
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
    this.#sectorBytes = options.sectorBytes ?? 512;
    this.latency = options.latency ?? { minMs: 0.1, maxMs: 1, perMebibyteMs: 4 };
    const backend: BlockingBackend = {
      names: this.#names,
      locks: this.#locks,
      put: (path, content, offset, bytes) => this.#put(path, content, offset, bytes),
      sync: (path, content) => this.#sync(path, content),
    };
    this.blocking = new VirtualBlocking(backend);
  }

  /** Bytes of all files, as a full disk counts them. */
  get usedBytes(): number {
    let bytes = 0;
    for (const content of this.#names.contents()) bytes += content.size;
    return bytes;
  }

  /** The power goes: what was not synced may be lost, what was under way never completes. */
  crash(): void {
    this.kill();
    this.#names.losePower(this.#prng);
    for (const content of this.#names.contents()) {
      content.losePower(this.#prng, this.#sectorBytes);
    }
  }

  /** The process dies and the machine lives: the cache stays, unsynced as it was. */
  kill(): void {
    this.#epoch += 1;
    this.#locks.clear();
  }

  /** The next `count` syncs of matching files go wrong. */
  injectSyncFault(fault: SyncFault, matches: (path: string) => boolean, count: number): void {
    this.#syncFaults.push({ fault, matches, left: count });
  }

  /** Faults that were injected and have not struck yet are taken back. */
  clearSyncFaults(): void {
    this.#syncFaults.length = 0;
  }

  /** @param bit 0 to 7 */
  flipBit(path: string, offset: number, bit: number): void {
    this.#names.file(normalPath(path)).flipBit(offset, bit);
  }

  create(path: string, done: ResultCompletion<File>): void {
    this.#result(done, () => {
      const name = normalPath(path);
      if (this.#names.has(name)) throw new FileSystemError('exists', path, `${path}: exists`);
      const content = new VirtualContent();
      this.#names.add(name, content);
      return new VirtualFile(name, content, this.#backend());
    });
  }

  open(path: string, done: ResultCompletion<File>): void {
    this.#result(done, () => {
      const name = normalPath(path);
      return new VirtualFile(name, this.#names.file(name), this.#backend());
    });
  }

  size(path: string, done: ResultCompletion<number>): void {
    this.#result(done, () => this.#names.file(normalPath(path)).size);
  }

  rename(from: string, to: string, done: Completion): void {
    this.#result(done, () => this.#names.rename(normalPath(from), normalPath(to)));
  }

  remove(path: string, done: Completion): void {
    this.#result(done, () => this.#names.remove(normalPath(path)));
  }

  syncDirectory(path: string, done: Completion): void {
    this.#complete(this.#epoch, 0, () => {
      let failure: FileSystemError | null = null;
      try {
        this.#names.sync(normalPath(path));
      } catch (error) {
        failure = fileSystemError(error);
      }
      done(failure);
    });
  }

  #result<T>(done: ResultCompletion<T>, begin: () => T): void {
    let value: T | null = null;
    let failure: FileSystemError | null = null;
    try {
      value = begin();
    } catch (error) {
      failure = fileSystemError(error);
    }
    this.#complete(this.#epoch, 0, () => done(failure, value));
  }

  /** A file opened before a crash belongs to a dead process: nothing it does has an effect. */
  #backend(): FileBackend {
    const epoch = this.#epoch;
    return {
      complete: (bytes, callback) => this.#complete(epoch, bytes, callback),
      put: (path, content, offset, bytes) => {
        if (epoch === this.#epoch) this.#put(path, content, offset, bytes);
      },
      sync: (path, content) => this.#sync(path, content),
    };
  }

  #complete(epoch: number, bytes: number, callback: () => void): void {
    const { minMs, maxMs, perMebibyteMs } = this.latency;
    const drawnMs = minMs + this.#prng.float() * (maxMs - minMs);
    this.#schedule(drawnMs + (bytes / 2 ** 20) * perMebibyteMs, () => {
      if (epoch === this.#epoch) callback();
    });
  }

  #put(path: string, content: VirtualContent, offset: number, bytes: Uint8Array): void {
    const growth = Math.max(0, offset + bytes.length - content.size);
    // Counting what is used takes a walk over all files: only where it matters.
    const limited = growth > 0 && this.capacityBytes !== Number.POSITIVE_INFINITY;
    const room = limited ? Math.max(0, this.capacityBytes - this.usedBytes) : growth;
    if (growth <= room) {
      content.write(offset, bytes);
      return;
    }
    const fits = Math.max(0, content.size + room - offset);
    content.write(offset, bytes.subarray(0, fits));
    throw new FileSystemError('full', path, `${path}: no space left on the disk`);
  }

  #sync(path: string, content: VirtualContent): void {
    const injected = this.#syncFaults.find((fault) => fault.left > 0 && fault.matches(path));
    if (!injected) {
      content.sync();
      return;
    }
    injected.left -= 1;
    if (injected.fault === 'lose') return;
    content.failSync(this.#prng, this.#sectorBytes);
    throw new FileSystemError('io', path, `${path}: the sync failed`);
  }
}
