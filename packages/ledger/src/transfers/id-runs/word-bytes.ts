const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Copies 32-bit words, which lie in the bytes with the low byte first, to the front of `words`. */
export function readWords(
  bytes: Uint8Array,
  from: number,
  words: Int32Array,
  wordCount: number,
): void {
  const length = wordCount * 4;
  const target = new Uint8Array(words.buffer, words.byteOffset, length);
  target.set(bytes.subarray(from, from + length));
  if (!isLittleEndian) swap(target);
}

/** Words that were written into bytes by a view of them get the low byte first. */
export function putLowBytesFirst(bytes: Uint8Array): void {
  if (!isLittleEndian) swap(bytes);
}

function swap(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += 4) view.setInt32(at, view.getInt32(at), true);
}
