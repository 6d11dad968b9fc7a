import type { Checksum } from './ports/computation.ts';

const table = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  }
  table[byte] = remainder;
}

/** The portable form of the checksum port, for the simulator and as the reference in tests. */
export const portableChecksum: Checksum = {
  crc32(bytes, seed) {
    let crc = ~seed;
    for (let i = 0; i < bytes.length; i++) {
      crc = (crc >>> 8) ^ (table[(crc ^ (bytes[i] as number)) & 0xff] as number);
    }
    return ~crc >>> 0;
  },
};
