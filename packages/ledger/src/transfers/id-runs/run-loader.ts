import { assert } from '@quorate/base';
import { snapshotInvalid } from '../../ledger-error.ts';
import type { PartPlace, PartStore } from '../../parts/part-store.ts';
import type { LoneIds } from '../lone-ids.ts';
import { filterWords } from './id-filter.ts';
import { isBelow } from './id-order.ts';
import { IdRun } from './id-run.ts';
import type { IdRuns } from './id-runs.ts';
import {
  blockBytes,
  countOf,
  entryWords,
  headBytesOf,
  type IdSegment,
  parseHead,
  readHead,
} from './id-segment.ts';
import { SegmentWriter } from './segment-writer.ts';
import { valueAt } from './value-words.ts';
import { readWords } from './word-bytes.ts';

/** More than any number of ids can need. */
const maxLevel = 31;
type Checksum = PartStore['checksum'];

/**
 * Takes over the runs of a snapshot, by place or as bytes: for each `beginRun`, then its segments
 * in order; at last `end`.
 */
export class RunLoader {
  readonly #runs: IdRuns | null;
  readonly #ids: LoneIds;
  readonly #isValue: (value: number) => boolean;
  readonly #checksum: Checksum;
  #level = -1;
  #segments: IdSegment[] = [];
  #filters: Int32Array[] = [];
  /** Of the hashes in the filters of this run. */
  #seed = 0;
  /** The last id that came in this run; null: none has. */
  #last: Int32Array | null = null;

  /**
   * @param ids where they go: into runs, or, where there is no disk, into memory
   * @param isValue whether an id can have this number, where bytes come from outside
   * @param checksum CRC-32
   */
  constructor(ids: LoneIds, isValue: (value: number) => boolean, checksum: Checksum) {
    this.#runs = ids.onDisk;
    this.#ids = ids;
    this.#isValue = isValue;
    this.#checksum = checksum;
  }

  /** @throws LedgerError LEDGER_SNAPSHOT_INVALID */
  beginRun(level: number): void {
    if (!Number.isInteger(level) || level < 0 || level > maxLevel)
      snapshotInvalid(`a run of ids has level ${level}`);
    this.end();
    this.#level = level;
  }

  /**
   * A segment that this node has.
   *
   * @throws LedgerError LEDGER_PART_DAMAGED, LEDGER_SNAPSHOT_INVALID
   */
  addPlace(place: PartPlace): void {
    if (this.#runs === null) snapshotInvalid('it has ids on disk, and this node keeps none there');
    const { seed, filter, ...segment } = readHead(this.#runs.files.parts, place);
    this.#follow(segment.fences, segment.last);
    this.#push({ place, ...segment }, filter, seed);
  }

  /**
   * A segment from another node: it is written again, with a filter of our own.
   *
   * @throws LedgerError LEDGER_SNAPSHOT_INVALID
   */
  addBytes(bytes: Uint8Array): void {
    const entries = readEntries(bytes, this.#isValue, this.#checksum);
    const first = entries.subarray(0, 4);
    const last = entries.slice(entries.length - entryWords, entries.length - 2);
    this.#follow(first, last);
    if (this.#runs === null) {
      forEachEntry(entries, (at, l0, l1, l2, l3) => {
        this.#ids.add(l0, l1, l2, l3, valueAt(entries, at));
      });
      return;
    }
    const { files, seed } = this.#runs;
    const count = entries.length / entryWords;
    const filter = new Int32Array(filterWords(count));
    const writer = new SegmentWriter(count, filter, 0, seed);
    for (let at = 0; at < entries.length; at += entryWords) writer.add(entries, at);
    // The list is a new one in each run, so that it serves as the owner of the file.
    const owner = this.#segments;
    const segment = writer.finish(this.#checksum, (written) => files.add(owner, written));
    this.#push(segment, filter, seed);
  }

  /** After all segments of all runs. */
  end(): void {
    if (this.#segments.length > 0) {
      const words = this.#filters.reduce((sum, filter) => sum + filter.length, 0);
      const all = new Int32Array(words);
      let to = 0;
      for (const filter of this.#filters) {
        all.set(filter, to);
        to += filter.length;
      }
      this.#runs?.addRun(this.#level, new IdRun(this.#segments, all, this.#seed, false));
    }
    this.#segments = [];
    this.#filters = [];
    this.#last = null;
    this.#level = -1;
  }

  #push(segment: IdSegment, filter: Int32Array, seed: number): void {
    if (this.#segments.length > 0 && seed !== this.#seed)
      snapshotInvalid('segments of a run of ids have different seeds');
    this.#segments.push(segment);
    this.#filters.push(filter);
    this.#seed = seed;
  }

  #follow(first: Int32Array, last: Int32Array): void {
    assert(this.#level >= 0, 'a run has begun');
    if (this.#last !== null && !isBelow(this.#last, 0, first, 0))
      snapshotInvalid('segments of ids are out of order');
    this.#last = last;
  }
}

/** @returns the entries of a segment, ascending, with values that there can be */
function readEntries(
  bytes: Uint8Array,
  isValue: (value: number) => boolean,
  checksum: Checksum,
): Int32Array {
  const count = countOf(bytes, bytes.length, snapshotInvalid);
  const { crcs } = parseHead(bytes, count, checksum, snapshotInvalid);
  const from = headBytesOf(count);
  for (const [block, crc] of crcs.entries()) {
    const at = from + block * blockBytes;
    if ((checksum(bytes.subarray(at, at + blockBytes)) | 0) !== crc)
      snapshotInvalid('a block of ids has another checksum');
  }
  const entries = new Int32Array(count * entryWords);
  readWords(bytes, from, entries, entries.length);
  for (let at = 0; at < entries.length; at += entryWords) {
    if (at > 0 && !isBelow(entries, at - entryWords, entries, at))
      snapshotInvalid('ids are out of order');
    const value = valueAt(entries, at);
    if (!isValue(value)) snapshotInvalid(`an id has position ${value}`);
  }
  return entries;
}

function forEachEntry(
  entries: Int32Array,
  visit: (at: number, l0: number, l1: number, l2: number, l3: number) => void,
): void {
  for (let at = 0; at < entries.length; at += entryWords)
    visit(
      at,
      entries[at] as number,
      entries[at + 1] as number,
      entries[at + 2] as number,
      entries[at + 3] as number,
    );
}
