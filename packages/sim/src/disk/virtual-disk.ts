import {
  type Completion,
  concatBytes,
  type File,
  type FileSystem,
  FileSystemError,
  type Prng,
  type ResultCompletion,
} from '@quorate/base';
import { DiskFaults, type DiskPlace, type StruckFault, type SyncFault } from './disk-faults.ts';
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
  readonly #faults = new DiskFaults();
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
      put: (path, content, offset, chunks) => this.#put(path, content, offset, chunks),
      sync: (path, content) => this.#sync(path, content),
      read: (path, content, offset, length) => this.#read(path, content, offset, length),
      open: (path, content) => new VirtualFile(path, content, this.#backend()),
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

  /**
   * The next `count` syncs of matching files go wrong, of those that `write` their bytes durably
   * too. `fail`: an I/O error; of what was unsynced some is durable, and no later sync mends the
   * rest. `lose`: success is reported and nothing became durable; readers see it until the power
   * goes, and a later sync that works makes it durable after all.
   */
  injectSyncFault(fault: SyncFault, matches: (path: string) => boolean, count: number): void {
    this.#faults.injectSync(fault, matches, count);
  }

  /** The next `count` reads of matching files fail with an I/O error; the bytes are unharmed. */
  injectReadFault(matches: (path: string) => boolean, count: number): void {
    this.#faults.injectRead(matches, count);
  }

  /**
   * The next `count` writes to matching files land, at once and durably, at another place that is
   * aligned to a sector: of the same file, or of another one that matches. Its own place keeps the
   * old bytes, the writer is told that all went well. What would reach beyond the end of the file
   * that it lands in is lost; without another place all of it is.
   */
  injectMisdirectedWrite(matches: (path: string) => boolean, count: number): void {
    this.#faults.injectMisdirection(matches, count);
  }

  /** Injected sync faults that have not struck yet are taken back. */
  clearSyncFaults(): void {
    this.#faults.clearSyncs();
  }

  /** Injected faults of every kind that have not struck yet are taken back. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /** What was injected or flipped and did strike, in order, since the disk exists. */
  get struckFaults(): readonly StruckFault[] {
    return this.#faults.struck;
  }

  /**
   * Rot of the medium: flips a bit of the file's durable content. It is there after a loss of
   * power, and readers see it at once, except where something newer waits for its sync.
   *
   * @param bit 0 to 7
   * @returns where, or null when there is no such file or durable byte
   */
  flipBit(path: string, byteOffset: number, bit: number): DiskPlace | null {
    const name = normalPath(path);
    const content = this.#names.content(name);
    if (content === null || byteOffset >= content.durableSize) return null;
    content.flipBit(byteOffset, bit);
    this.#faults.note('flipped bit', name);
    return { path: name, offset: byteOffset };
  }

  /**
   * Flips one bit of one matching file, both drawn; bytes that are not zero are preferred, since
   * most of a log segment is the zeros of its future.
   *
   * @returns where, or null when no matching file has durable content
   */
  corrupt(prng: Prng, matches: (path: string) => boolean): DiskPlace | null {
    const files = this.#names
      .files()
      .filter(([path, content]) => content.durableSize > 0 && matches(path));
    if (files.length === 0) return null;
    const [path, content] = prng.pick(files);
    let offset = prng.below(content.durableSize);
    for (let draws = 0; draws < 16 && content.durableByte(offset) === 0; draws++) {
      offset = prng.below(content.durableSize);
    }
    return this.flipBit(path, offset, prng.below(8));
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
      put: (path, content, offset, chunks) => {
        if (epoch === this.#epoch) this.#put(path, content, offset, chunks);
      },
      sync: (path, content) => this.#sync(path, content),
      read: (path, content, offset, length) => this.#read(path, content, offset, length),
    };
  }

  #complete(epoch: number, bytes: number, callback: () => void): void {
    const { minMs, maxMs, perMebibyteMs } = this.latency;
    const drawnMs = minMs + this.#prng.float() * (maxMs - minMs);
    this.#schedule(drawnMs + (bytes / 2 ** 20) * perMebibyteMs, () => {
      if (epoch === this.#epoch) callback();
    });
  }

  #put(path: string, content: VirtualContent, offset: number, chunks: readonly Uint8Array[]): void {
    const astray = this.#faults.strikeWrite(path);
    if (astray !== null) {
      this.#misdirect(path, offset, concatBytes(chunks), astray);
      return;
    }
    let position = offset;
    for (const chunk of chunks) {
      this.#putChunk(path, content, position, chunk);
      position += chunk.length;
    }
  }

  #putChunk(path: string, content: VirtualContent, offset: number, bytes: Uint8Array): void {
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

  #misdirect(
    path: string,
    offset: number,
    bytes: Uint8Array,
    matches: (path: string) => boolean,
  ): void {
    const sector = this.#sectorBytes;
    const isOwn = (name: string, at: number): boolean =>
      name === path && at === Math.floor(offset / sector);
    const places = this.#names
      .files()
      .filter(([name]) => name === path || matches(name))
      .flatMap(([name, content]) => {
        const sectors = Math.ceil(content.size / sector);
        const free = isOwn(name, sectors - 1) && sectors === 1 ? 0 : sectors;
        return free === 0 ? [] : [{ name, content, sectors }];
      });
    if (places.length === 0) return;
    const { name, content, sectors } = this.#prng.pick(places);
    let at = this.#prng.below(sectors);
    if (isOwn(name, at)) at = (at + 1) % sectors;
    content.overwrite(at * sector, bytes);
  }

  #read(path: string, content: VirtualContent, offset: number, length: number): Uint8Array {
    if (this.#faults.strikesRead(path)) {
      throw new FileSystemError('io', path, `${path}: the read failed`);
    }
    return content.read(offset, length);
  }

  #sync(path: string, content: VirtualContent): void {
    const fault = this.#faults.strikeSync(path);
    if (fault === null) {
      content.sync();
    } else if (fault === 'fail') {
      content.failSync(this.#prng, this.#sectorBytes);
      throw new FileSystemError('io', path, `${path}: the sync failed`);
    }
  }
}
