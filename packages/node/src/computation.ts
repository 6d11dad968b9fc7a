import { createHash, randomBytes } from 'node:crypto';
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Checksum, Codec, Crypto } from '@quorate/base';

export const checksum: Checksum = {
  crc32: (bytes, seed) => crc32(bytes, seed),
};

/** Level 1: the log and the wire want speed, and most of the ratio is there already. */
const compressParams = { [constants.ZSTD_c_compressionLevel]: 1 };

/**
 * Room for all of the output at once: with zlib's usual 16 KiB, a mebibyte that does not compress
 * takes three times as long, for it comes in pieces that are copied together.
 */
function chunkSizeFor(outputBytes: number): number {
  return Math.min(outputBytes + 1024, largestPieceBytes);
}

/** Beyond it the pieces do not matter, and a limit is no reason to allocate as much. */
const largestPieceBytes = 2 * 1024 * 1024;

/** Level 1 never needs a larger window; a foreign frame could ask for 128 MiB of memory. */
const windowLogMax = 24;

/** zlib tells with `info` how much input it used; its type declaration leaves that out. */
interface Decompressed {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** A Buffer's `slice` is a view, where everyone who holds a `Uint8Array` counts on a copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

export const zstdCodec: Codec = {
  name: 'zstd',
  compress(bytes) {
    // What does not compress becomes a little longer.
    const chunkSize = chunkSizeFor(bytes.length + (bytes.length >>> 6));
    return plain(zstdCompressSync(bytes, { chunkSize, params: compressParams }));
  },
  decompress(bytes, maxBytes) {
    const { buffer, engine } = zstdDecompressSync(bytes, {
      info: true,
      chunkSize: chunkSizeFor(maxBytes),
      // zlib accepts no 0; the comparison below then decides.
      maxOutputLength: Math.max(1, maxBytes),
      params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
    }) as unknown as Decompressed;
    if (buffer.length > maxBytes) {
      throw new RangeError(`block unpacks to ${buffer.length} bytes, more than ${maxBytes}`);
    }
    if (engine.bytesWritten !== bytes.length) {
      const end = engine.bytesWritten;
      throw new RangeError(`zstd frame ends after ${end} of the block's ${bytes.length} bytes`);
    }
    return plain(buffer);
  },
};

/** The system's randomness and SHA-256, as the port that a node's parts are given. */
export const systemCrypto: Crypto = {
  randomBytes: (count) => new Uint8Array(randomBytes(count)),
  sha256: () => {
    const hash = createHash('sha256');
    return {
      update: (bytes) => void hash.update(bytes),
      digest: () => new Uint8Array(hash.digest()),
    };
  },
};
