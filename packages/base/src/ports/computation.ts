/** CRC-32 (IEEE 802.3, reflected, as zlib and gzip use it). */
export interface Checksum {
  /**
   * @param seed the result over the bytes before `bytes`; 0 to begin
   * @returns an unsigned 32-bit integer
   */
  crc32(bytes: Uint8Array, seed: number): number;
}

/**
 * Compression of independent blocks. `name` is recorded beside the bytes, so that it can change.
 */
export interface Codec {
  readonly name: 'zstd' | 'identity';
  compress(bytes: Uint8Array): Uint8Array;
  /** @throws when the bytes are not what `compress` gave, or exceed `maxBytes` once unpacked */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

/** Takes bytes in pieces; what they are cut into makes no difference. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** 32 bytes; the last call. */
  digest(): Uint8Array;
}

/** What needs an operating system's randomness, or is too slow to be written here. */
export interface Crypto {
  /** Unpredictable in production, seeded in the simulator. */
  randomBytes(count: number): Uint8Array;
  /** SHA-256 (FIPS 180-4). */
  sha256(): Hasher;
}
