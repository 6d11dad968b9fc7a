import assert from 'node:assert/strict';
import { concatBytes, equalBytes, Prng, portableChecksum } from '@quorate/base';
import { KvError, KvStateMachine, KvStore } from '../src/index.ts';
import * as format from '../src/snapshot-format.ts';
import { SnapshotReader } from '../src/snapshot-reader.ts';
import { drawSnapshot, entriesOf, everything, put } from '../test/requests.ts';
import { sampleCommands, splitCommands } from './samples.ts';

const before = (() => {
  const machine = new KvStateMachine();
  machine.apply(entriesOf([put('mine', 'kept')]));
  return machine;
})();
const hashBefore = before.hash();

/** Feeds the bytes in pieces whose sizes follow from the bytes. */
function restore(machine: KvStateMachine, input: Uint8Array): void {
  // No CRC: over a snapshot that ends with its own it is the same for all.
  let seed = input.length;
  for (const byte of input) seed = (Math.imul(seed, 31) + byte) >>> 0;
  const prng = new Prng(seed);
  const longest = prng.pick([1, 7, 100, 1 << 20]);
  const sink = machine.restore();
  for (let at = 0; at < input.length; ) {
    const end = Math.min(input.length, at + prng.between(1, longest));
    // As a decompressor hands them out: slice() of a Buffer does not copy.
    const piece = Buffer.from(input.subarray(at, end));
    sink.chunk(piece);
    // It belongs to us again.
    piece.fill(0xee);
    at = end;
  }
  sink.finish();
}

/** What fails here was accepted before: that is a finding, whatever the error's class. */
function again<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  }
}

/** Whole or not at all; and what was restored can be sent on and reads without a complaint. */
function run(input: Uint8Array) {
  const machine = new KvStateMachine();
  try {
    restore(machine, input);
  } catch (error) {
    assert.equal(machine.stats.revision, 1, 'a refused snapshot left something behind');
    assert.throws(() => restore(before, input), KvError, 'refused once, accepted twice');
    assert.equal(before.hash(), hashBefore, 'a refused snapshot changed the state');
    throw error;
  }
  const { revision, compactedRevision, keys } = machine.stats;
  const latest = machine.range(everything());
  assert.ok(latest.kind === 'range' && latest.count === keys, 'the keys do not add up');
  const sent = concatBytes(drawSnapshot(machine));
  const other = new KvStateMachine();
  again('sent on, it is refused', () => restore(other, sent));
  assert.equal(other.hash(), machine.hash(), 'sent on, it is another state');
  assert.ok(equalBytes(concatBytes(drawSnapshot(other)), sent), 'equal states, other snapshots');
  const compaction = compactedRevision < 0 ? '' : ', compacted';
  const [result] = machine.apply(entriesOf([put('next', 'value')]));
  assert.equal(result?.revision, Number.isSafeInteger(revision + 1) ? revision + 1 : revision);
  return { accepted: true, behaviour: (keys === 0 ? 'no keys' : 'keys') + compaction };
}

function generate(prng: Prng): Uint8Array {
  const machine = new KvStateMachine();
  const commands = splitCommands(sampleCommands(prng, prng.below(12)));
  const entries = commands.map((command, at) => {
    return { index: at + 1, term: 1, timestampMicros: at + 1, command };
  });
  machine.apply(entries);
  return concatBytes(drawSnapshot(machine));
}

/** Mends lengths, counts, the state hash and the checksum, as far as there is an end record. */
function seal(input: Uint8Array): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let last = 0;
  for (let at = 0; at + format.LENGTH_BYTES < input.length; ) {
    const room = input.length - at - format.LENGTH_BYTES;
    const length = Math.min(room, view.getUint32(at, true));
    view.setUint32(at, length, true);
    last = at;
    at += format.LENGTH_BYTES + length;
  }
  const isEnd = input[last + format.LENGTH_BYTES] === format.RECORD_END;
  if (!isEnd || input.length - last < format.LENGTH_BYTES + 1 + 8) return input;
  sealChecksum(input, view);
  const store = new KvStore();
  const reader = new SnapshotReader(store, portableChecksum, () => undefined);
  try {
    reader.chunk(input);
    reader.finish();
  } catch (error) {
    if (!(error instanceof KvError)) throw error;
    // The reader has filled the store when only the hash is wrong.
    view.setUint32(input.length - 8, store.hash(), true);
    sealChecksum(input, view);
  }
  return input;
}

function sealChecksum(input: Uint8Array, view: DataView): void {
  const at = input.length - format.CHECKSUM_BYTES;
  view.setUint32(at, portableChecksum.crc32(input.subarray(0, at), 0), true);
}

export const fuzzer = {
  about: "the key-value store's snapshot, in chunks of any size",
  maxBytes: 8192,
  generate,
  run,
  isRefusal: (error: unknown) => error instanceof KvError && error.code === 'KV_SNAPSHOT_INVALID',
  seal,
  allocation: { fixedBytes: 16 << 20, perInputByte: 16_384 },
};
