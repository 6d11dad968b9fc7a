import {
  type AccountChunk,
  chunkMask,
  flagsWord,
  numbersShift,
  wordsShift,
} from './account-chunk.ts';

/**
 * A copy, 48 bytes, seen through two arrays as an account is: its numbers (four balances, the last
 * transfer), then a word with its flags and its place in the block, and one with the copy that
 * follows in the same list.
 */
export const copiedNumbers = 5;
const numbersPerCopy = 6;
const wordsPerCopy = numbersPerCopy * 2;
const flagsAndPlaceWord = 10;
const nextWord = 11;
const placeBits = 16;
export const copyBytes = numbersPerCopy * 8;

const partShift = 12;
const copiesPerPart = 1 << partShift;
const partMask = copiesPerPart - 1;

/** Fields of an account as `AccountCopies.writeOver` puts them down. */
export const fieldsPerAccount = 6;
export const flagsField = 5;

/** Memory for 4,096 copies. */
interface Part {
  readonly numbers: Float64Array;
  readonly words: Int32Array;
}

const keptParts = 256;

/**
 * Memory of copies that is not in use, 48 MiB at most: what is allocated again and again makes the
 * collector of garbage run again and again.
 */
export class SpareCopies {
  readonly #parts: Part[] = [];

  take(): Part {
    return this.#parts.pop() ?? newPart();
  }

  give(part: Part): void {
    if (this.#parts.length < keptParts) this.#parts.push(part);
  }
}

/**
 * What accounts were before they were written to, by block. Copies are put one behind the other,
 * because transfers hit accounts all over: so only what is copied is fetched into the cache, and
 * it is there already. Each block has a list of its own, and what is given back is used again.
 */
export class AccountCopies {
  readonly #spare: SpareCopies;
  readonly #parts: Part[] = [];
  /** By block, the number of a copy plus 1; 0: there is none. */
  readonly #first: Int32Array;
  #unused = 0;
  #used = 0;
  #count = 0;

  constructor(blocks: number, spare: SpareCopies) {
    this.#first = new Int32Array(blocks);
    this.#spare = spare;
  }

  /** Copies that there are, those given back not counted. */
  get count(): number {
    return this.#count;
  }

  /** @param place of the account in its block */
  add(block: number, place: number, { numbers, words }: AccountChunk, slot: number): void {
    const copy = this.#take();
    const part = this.#parts[copy >>> partShift] as Part;
    const to = (copy & partMask) * numbersPerCopy;
    const from = (slot & chunkMask) << numbersShift;
    for (let i = 0; i < copiedNumbers; i++) part.numbers[to + i] = numbers[from + i] as number;
    const flags = words[((slot & chunkMask) << wordsShift) + flagsWord] as number;
    part.words[to * 2 + flagsAndPlaceWord] = flags | (place << placeBits);
    const first = this.#first[block] as number;
    part.words[to * 2 + nextWord] = first;
    this.#first[block] = copy + 1;
    this.#count++;
  }

  /**
   * Writes the copies of a block over what its accounts are now.
   *
   * @param fields six an account, by place in the block: the numbers, then the flags
   */
  writeOver(block: number, fields: Float64Array): void {
    let next = this.#first[block] as number;
    while (next !== 0) {
      const { numbers, words } = this.#parts[(next - 1) >>> partShift] as Part;
      const from = ((next - 1) & partMask) * numbersPerCopy;
      const flagsAndPlace = words[from * 2 + flagsAndPlaceWord] as number;
      const to = (flagsAndPlace >> placeBits) * fieldsPerAccount;
      for (let i = 0; i < copiedNumbers; i++) fields[to + i] = numbers[from + i] as number;
      fields[to + flagsField] = flagsAndPlace & ((1 << placeBits) - 1);
      next = words[from * 2 + nextWord] as number;
    }
  }

  /** Gives the copies of a block back. */
  release(block: number): void {
    const first = this.#first[block] as number;
    if (first === 0) return;
    let last = first;
    for (let next = first; next !== 0; this.#count--) {
      last = next;
      next = this.#nextOf(next);
    }
    const { words } = this.#parts[(last - 1) >>> partShift] as Part;
    words[((last - 1) & partMask) * wordsPerCopy + nextWord] = this.#unused;
    this.#unused = first;
    this.#first[block] = 0;
  }

  /** Gives all copies back for good, and their memory. */
  close(): void {
    this.#first.fill(0);
    this.#count = 0;
    for (const part of this.#parts) this.#spare.give(part);
    this.#parts.length = 0;
  }

  #take(): number {
    const unused = this.#unused;
    if (unused !== 0) {
      this.#unused = this.#nextOf(unused);
      return unused - 1;
    }
    const copy = this.#used++;
    if ((copy & partMask) === 0) this.#parts.push(this.#spare.take());
    return copy;
  }

  #nextOf(copyPlusOne: number): number {
    const { words } = this.#parts[(copyPlusOne - 1) >>> partShift] as Part;
    return words[((copyPlusOne - 1) & partMask) * wordsPerCopy + nextWord] as number;
  }
}

function newPart(): Part {
  const buffer = new ArrayBuffer(copiesPerPart * copyBytes);
  return { numbers: new Float64Array(buffer), words: new Int32Array(buffer) };
}
