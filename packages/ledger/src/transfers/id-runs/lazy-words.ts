/** Pages of memory are as large, or larger. */
const pageWords = 1024;
/** From so many on memory is better given in pieces. */
const manyWords = 2 ** 20;
/** Usual allocators begin 16 bytes behind a line of the processor's cache with large memory. */
const wordsBefore = 12;
/** More than what the allocator of any usual system keeps for itself to give it again. */
const leastLazyWords = 10 * 2 ** 20;

/**
 * @returns so many zeros. If they are many the array is part of a larger one, whose memory the
 *   system gives, page by page, where it is first touched; one that is smaller may be memory that
 *   was used before, and to clear all of it at once takes milliseconds.
 */
export function lazyWords(count: number): Int32Array {
  if (count < manyWords) return new Int32Array(count);
  const words = new Int32Array(Math.max(count, leastLazyWords) + wordsBefore);
  return words.subarray(wordsBefore, wordsBefore + count);
}

/**
 * Has the system give memory for some of what `lazyWords` returned, so that whoever needs it next
 * does not wait for that: a batch of ids looks at a page for each of them.
 *
 * @param words nothing has been put between `from` and `end`
 */
export function touchWords(words: Int32Array, from: number, end: number): void {
  for (let at = from; at < end; at += pageWords) words[at] = 0;
}
