import type { Checksum } from './ports/computation.ts';

/**
 * Eight tables of 256: entry `byte` of table `k` is the checksum of that byte with `k` zeros behind
 * it. Eight bytes then need eight independent look-ups instead of a chain of eight (slicing by 8,
 * Kounavis and Berry, 2005).
 */
const table = new Int32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  }
  table[byte] = remainder;
}
for (let at = 256; at < table.length; at++) {
  const before = table[at - 256] as number;
  table[at] = (before >>> 8) ^ (table[before & 0xff] as number);
}

/** The portable form of the checksum port, for the simulator and as the reference in tests. */
export const portableChecksum: Checksum = {
  crc32(bytes, seed) {
    const { length } = bytes;
    const lastWhole = length - 8;
    let crc = ~seed;
    let at = 0;
    for (; at <= lastWhole; at += 8) {
      const low =
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24);
      crc ^= low;
      crc =
        (table[1792 + (crc & 0xff)] as number) ^
        (table[1536 + ((crc >>> 8) & 0xff)] as number) ^
        (table[1280 + ((crc >>> 16) & 0xff)] as number) ^
        (table[1024 + (crc >>> 24)] as number) ^
        (table[768 + (bytes[at + 4] as number)] as number) ^
        (table[512 + (bytes[at + 5] as number)] as number) ^
        (table[256 + (bytes[at + 6] as number)] as number) ^
        (table[bytes[at + 7] as number] as number);
    }
    for (; at < length; at++) {
      crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number);
    }
    return ~crc >>> 0;
  },
};
