import {
  type BlockingFileSystem,
  type DirectoryLock,
  type File,
  FileSystemError,
} from '@quorate/base';
import { VirtualContent } from './virtual-content.ts';
import { normalPath, type VirtualNames } from './virtual-names.ts';

/** What the blocking calls need of the disk they belong to. */
export interface BlockingBackend {
  readonly names: VirtualNames;
  /** Each with its holder. */
  readonly locks: Map<string, object>;
  /** Writes as far as there is room. @throws FileSystemError full */
  put(path: string, content: VirtualContent, offset: number, chunks: readonly Uint8Array[]): void;
  /** Makes durable, or fails, or only pretends to, as the injected faults have it. */
  sync(path: string, content: VirtualContent): void;
  /** @throws FileSystemError io, when that was injected */
  read(path: string, content: VirtualContent, offset: number, length: number): Uint8Array;
  open(path: string, content: VirtualContent): File;
}

/** Thrown out of a blocking call at which the power was set to fail; call `crash()` next. */
export class PowerFailure extends Error {
  override readonly name = 'PowerFailure';
}

/** Takes effect at once. The calls that change something count towards a power failure. */
export class VirtualBlocking implements BlockingFileSystem {
  readonly #disk: BlockingBackend;
  #callsLeft = Number.POSITIVE_INFINITY;

  constructor(disk: BlockingBackend) {
    this.#disk = disk;
  }

  /** The `calls`-th changing call from now takes effect without becoming durable, and throws. */
  failPowerAfter(calls: number): void {
    this.#callsLeft = calls;
  }

  makeDirectory(path: string): void {
    this.#disk.names.makeDirectory(normalPath(path));
    this.#count();
  }

  list(path: string): string[] {
    return this.#disk.names.list(normalPath(path));
  }

  readFile(path: string): Uint8Array {
    const name = normalPath(path);
    const content = this.#disk.names.file(name);
    return this.#disk.read(name, content, 0, content.size);
  }

  openFile(path: string): File {
    const name = normalPath(path);
    return this.#disk.open(name, this.#disk.names.file(name));
  }

  writeFileDurably(path: string, bytes: Uint8Array): void {
    const name = normalPath(path);
    const content = new VirtualContent();
    if (this.#disk.names.has(name)) this.#disk.names.replace(name, content);
    else this.#disk.names.add(name, content);
    this.#disk.put(name, content, 0, [bytes]);
    this.#count();
    this.#disk.sync(name, content);
  }

  overwriteDurably(path: string, offset: number, bytes: Uint8Array): void {
    const name = normalPath(path);
    const content = this.#disk.names.file(name);
    this.#disk.put(name, content, offset, [bytes]);
    this.#count();
    this.#disk.sync(name, content);
  }

  rename(from: string, to: string): void {
    this.#disk.names.rename(normalPath(from), normalPath(to));
    this.#count();
  }

  remove(path: string): void {
    this.#disk.names.remove(normalPath(path));
    this.#count();
  }

  syncDirectory(path: string): void {
    this.#count();
    this.#disk.names.sync(normalPath(path));
  }

  lock(path: string): DirectoryLock {
    const name = normalPath(path);
    this.#disk.names.list(name);
    if (this.#disk.locks.has(name)) {
      throw new FileSystemError('locked', path, `${path}: locked by another process`);
    }
    const { locks } = this.#disk;
    // A process that died has lost its lock; releasing it must not end its successor's.
    const holder = {};
    locks.set(name, holder);
    const release = (): void => {
      if (locks.get(name) === holder) locks.delete(name);
    };
    return { release };
  }

  #count(): void {
    this.#callsLeft -= 1;
    if (this.#callsLeft > 0) return;
    this.#callsLeft = Number.POSITIVE_INFINITY;
    throw new PowerFailure('the power failed during a blocking call');
  }
}
