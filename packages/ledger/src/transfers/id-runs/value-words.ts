/** @returns the value of an entry, of which the first word is at `at`: an i64 in the last two */
export function valueAt(words: Int32Array, at: number): number {
  return (words[at + 5] as number) * 2 ** 32 + ((words[at + 4] as number) >>> 0);
}
