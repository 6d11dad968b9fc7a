/** A false hit in about 400 look-ups; it costs one block that is read for nothing. */
const bitsPerId = 14;
/** A look-up stays in one line, so that it misses the processor's cache once at most. */
const lineWords = 16;
const lineBits = lineWords * 32;

/*
 * A Bloom filter in lines of 512 bits: the upper half of an id's hash chooses the line, and six
 * places in it follow from all of the hash. Filters lie behind each other in one array.
 */

/**
 * Words of a filter.
 *
 * @param count of ids, up to 65,536
 */
export function filterWords(count: number): number {
  return Math.ceil((count * bitsPerId) / lineBits) * lineWords;
}

/**
 * @param from the first word of the filter
 * @param to the first word behind it
 * @param hash of the id, as `hashUint128` gives it
 */
export function addToFilter(filter: Int32Array, from: number, to: number, hash: number): void {
  const line = filterLine(from, to, hash);
  const first = firstPlaces(hash);
  setBit(filter, line, first >>> 23);
  setBit(filter, line, first >>> 14);
  setBit(filter, line, first >>> 5);
  const second = secondPlaces(hash);
  setBit(filter, line, second >>> 23);
  setBit(filter, line, second >>> 14);
  setBit(filter, line, second >>> 5);
}

/** @returns the first word of the line in which the bits of an id with this hash are */
export function filterLine(from: number, to: number, hash: number): number {
  return from + ((((hash >>> 16) * ((to - from) >>> 4)) >>> 16) << 4);
}

/** @returns a number with the lowest bit clear: an id with this hash is surely not here */
export function mayHold(filter: Int32Array, from: number, to: number, hash: number): number {
  return lineMayHold(filter, filterLine(from, to, hash), hash);
}

/**
 * Without a branch, so that the processor can ask another filter while it waits for the memory of
 * this one.
 *
 * @param line as `filterLine` gives it
 * @returns as `mayHold`
 */
export function lineMayHold(filter: Int32Array, line: number, hash: number): number {
  const first = firstPlaces(hash);
  const second = secondPlaces(hash);
  return (
    bitsFrom(filter, line, first >>> 23) &
    bitsFrom(filter, line, first >>> 14) &
    bitsFrom(filter, line, first >>> 5) &
    bitsFrom(filter, line, second >>> 23) &
    bitsFrom(filter, line, second >>> 14) &
    bitsFrom(filter, line, second >>> 5)
  );
}

/** Three places of nine bits each, above the lowest five. */
function firstPlaces(hash: number): number {
  return Math.imul(hash, 0x9e37_79b1);
}

function secondPlaces(hash: number): number {
  return Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
}

/** @returns a word of which the lowest bit is the one at the place */
function bitsFrom(filter: Int32Array, line: number, place: number): number {
  return (filter[line + ((place >>> 5) & 15)] as number) >>> (place & 31);
}

function setBit(filter: Int32Array, line: number, place: number): void {
  const word = line + ((place >>> 5) & 15);
  filter[word] = (filter[word] as number) | (1 << (place & 31));
}
