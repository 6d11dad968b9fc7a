import assert from 'node:assert/strict';
import { ByteWriter } from '@quorate/base';
import {
  decodeConfiguration,
  decodeEntry,
  type Entry,
  EntryKind,
  encodeEntry,
} from '@quorate/schema';
import { anyPeerMessage } from '../test/peer-arbitrary.ts';
import { decodeAndBack, isSchemaError } from './round-trip.ts';
import { samplesOf } from './samples.ts';

function encode(entry: Entry): Uint8Array {
  const writer = new ByteWriter();
  encodeEntry(writer, entry);
  return writer.take();
}

function run(input: Uint8Array) {
  const entry = decodeAndBack({ decode: decodeEntry, encode }, input);
  // Whoever appends a configuration entry will read it.
  if (entry.kind === EntryKind.configuration) decodeConfiguration(entry.data);
  const kind = Object.entries(EntryKind).find(([, number]) => number === entry.kind)?.[0];
  assert.ok(kind !== undefined, 'a kind that is not known');
  return { accepted: true, behaviour: kind };
}

const empty: Entry = {
  index: 1,
  term: 0,
  kind: 1,
  timestampMicros: 0,
  data: new Uint8Array(0),
};
const anyEntry = anyPeerMessage.map((message) =>
  message.type === 'AppendEntries' ? (message.entries[0] ?? empty) : empty,
);

export const fuzzer = {
  about: 'one log entry',
  maxBytes: 4096,
  generate: samplesOf(anyEntry, encode),
  run,
  isRefusal: isSchemaError,
};
