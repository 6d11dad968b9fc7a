import { decodeSnapshotMeta, encodeSnapshotMeta } from '@quorate/schema';
import { anySnapshotMeta } from '../test/peer-arbitrary.ts';
import { decodeAndBack, isSchemaError } from './round-trip.ts';
import { samplesOf } from './samples.ts';

function run(input: Uint8Array) {
  const codec = { decode: decodeSnapshotMeta, encode: encodeSnapshotMeta };
  const { index } = decodeAndBack(codec, input);
  return { accepted: true, behaviour: index === 0 ? 'of nothing' : 'of something' };
}

export const fuzzer = {
  about: "a snapshot's meta in a peer message",
  maxBytes: 8192,
  generate: samplesOf(anySnapshotMeta, encodeSnapshotMeta),
  run,
  isRefusal: isSchemaError,
};
