import { assert, portableChecksum, present } from '@quorate/base';
import type { PartLane, PartPlace, PartStore } from './part-store.ts';

/** Parts that are only in memory: for tests, and for machines without a disk. */
export class MemoryParts implements PartStore {
  readonly #files = new Map<number, Uint8Array[]>();
  readonly #current = new Map<PartLane, number>();
  #last = 0;
  #pins = 0;
  #retained: { readonly files: ReadonlySet<number>; readonly last: number } | null = null;

  /** Numbers of the files that are there. */
  get files(): readonly number[] {
    return [...this.#files.keys()];
  }

  add(lane: PartLane, bytes: Uint8Array): PartPlace {
    const file = this.#current.get(lane) ?? ++this.#last;
    this.#current.set(lane, file);
    const parts = this.#files.get(file) ?? [];
    this.#files.set(file, parts);
    // The place of a part in its file serves as an offset.
    const offset = parts.length;
    parts.push(bytes);
    return { file, offset, length: bytes.length, crc: this.checksum(bytes) };
  }

  turn(lane: PartLane): void {
    this.#current.delete(lane);
  }

  read({ file, offset }: PartPlace): Uint8Array {
    return present(this.#files.get(file)?.[offset], 'a part that is read has not been removed');
  }

  readSome(place: PartPlace, from: number, length: number): Uint8Array {
    assert(from + length <= place.length, 'what is read is within its part');
    return this.read(place).subarray(from, from + length);
  }

  checksum(bytes: Uint8Array): number {
    return portableChecksum.crc32(bytes, 0);
  }

  sync(done: (error: Error | null) => void): void {
    done(null);
  }

  drained(done: () => void): void {
    done();
  }

  retain(files: ReadonlySet<number>): void {
    this.#retained = { files, last: this.#last };
    this.#removeOthers();
  }

  pin(): () => void {
    this.#pins++;
    return () => {
      this.#pins--;
      this.#removeOthers();
    };
  }

  #removeOthers(): void {
    if (this.#pins > 0 || this.#retained === null) return;
    const { files, last } = this.#retained;
    this.#retained = null;
    for (const file of this.#files.keys()) if (file <= last && !files.has(file)) this.#remove(file);
  }

  #remove(file: number): void {
    this.#files.delete(file);
    for (const [lane, current] of this.#current) if (current === file) this.#current.delete(lane);
  }
}
