import { idsTogether } from './hash-ids.ts';
import { lazyWords, touchWords } from './lazy-words.ts';

/** What a look-up reads lies in one line, so that it misses the processor's cache once at most. */
const lineWords = 16;
/** Ids in a line when a filter is full: a false hit in about 400 look-ups. */
const idsPerLine = 32;
/** How much larger a filter is than the one before it, but for the first two. */
const growth = 4;

const lines = new Int32Array(idsTogether);
const places = new Int32Array(idsTogether);
/** Takes what nobody needs: a compiler could leave out to look at things for nothing. */
const looked = new Int32Array(1);

/**
 * Tells of an id, whatever it is, that it is surely not among many: one look into memory for a
 * filter, and there are few filters, since each has room for four times as many ids as the one
 * before it; but the first one is small, for those who never have many. Nothing is taken out again.
 *
 * A Bloom filter in lines of 512 bits. The hash of an id chooses the line, and what else there is
 * to the id two words of it and three bits in each: with a billion ids one hash of 32 bits would be
 * that of another id too often.
 */
export class SeenIds {
  readonly seed: number;
  /** Words of the first two. */
  readonly #sizes: readonly [number, number];
  /** The last one is not full yet. */
  readonly #filters: Int32Array[] = [];
  /** The last one. */
  #filter: Int32Array = new Int32Array(0);
  /** Ids for which it has room. */
  #room = 0;
  /** The one after it, once it is half full, and how much of that has memory. */
  #next: Int32Array | null = null;
  #touched = 0;

  /**
   * @param seed 32 bits; that of the hashes that it is given
   * @param first ids that the first filter has room for, at least
   * @param second the same of the second one
   */
  constructor(seed: number, first: number, second: number) {
    this.seed = seed | 0;
    this.#sizes = [wordsFor(first), wordsFor(second)];
  }

  /** @param hash of the id, as `hashUint128` gives it with the seed */
  add(l0: number, l1: number, l2: number, l3: number, hash: number): void {
    if (this.#room === 0) this.#grow();
    this.#room--;
    const filter = this.#filter;
    const line = lineOf(filter, hash);
    const place = placesOf(l0, l1, l2, l3, hash);
    const first = firstWord(line, place);
    filter[first] = (filter[first] as number) | firstBits(place);
    const second = secondWord(line, place);
    filter[second] = (filter[second] as number) | secondBits(place);
  }

  /** @returns whether it may be here; false: surely not */
  mayHold(l0: number, l1: number, l2: number, l3: number, hash: number): boolean {
    const place = placesOf(l0, l1, l2, l3, hash);
    for (const filter of this.#filters)
      if (missingBits(filter, lineOf(filter, hash), place) === 0) return true;
    return false;
  }

  /**
   * `mayHold` for many ids: first it looks at the lines of all, so that the processor has several
   * on the way from memory at a time.
   *
   * @param ids four lanes each
   * @param hashes of the ids
   * @param count up to `idsTogether`
   * @param marks one is set to 1 where the id may be here; the others stay as they are
   */
  mark(ids: Int32Array, hashes: Int32Array, count: number, marks: Uint8Array): void {
    for (let i = 0; i < count; i++)
      places[i] = placesOf(
        ids[i * 4] as number,
        ids[i * 4 + 1] as number,
        ids[i * 4 + 2] as number,
        ids[i * 4 + 3] as number,
        hashes[i] as number,
      );
    for (const filter of this.#filters) markIn(filter, hashes, count, marks);
  }

  /** Between batches, now and then: gets memory for the next filter, a little at a time. */
  prepare(): void {
    const room = roomOf(this.#filter);
    if (this.#room * 2 > room || room === 0) return;
    this.#next ??= lazyWords(this.#nextWords());
    const end = Math.ceil(this.#next.length * (1 - (this.#room * 2) / room));
    touchWords(this.#next, this.#touched, end);
    this.#touched = Math.max(this.#touched, end);
  }

  #grow(): void {
    this.#filter = this.#next ?? lazyWords(this.#nextWords());
    this.#next = null;
    this.#touched = 0;
    this.#filters.push(this.#filter);
    this.#room = roomOf(this.#filter);
  }

  #nextWords(): number {
    return this.#sizes[this.#filters.length] ?? this.#filter.length * growth;
  }
}

/** Lines are a power of two. */
function wordsFor(ids: number): number {
  let lineCount = 1;
  while (lineCount * idsPerLine < ids) lineCount *= 2;
  return lineCount * lineWords;
}

function roomOf(filter: Int32Array): number {
  return (filter.length / lineWords) * idsPerLine;
}

function markIn(filter: Int32Array, hashes: Int32Array, count: number, marks: Uint8Array): void {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const line = lineOf(filter, hashes[i] as number);
    lines[i] = line;
    sum ^= filter[line] as number;
  }
  looked[0] = sum;
  for (let i = 0; i < count; i++)
    if (missingBits(filter, lines[i] as number, places[i] as number) === 0) marks[i] = 1;
}

/** @returns the first word of the line */
function lineOf(filter: Int32Array, hash: number): number {
  return (hash & (filter.length / lineWords - 1)) * lineWords;
}

/** @returns of an id what its hash does not tell, in 32 bits */
function placesOf(l0: number, l1: number, l2: number, l3: number, hash: number): number {
  const first = Math.imul(l0 ^ hash, 0x9e37_79b1) + Math.imul(l1 + hash, 0x85eb_ca6b);
  const second = Math.imul(l2 ^ hash, 0xc2b2_ae35) + Math.imul(l3 + hash, 0x27d4_eb2f);
  const mixed = first ^ (second >>> 15) ^ (second << 7);
  return Math.imul(mixed ^ (mixed >>> 16), 0x2c1b_3c6d);
}

/*
 * Words are chosen by the four highest bits and by four in the middle, bits by all from there down:
 * six places of five bits each do not fit beside them, so that some share a few.
 */
function firstWord(line: number, place: number): number {
  return line + (place >>> 28);
}

function secondWord(line: number, place: number): number {
  return line + ((place >>> 24) & 15);
}

function firstBits(place: number): number {
  return (1 << place) | (1 << (place >>> 5)) | (1 << (place >>> 10));
}

function secondBits(place: number): number {
  return (1 << (place >>> 13)) | (1 << (place >>> 17)) | (1 << (place >>> 20));
}

/** @returns bits of the id that are not set */
function missingBits(filter: Int32Array, line: number, place: number): number {
  const first = firstBits(place) & ~(filter[firstWord(line, place)] as number);
  return first | (secondBits(place) & ~(filter[secondWord(line, place)] as number));
}
