// Encodes and decodes AppendEntries of 64 entries of 256 bytes. One JSON line at the end.
import { ByteWriter } from '@quorate/base';
import {
  decodePeerMessage,
  type Entry,
  encodePeerMessage,
  type PeerMessage,
} from '@quorate/schema';

const entryCount = 64;
const entryBytes = 256;
const rounds = 9;
const roundMs = 200;

const entries = Array.from({ length: entryCount }, (_, at): Entry => {
  const data = new Uint8Array(entryBytes).fill(at);
  const index = 1_000_000 + at;
  return { index, term: 12, kind: 0, timestampMicros: 1_790_000_000_000_000 + at, data };
});
const message: PeerMessage = {
  type: 'AppendEntries',
  from: 1,
  to: 2,
  term: 12,
  prevLogIndex: 999_999,
  prevLogTerm: 12,
  commitIndex: 999_990,
  entries,
};

/** The best round counts: the machine is shared, and noise only ever slows. */
function entriesPerSecond(run: () => void): number {
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    let messages = 0;
    while (performance.now() - begin < roundMs) {
      for (let i = 0; i < 50; i++) run();
      messages += 50;
    }
    const seconds = (performance.now() - begin) / 1000;
    best = Math.max(best, (messages * entryCount) / seconds);
  }
  return Math.round(best);
}

const writer = new ByteWriter();
encodePeerMessage(writer, 7, message);
const frame = writer.take();

const encodeEntriesPerSecond = entriesPerSecond(() => {
  encodePeerMessage(writer, 7, message);
  writer.take();
});
const decodeEntriesPerSecond = entriesPerSecond(() => {
  decodePeerMessage(frame);
});

console.log(`AppendEntries of ${entryCount} x ${entryBytes} bytes, ${frame.length} bytes each`);
console.log(
  `encode ${encodeEntriesPerSecond} entries/s, decode ${decodeEntriesPerSecond} entries/s`,
);
console.log(
  JSON.stringify({ bench: 'peer-codec', encodeEntriesPerSecond, decodeEntriesPerSecond }),
);
