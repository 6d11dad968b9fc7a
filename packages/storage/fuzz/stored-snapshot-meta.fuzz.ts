import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Prng } from '@quorate/base';
import { randomSnapshot } from '../conformance/log-model.ts';
import {
  assertStorableMeta,
  getSnapshotMeta,
  putSnapshotMeta,
  snapshotMetaBytes,
} from '../src/snapshot-meta-bytes.ts';
import { viewOf } from '../src/wal/wal-format.ts';

function encode(meta: Parameters<typeof snapshotMetaBytes>[0]): Uint8Array {
  const bytes = new Uint8Array(snapshotMetaBytes(meta));
  assert.equal(putSnapshotMeta(viewOf(bytes), 0, meta), bytes.length, 'its size is not as said');
  return bytes;
}

function run(input: Uint8Array) {
  const meta = getSnapshotMeta(viewOf(input), 0, input.length);
  if (meta === null) return { accepted: false, behaviour: 'no meta' };
  assertStorableMeta(meta);
  const bytes = encode(meta);
  const again = getSnapshotMeta(viewOf(bytes), 0, bytes.length);
  assert.ok(isDeepStrictEqual(again, meta), 'a meta does not survive a round trip');
  const form = input[24] === 2 ? 'message' : 'lists';
  return { accepted: true, behaviour: `as ${form}` };
}

/** As version 0.1.0 wrote it: voters 1 and 2, learner 9. */
function generateLists(prng: Prng): Uint8Array {
  const bytes = new Uint8Array(44 + 3 * 8);
  const view = viewOf(bytes);
  view.setUint32(0, prng.uint32(), true);
  view.setUint32(24, prng.below(2), true);
  view.setUint32(28, 2, true);
  view.setUint32(36, 1, true);
  for (const [at, id] of [1, 2, 9].entries()) view.setUint32(44 + at * 8, id, true);
  return bytes;
}

function generate(prng: Prng): Uint8Array {
  if (prng.chance(0.3)) return generateLists(prng);
  return encode(randomSnapshot(prng, prng.below(1000), prng.below(9)));
}

export const fuzzer = {
  about: "a snapshot's meta in the log and in snapshot files",
  maxBytes: 8192,
  generate,
  run,
  isRefusal: () => false,
};
