import { crc32 } from 'node:zlib';
import type { Checksum } from '@quorate/base';
import type { Entry } from '@quorate/schema';
import { BatchEncoder, measureWrites } from '../src/wal/batch-encoder.ts';

/** How fast the log turns entries into checked bytes, on one core and without a disk. */
const entryBytes = 256;
const entriesPerBatch = 256;
const runMs = 2000;

const checksum: Checksum = { crc32: (bytes, seed) => crc32(bytes, seed) };
const data = new Uint8Array(entryBytes).map((_, at) => (at * 31) & 255);
const encoder = new BatchEncoder(checksum, 42);

let index = 1;
function encodeOne(): number {
  const entries: Entry[] = [];
  for (let i = 0; i < entriesPerBatch; i++) {
    entries.push({ index, term: 1, kind: 0, timestampMicros: 1_700_000_000_000_000 + index, data });
    index += 1;
  }
  const rest = { hardState: null, truncateAfter: null, snapshot: null, logStart: null };
  const writes = [{ group: 1, entries, ...rest }];
  const { bytes } = encoder.encode({
    sequence: 1,
    number: 1,
    previousLink: 0,
    opening: null,
    segmentBytes: 0,
    submissions: [{ writes }],
    records: measureWrites(writes),
  });
  return bytes.length;
}

for (let warm = 0; warm < 2000; warm++) encodeOne();
const started = performance.now();
let batches = 0;
let bytes = 0;
while (performance.now() - started < runMs) {
  bytes += encodeOne();
  batches += 1;
}
const seconds = (performance.now() - started) / 1000;
const entriesPerSecond = Math.round((batches * entriesPerBatch) / seconds);
const mebibytesPerSecond = Math.round(bytes / seconds / 2 ** 20);
console.log(
  `${entriesPerSecond} entries of ${entryBytes} bytes a second, in batches of ${entriesPerBatch}`,
);
console.log(JSON.stringify({ bench: 'wal-encode', entriesPerSecond, mebibytesPerSecond }));
