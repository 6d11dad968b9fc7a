import { type BlockingFileSystem, type FileSystem, FileSystemError } from '@quorate/base';
import { PowerFailure } from './virtual-blocking.ts';
import type { VirtualDisk } from './virtual-disk.ts';

/**
 * A disk as a program sees it until the power fails in one of its blocking calls: that call and all
 * later ones end with an I/O error, and nothing of them is durable. Call `disk.crash()` next.
 */
export class PowerCut {
  readonly fileSystem: FileSystem;
  #isStruck = false;

  /** @param calls so many changing calls from now the power fails; infinity: it does not */
  constructor(disk: VirtualDisk, calls: number) {
    disk.blocking.failPowerAfter(calls);
    this.fileSystem = {
      blocking: this.#guarded(disk.blocking),
      create: (path, done) => disk.create(path, done),
      open: (path, done) => disk.open(path, done),
      size: (path, done) => disk.size(path, done),
      rename: (from, to, done) => disk.rename(from, to, done),
      remove: (path, done) => disk.remove(path, done),
      syncDirectory: (path, done) => disk.syncDirectory(path, done),
    };
  }

  get isStruck(): boolean {
    return this.#isStruck;
  }

  #guarded(blocking: BlockingFileSystem): BlockingFileSystem {
    const guard = <Result>(path: string, call: () => Result): Result => {
      if (this.#isStruck) throw new FileSystemError('io', path, 'the power is gone');
      try {
        return call();
      } catch (error) {
        if (!(error instanceof PowerFailure)) throw error;
        this.#isStruck = true;
        throw new FileSystemError('io', path, error.message);
      }
    };
    return {
      makeDirectory: (path) => guard(path, () => blocking.makeDirectory(path)),
      list: (path) => guard(path, () => blocking.list(path)),
      readFile: (path) => guard(path, () => blocking.readFile(path)),
      openFile: (path) => guard(path, () => blocking.openFile(path)),
      writeFileDurably: (path, bytes) => guard(path, () => blocking.writeFileDurably(path, bytes)),
      overwriteDurably: (path, offset, bytes) =>
        guard(path, () => blocking.overwriteDurably(path, offset, bytes)),
      rename: (from, to) => guard(from, () => blocking.rename(from, to)),
      remove: (path) => guard(path, () => blocking.remove(path)),
      syncDirectory: (path) => guard(path, () => blocking.syncDirectory(path)),
      lock: (path) => guard(path, () => blocking.lock(path)),
    };
  }
}
