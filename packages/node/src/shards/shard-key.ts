import { checksum } from '../computation.ts';

/** Text is hashed as its UTF-8. */
export type ShardKey = string | Uint8Array;

const encoder = new TextEncoder();

/**
 * The shard of a key among `count`: the CRC-32 of the key's bytes (polynomial 0xedb88320, as in
 * zlib and gzip; of '123456789' it is 0xcbf43926), modulo `count`. So any program can tell.
 *
 * @throws TypeError for a key that is neither text nor bytes
 */
export function shardOfKey(key: ShardKey, count: number): number {
  const bytes = typeof key === 'string' ? encoder.encode(key) : key;
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`a key is text or bytes, not ${typeof key}`);
  }
  return checksum.crc32(bytes, 0) % count;
}
