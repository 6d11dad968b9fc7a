import type { CheckpointExpansion } from '@quorate/base';
import type { PartStore } from '../parts/part-store.ts';
import { RecordReader } from './record-reader.ts';
import { maxChunkBytes, recordHead, recordHeadBytes } from './record-writer.ts';
import { storedMark } from './snapshot-layout.ts';
import { type LazyRecord, wholeRecords } from './stored-record.ts';

/** Bytes of a whole snapshot that follow each other. */
interface Piece {
  readonly length: number;
  readonly draw: () => Uint8Array;
}

/** Puts what a checkpoint's records refer to in their place. */
export class LedgerExpansion implements CheckpointExpansion {
  readonly #parts: PartStore;
  readonly #release: () => void;
  readonly #reader = new RecordReader((kind, bytes) => this.#record(kind, bytes));
  #pieces: Piece[] = [];

  /** @param release called when nothing more is read */
  constructor(parts: PartStore, release: () => void) {
    this.#parts = parts;
    this.#release = release;
  }

  /** @throws LedgerError LEDGER_SNAPSHOT_INVALID; LEDGER_PART_DAMAGED as chunks are drawn */
  expand(chunk: Uint8Array): readonly (() => Uint8Array)[] {
    this.#pieces = [];
    this.#reader.read(chunk);
    const pieces = this.#pieces;
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const draws: (() => Uint8Array)[] = [];
    for (let from = 0; from < length; from += maxChunkBytes) {
      const to = Math.min(from + maxChunkBytes, length);
      draws.push(() => drawRange(pieces, from, to));
    }
    return draws;
  }

  close(): void {
    this.#release();
  }

  #record(kind: number, bytes: Uint8Array): void {
    if ((kind & storedMark) === 0) {
      this.#add({ kind, length: bytes.length, draw: () => bytes });
      return;
    }
    for (const record of wholeRecords(kind & ~storedMark, bytes, this.#parts)) this.#add(record);
  }

  #add({ kind, length, draw }: LazyRecord): void {
    const head = recordHead(kind, length);
    this.#pieces.push({ length: recordHeadBytes, draw: () => head });
    let drawn: Uint8Array | null = null;
    const once = (): Uint8Array => {
      drawn ??= draw();
      return drawn;
    };
    this.#pieces.push({ length, draw: once });
  }
}

function drawRange(pieces: readonly Piece[], from: number, to: number): Uint8Array {
  const chunk = new Uint8Array(to - from);
  let start = 0;
  for (const { length, draw } of pieces) {
    const [first, end] = [Math.max(from, start), Math.min(to, start + length)];
    if (first < end) chunk.set(draw().subarray(first - start, end - start), first - from);
    start += length;
  }
  return chunk;
}
