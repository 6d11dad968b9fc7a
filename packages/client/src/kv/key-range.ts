/** Text is taken as its UTF-8 bytes. */
export type BytesLike = Uint8Array | string;

/** Keys from `key` up to but not including `rangeEnd`; a `rangeEnd` of one zero byte is no end. */
export interface KeyRange {
  readonly key: BytesLike;
  readonly rangeEnd: BytesLike;
}

/** One key, or a range of keys. */
export type KeyOrRange = BytesLike | KeyRange;

const encoder = new TextEncoder();
const noBytes = new Uint8Array(0);
const zeroByte = Uint8Array.of(0);

/** @returns the bytes themselves, or a text's in UTF-8 */
export function bytesOf(value: BytesLike): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : value;
}

/** @returns the end of the range of all keys that begin with `prefix` */
function endOfPrefix(prefix: Uint8Array): Uint8Array {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return zeroByte;
  const end = prefix.slice(0, length);
  end[length - 1] = (end[length - 1] ?? 0) + 1;
  return end;
}

/** @returns all keys that begin with `prefix`; with an empty one, all keys */
export function keysWithPrefix(prefix: BytesLike): KeyRange {
  const key = bytesOf(prefix);
  return { key: key.length === 0 ? zeroByte : key, rangeEnd: endOfPrefix(key) };
}

/** @returns all keys that are not less than `key`, in the order of their bytes */
export function keysFrom(key: BytesLike): KeyRange {
  const bytes = bytesOf(key);
  return { key: bytes.length === 0 ? zeroByte : bytes, rangeEnd: zeroByte };
}

/** @returns a range as requests have it: one key has an empty end */
export function wireRange(
  keyOrRange: KeyOrRange,
  prefix = false,
): { readonly key: Uint8Array; readonly rangeEnd: Uint8Array } {
  if (typeof keyOrRange === 'string' || keyOrRange instanceof Uint8Array) {
    if (!prefix) return { key: bytesOf(keyOrRange), rangeEnd: noBytes };
    return wireRange(keysWithPrefix(keyOrRange));
  }
  return { key: bytesOf(keyOrRange.key), rangeEnd: bytesOf(keyOrRange.rangeEnd) };
}

/** @returns the least key that is greater than `key` */
export function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}
