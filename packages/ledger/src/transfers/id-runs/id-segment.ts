import { partDamaged } from '../../ledger-error.ts';
import type { PartPlace, PartStore } from '../../parts/part-store.ts';
import { filterWords } from './id-filter.ts';
import { isBelow } from './id-order.ts';
import { readWords } from './word-bytes.ts';

/*
 * A segment is one part, in words of 32 bits, little-endian:
 *
 *     version (1)  count (1 to 65,536)  seed of the filter's hashes
 *     the last id: 4 words, low lane first
 *     the first id of each block: 4 words; then the CRC-32 of each block
 *     the filter: as `id-filter.ts` says
 *     the CRC-32 of all that
 *     blocks of 256 entries, the last one shorter: id 4 words, value as i64; ids ascend
 */
const segmentVersion = 1;
/** Ids in a segment at most. */
const maxSegmentIds = 65_536;
export const blockIds = 256;
export const entryWords = 6;
export const blockBytes = blockIds * entryWords * 4;
const fixedWords = 7;

/** Of sorted ids on disk: what is in memory, but for the filter, which the run has. */
export interface IdSegment {
  readonly place: PartPlace;
  readonly count: number;
  /** The first id of each block, 4 words each; so the first of all is at 0. */
  readonly fences: Int32Array;
  /** The CRC-32 of each block, signed. */
  readonly crcs: Int32Array;
  readonly last: Int32Array;
}

/** What a segment begins with. */
export interface SegmentHead extends Omit<IdSegment, 'place'> {
  /** Of the hashes in the filter; the process that wrote it chose it. */
  readonly seed: number;
  readonly filter: Int32Array;
}

export function blocksOf(count: number): number {
  return Math.ceil(count / blockIds);
}

export function headBytesOf(count: number): number {
  return (fixedWords + blocksOf(count) * 5 + filterWords(count) + 1) * 4;
}

export function segmentBytesOf(count: number): number {
  return headBytesOf(count) + count * entryWords * 4;
}

/** @returns the words of a head, without the CRC-32 that ends it */
export function headWordsOf(head: SegmentHead): Int32Array {
  const { count, seed, last, fences, crcs, filter } = head;
  const words = new Int32Array(headBytesOf(count) / 4 - 1);
  words[0] = segmentVersion;
  words[1] = count;
  words[2] = seed;
  words.set(last, 3);
  words.set(fences, fixedWords);
  words.set(crcs, fixedWords + fences.length);
  words.set(filter, fixedWords + fences.length + crcs.length);
  return words;
}

/** Throws what is right for where the bytes come from. */
export type FailSegment = (reason: string) => never;

/** @returns how many ids a segment of so many bytes has, by its first ones */
export function countOf(bytes: Uint8Array, length: number, fail: FailSegment): number {
  if (bytes.length < 8) fail('it ends too early');
  const words = new Int32Array(2);
  readWords(bytes, 0, words, 2);
  const count = words[1] as number;
  if (words[0] !== segmentVersion) fail(`ids in version ${words[0]}, not ${segmentVersion}`);
  if (count < 1 || count > maxSegmentIds) fail(`${count} ids in a segment`);
  if (length !== segmentBytesOf(count)) fail(`${count} ids in ${length} bytes`);
  return count;
}

/** @param bytes at least a head, which `countOf` has found good so far */
export function parseHead(
  bytes: Uint8Array,
  count: number,
  checksum: PartStore['checksum'],
  fail: FailSegment,
): SegmentHead {
  const length = headBytesOf(count);
  const words = new Int32Array(length / 4);
  readWords(bytes, 0, words, words.length);
  const crc = checksum(bytes.subarray(0, length - 4)) | 0;
  if (crc !== words[words.length - 1]) fail('the head of its ids has another checksum');
  const blocks = blocksOf(count);
  const filterAt = fixedWords + blocks * 5;
  const last = words.slice(3, fixedWords);
  const fences = words.slice(fixedWords, fixedWords + blocks * 4);
  for (let block = 1; block < blocks; block++)
    if (!isBelow(fences, block * 4 - 4, fences, block * 4)) fail('its blocks are out of order');
  if (isBelow(last, 0, fences, blocks * 4 - 4)) fail('its last block is out of order');
  return {
    count,
    seed: words[2] as number,
    filter: words.slice(filterAt, words.length - 1),
    fences,
    crcs: words.slice(fixedWords + blocks * 4, filterAt),
    last,
  };
}

/**
 * Reads what a segment begins with.
 *
 * @throws LedgerError LEDGER_PART_DAMAGED
 */
export function readHead(parts: PartStore, place: PartPlace): SegmentHead {
  const fail: FailSegment = (reason) => damaged(place, reason);
  if (place.length < 8) fail('it ends too early');
  const count = countOf(parts.readSome(place, 0, 8), place.length, fail);
  const bytes = parts.readSome(place, 0, headBytesOf(count));
  return parseHead(bytes, count, (some) => parts.checksum(some), fail);
}

/**
 * @returns the bytes of `blocks` blocks from one on
 * @throws LedgerError LEDGER_PART_DAMAGED
 */
export function readBlocks(
  parts: PartStore,
  segment: IdSegment,
  first: number,
  blocks: number,
): Uint8Array {
  const { place, count, crcs } = segment;
  const entries = Math.min(blocks * blockIds, count - first * blockIds);
  const from = headBytesOf(count) + first * blockBytes;
  const bytes = parts.readSome(place, from, entries * entryWords * 4);
  for (let block = 0; block < blocks; block++) {
    const crc = parts.checksum(bytes.subarray(block * blockBytes, (block + 1) * blockBytes)) | 0;
    if (crc !== crcs[first + block]) damaged(place, `block ${first + block} of its ids is another`);
  }
  return bytes;
}

function damaged({ file, offset, length }: PartPlace, reason: string): never {
  partDamaged(`file ${file}, offset ${offset}, ${length} bytes`, reason);
}
