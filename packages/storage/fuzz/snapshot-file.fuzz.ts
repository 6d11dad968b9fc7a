import assert from 'node:assert/strict';
import { equalBytes, type Prng, portableChecksum } from '@quorate/base';
import type { SnapshotReader, SnapshotStore } from '@quorate/raft';
import { openSnapshotStore, StorageError } from '../src/index.ts';
import {
  chunkSeed,
  encodeSnapshotHeader,
  frameHeadBytes,
} from '../src/snapshot/snapshot-format.ts';
import { VirtualWorld } from '../test/virtual-world.ts';
import { snapshotMeta } from '../test/wal-fixture.ts';

const group = 3;
const meta = snapshotMeta(7, 2);
const path = 'data/snapshots/3-7-2.snap';
const header = encodeSnapshotHeader(group, meta, 'identity', portableChecksum);
const lastFrame = 0xffffffff;

function storeOf(world: VirtualWorld): SnapshotStore {
  world.disk.blocking.makeDirectory('data');
  return openSnapshotStore({ ports: world.ports, directory: 'data' });
}

interface Content {
  readonly chunks: readonly Uint8Array[];
  readonly error: Error | null;
}

function read(world: VirtualWorld, store: SnapshotStore, firstChunk: number): Content {
  const chunks: Uint8Array[] = [];
  let end: Error | 'atEnd' | null = null;
  const draw = (reader: SnapshotReader): void =>
    reader.next((error, chunk) => {
      if (chunk === null) end = error ?? 'atEnd';
      else {
        chunks.push(chunk);
        draw(reader);
      }
    });
  store.open(group, meta, firstChunk, (error, reader) => {
    if (reader === null) end = error;
    else draw(reader);
  });
  world.run();
  assert.ok(end !== null, 'the reader never came to an end');
  return { chunks, error: end === 'atEnd' ? null : end };
}

/** Whole or refused; and one who resumes at a chunk reads what one who began at 0 did. */
function run(input: Uint8Array) {
  const world = new VirtualWorld(1);
  const store = storeOf(world);
  world.disk.blocking.writeFileDurably(path, input);
  const whole = read(world, store, 0);
  const middle = Math.ceil(whole.chunks.length / 2);
  const rest = read(world, store, middle);
  if (whole.error === null) {
    assert.equal(rest.error, null, 'refused when resumed');
    assert.equal(rest.chunks.length, whole.chunks.length - middle);
  }
  for (const [at, chunk] of rest.chunks.entries()) {
    const expected = whole.chunks[middle + at];
    assert.ok(expected === undefined || equalBytes(chunk, expected), 'another chunk when resumed');
  }
  if (whole.error !== null) throw whole.error;
  return { accepted: true, behaviour: `${Math.min(3, whole.chunks.length)} chunks or more` };
}

const kept = new Map<number, Uint8Array>();

/** Written by the store itself. */
function generate(prng: Prng): Uint8Array {
  const choice = prng.below(32);
  const known = kept.get(choice);
  if (known !== undefined) return known.slice();
  const world = new VirtualWorld(choice);
  const store = storeOf(world);
  const chunks = Array.from({ length: choice % 6 }, () =>
    Uint8Array.from({ length: world.prng.below(80) }, () => world.prng.below(256)),
  );
  store.create(group, meta, (_, writer) => {
    const proceed = (): void => {
      const chunk = chunks.shift();
      if (chunk === undefined) writer?.commit(() => undefined);
      else writer?.write(chunk, proceed);
    };
    proceed();
  });
  world.run();
  const bytes = world.disk.blocking.readFile(path);
  kept.set(choice, bytes);
  return bytes.slice();
}

/** Puts the header back and the checksums right, frame after frame. */
function seal(input: Uint8Array): Uint8Array {
  if (input.length < header.bytes.length + frameHeadBytes) return input;
  input.set(header.bytes);
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let heads = header.crc;
  let number = 0;
  for (let at = header.bytes.length; at + frameHeadBytes <= input.length; number++) {
    const room = input.length - at - frameHeadBytes;
    const declared = view.getUint32(at, true);
    const isLast = declared === lastFrame || room === 0;
    if (isLast) view.setUint32(at, lastFrame, true);
    const stored = isLast ? 0 : Math.min(declared, Math.max(0, room - frameHeadBytes));
    if (!isLast) view.setUint32(at, stored, true);
    if (isLast) view.setUint32(at + 4, number, true);
    const seed = isLast ? heads : chunkSeed(header.crc, number);
    const body = at + frameHeadBytes;
    const lengths = portableChecksum.crc32(input.subarray(at, at + 8), seed);
    const crc = portableChecksum.crc32(input.subarray(body, body + stored), lengths);
    view.setUint32(at + 8, crc, true);
    heads = portableChecksum.crc32(input.subarray(at, body), heads);
    at = body + stored;
    if (isLast) break;
  }
  return input;
}

export const fuzzer = {
  about: 'a snapshot file, read from the start and from the middle',
  maxBytes: 4096,
  generate,
  run,
  isRefusal: (error: unknown) => error instanceof StorageError,
  seal,
  allocation: { fixedBytes: 32 << 20, perInputByte: 2048 },
};
