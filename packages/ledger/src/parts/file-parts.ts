import { assert, type MachinePlace, present } from '@quorate/base';
import { partDamaged } from '../ledger-error.ts';
import { PartFile } from './part-file.ts';
import { PartLane, type PartPlace, type PartStore } from './part-store.ts';

const laneNames = {
  [PartLane.history]: 'history',
  [PartLane.accounts]: 'accounts',
  [PartLane.ids]: 'ids',
};
const fileName = /^(?:history|accounts|ids)-(\d{1,15})$/;

/** So many bytes wait in memory for the disk before whoever restores is asked to wait. */
const usuallyPendingBytes = 64 * 1024 * 1024;
/** After which a disk that took nothing is asked again. */
const againMs = 1000;

/** Parts in files of a directory, `LANE-NUMBER` each. */
export class FileParts implements PartStore {
  readonly #place: MachinePlace;
  readonly #files = new Map<number, PartFile>();
  readonly #names = new Map<number, string>();
  /** Where the next part of a lane goes. */
  readonly #current = new Map<PartLane, number>();
  readonly #mostPendingBytes: number;
  #lastFile = 0;
  #isClosed = false;
  #pins = 0;
  /** What is to be kept of the files up to `lastFile`, once nothing is pinned any more. */
  #retained: { readonly files: ReadonlySet<number>; readonly lastFile: number } | null = null;

  /**
   * Begins with what is in the directory, by blocking calls.
   *
   * @param mostPendingBytes that wait for the disk before `drained` waits
   * @throws FileSystemError
   */
  constructor(place: MachinePlace, mostPendingBytes = usuallyPendingBytes) {
    this.#place = place;
    this.#mostPendingBytes = mostPendingBytes;
    try {
      this.#openAll();
    } catch (error) {
      // Nobody else knows of those that are open by now.
      this.close(() => undefined);
      throw error;
    }
  }

  /** Bytes that are not on the disk yet. */
  get pendingBytes(): number {
    let bytes = 0;
    for (const file of this.#files.values()) bytes += file.pendingBytes;
    return bytes;
  }

  /** Nothing can be read any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Before anything is put in: these are the parts in use, and what is behind the last one of a
   * lane may be written over.
   */
  resume(lane: PartLane, places: Iterable<PartPlace>): void {
    if (this.#current.has(lane)) return;
    let last: PartPlace | null = null;
    for (const place of places)
      if (
        last === null ||
        place.file > last.file ||
        (place.file === last.file && place.offset > last.offset)
      )
        last = place;
    if (last === null) return;
    const name = this.#names.get(last.file);
    if (name === undefined) partDamaged(`file ${last.file}`, 'it is not there');
    const { ports, directory } = this.#place;
    present(this.#files.get(last.file), 'a file with a name is there').close(() => undefined);
    const file = ports.fileSystem.blocking.openFile(`${directory}/${name}`);
    const end = last.offset + last.length;
    this.#files.set(last.file, new PartFile(this.#place, name, file, end));
    this.#current.set(lane, last.file);
  }

  add(lane: PartLane, bytes: Uint8Array): PartPlace {
    const number = this.#current.get(lane) ?? this.#begin(lane);
    const file = present(this.#files.get(number), 'the file of a lane is there');
    return {
      file: number,
      offset: file.add(bytes),
      length: bytes.length,
      crc: this.checksum(bytes),
    };
  }

  turn(lane: PartLane): void {
    this.#current.delete(lane);
  }

  read(place: PartPlace): Uint8Array {
    const bytes = this.readSome(place, 0, place.length);
    if (this.checksum(bytes) !== place.crc)
      partDamaged(`${this.#nameOf(place)} at byte ${place.offset}`, 'its checksum is another one');
    return bytes;
  }

  readSome({ file, offset, length: whole }: PartPlace, from: number, length: number): Uint8Array {
    assert(from + length <= whole, 'what is read is within its part');
    const there = this.#files.get(file);
    if (there === undefined)
      return partDamaged(`file ${file} at byte ${offset}`, 'it is not there');
    return there.read(offset, from, length);
  }

  checksum(bytes: Uint8Array): number {
    return this.#place.ports.checksum.crc32(bytes, 0);
  }

  sync(done: (error: Error | null) => void): void {
    let waiting = 1;
    let failure: Error | null = null;
    const one = (error: Error | null): void => {
      failure ??= error;
      if (--waiting === 0) done(failure);
    };
    for (const file of this.#files.values()) {
      waiting++;
      file.sync(one);
    }
    one(null);
  }

  drained(done: () => void): void {
    if (this.pendingBytes < this.#mostPendingBytes) {
      done();
      return;
    }
    this.sync((error) => {
      if (error === null) done();
      else if (!this.#isClosed) this.#place.ports.timers.after(againMs, () => this.drained(done));
    });
  }

  retain(files: ReadonlySet<number>): void {
    this.#retained = { files, lastFile: this.#lastFile };
    this.#removeOthers();
  }

  pin(): () => void {
    this.#pins++;
    let isPinned = true;
    return () => {
      assert(isPinned, 'what was kept is let go once');
      isPinned = false;
      this.#pins--;
      this.#removeOthers();
    };
  }

  /**
   * Gives all descriptors back; nothing is read or put in any more.
   *
   * @param done called when nothing is being written any more
   */
  close(done: () => void): void {
    this.#isClosed = true;
    const files = [...this.#files.values()];
    this.#files.clear();
    let waiting = files.length + 1;
    const closed = (): void => {
      if (--waiting === 0) done();
    };
    for (const file of files) file.close(closed);
    closed();
  }

  #openAll(): void {
    const { ports, directory } = this.#place;
    const { blocking } = ports.fileSystem;
    for (const name of blocking.list(directory)) {
      const number = Number(fileName.exec(name)?.[1] ?? 0);
      if (number === 0) continue;
      const file = blocking.openFile(`${directory}/${name}`);
      this.#keep(number, name, new PartFile(this.#place, name, file, 0));
    }
  }

  #nameOf({ file }: PartPlace): string {
    return `${this.#place.directory}/${this.#names.get(file)}`;
  }

  #removeOthers(): void {
    if (this.#pins > 0 || this.#retained === null) return;
    const { files, lastFile } = this.#retained;
    this.#retained = null;
    for (const number of [...this.#files.keys()])
      if (number <= lastFile && !files.has(number)) this.#remove(number);
  }

  #begin(lane: PartLane): number {
    const number = this.#lastFile + 1;
    const name = `${laneNames[lane]}-${number}`;
    this.#keep(number, name, new PartFile(this.#place, name, null, 0));
    this.#current.set(lane, number);
    return number;
  }

  #keep(number: number, name: string, file: PartFile): void {
    this.#files.set(number, file);
    this.#names.set(number, name);
    this.#lastFile = Math.max(this.#lastFile, number);
  }

  #remove(number: number): void {
    const file = present(this.#files.get(number), 'a file that is removed is there');
    this.#files.delete(number);
    this.#names.delete(number);
    for (const [lane, current] of this.#current) if (current === number) this.#current.delete(lane);
    file.remove((error) => {
      if (error === null || error.kind === 'notFound') return;
      const reason = error.message;
      this.#place.ports.logger.warn('a file of parts cannot be removed', {
        file: file.path,
        reason,
      });
    });
  }
}
