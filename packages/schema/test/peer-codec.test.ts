import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ByteWriter } from '@quorate/base';
import {
  decodeConfiguration,
  decodeEntry,
  decodePeerMessage,
  decodeSnapshotMeta,
  EncodedEntries,
  encodeConfiguration,
  encodeEntry,
  encodePeerMessage,
  encodeSnapshotMeta,
  majorityConfiguration,
  type NodeHeartbeat,
  type PeerMessage,
} from '@quorate/schema';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { anyConfiguration, anyGroup, anyPeerMessage, anySnapshotMeta } from './peer-arbitrary.ts';

const protoFile = new URL('../proto/quorate/peer.proto', import.meta.url);
const root = protobuf.parse(readFileSync(protoFile, 'utf8')).root.resolveAll();
const named = (name: string): protobuf.Type => root.lookupType(`quorate.peer.v1.${name}`);
const Envelope = named('Envelope');
const numbers = { longs: Number, enums: String, defaults: true, arrays: true } as const;

function encode(group: number, message: PeerMessage): Uint8Array {
  const writer = new ByteWriter();
  encodePeerMessage(writer, group, message);
  return writer.take();
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
const upperSnake = (text: string): string =>
  text.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

function listOf({ sleeping }: NodeHeartbeat): object | null {
  return sleeping === null ? null : { groups: sleeping };
}

/** The message as protobufjs wants it, by the names in the .proto alone. */
function asProtobufjs(group: number, message: PeerMessage): object {
  const { type, from, to, term, ...fields } = message;
  const body: Record<string, unknown> = { ...fields };
  // The list is a message of its own there, so that an empty one differs from none.
  if (type === 'NodeHeartbeat') body['sleeping'] = listOf(message);
  if ('outcome' in body) body['outcome'] = `OUTCOME_${upperSnake(String(body['outcome']))}`;
  return { group, from, to, term, [lowerFirst(type)]: body };
}

/** Buffers and byte arrays compare as plain arrays; enum names as numbers. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, plain(inner)] as const),
  );
}

const kindNames = [
  'ENTRY_KIND_COMMAND',
  'ENTRY_KIND_EMPTY',
  'ENTRY_KIND_CONFIGURATION',
  'ENTRY_KIND_WITHHELD',
];

function withKindNames(message: PeerMessage): unknown {
  if (message.type !== 'AppendEntries') return message;
  const entries = message.entries.map((entry) => ({ ...entry, kind: kindNames[entry.kind] }));
  return { ...message, entries };
}

test('protobufjs reads from our bytes what we wrote, by the published .proto', () => {
  fc.assert(
    fc.property(anyGroup, anyPeerMessage, (group, message) => {
      const read = Envelope.toObject(Envelope.decode(encode(group, message)), numbers);
      const expected = asProtobufjs(group, withKindNames(message) as PeerMessage);
      assert.deepEqual(plain(read), plain(expected));
    }),
    { numRuns: 500 },
  );
});

test('we read what protobufjs wrote', () => {
  fc.assert(
    fc.property(anyGroup, anyPeerMessage, (group, message) => {
      const object = asProtobufjs(group, withKindNames(message) as PeerMessage);
      const bytes = Envelope.encode(Envelope.fromObject(object)).finish();
      assert.deepEqual(plain(decodePeerMessage(bytes)), plain({ group, message }));
    }),
    { numRuns: 500 },
  );
});

test('our own bytes come back as the same message, and there is one form of each message', () => {
  fc.assert(
    fc.property(anyGroup, anyPeerMessage, (group, message) => {
      const bytes = encode(group, message);
      const decoded = decodePeerMessage(bytes);
      assert.deepEqual(plain(decoded), plain({ group, message }));
      assert.deepEqual(encode(decoded.group, decoded.message), bytes);
    }),
    { numRuns: 500 },
  );
});

test('entries, configurations and snapshot metadata travel alone too', () => {
  fc.assert(
    fc.property(anyConfiguration, anySnapshotMeta, (configuration, snapshot) => {
      const bytes = encodeConfiguration(configuration);
      assert.deepEqual(plain(decodeConfiguration(bytes)), plain(configuration));
      const read = named('Configuration').toObject(named('Configuration').decode(bytes), numbers);
      assert.deepEqual(plain(read), plain(configuration));
      assert.deepEqual(plain(decodeSnapshotMeta(encodeSnapshotMeta(snapshot))), plain(snapshot));
    }),
  );
  fc.assert(
    fc.property(anyPeerMessage, (message) => {
      if (message.type !== 'AppendEntries') return;
      for (const entry of message.entries) {
        const writer = new ByteWriter();
        encodeEntry(writer, entry);
        assert.deepEqual(plain(decodeEntry(writer.take())), plain(entry));
      }
    }),
  );
});

test('a configuration written before there were members and sizes is still read', () => {
  const old = Uint8Array.of(0x0a, 3, 1, 2, 3, 0x12, 2, 1, 2, 0x1a, 1, 7, 0x22, 1, 2, 0x28, 1);
  assert.deepEqual(decodeConfiguration(old), {
    ...majorityConfiguration([1, 2, 3], [7]),
    votersOutgoing: [1, 2],
    learnersNext: [2],
    autoLeave: true,
  });
  assert.deepEqual(encodeConfiguration(decodeConfiguration(old)), old);
});

test('a configuration of majorities has its ids in order', () => {
  const { voters, learners, ...rest } = majorityConfiguration([30, 4, 200], [7, 5]);
  assert.deepEqual(
    [voters, learners],
    [
      [4, 30, 200],
      [5, 7],
    ],
  );
  assert.deepEqual(rest, {
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
    members: [],
    quorum: null,
    quorumOutgoing: null,
    durability: null,
  });
});

test('entry data, commands and chunks are views of the bytes that arrived', () => {
  const frame = encode(1, {
    type: 'Forward',
    from: 1,
    to: 2,
    term: 3,
    request: 4,
    commands: [Uint8Array.of(1, 2)],
  });
  const { message } = decodePeerMessage(frame);
  assert.ok(message.type === 'Forward');
  assert.equal(message.commands[0]?.buffer, frame.buffer);
});

test('fields of a later version are skipped, in the envelope and inside', () => {
  const later = protobuf.parse(`syntax = "proto3"; package later;
    message Envelope { uint64 group = 1; uint64 from = 2; uint64 to = 3; uint64 term = 4;
      Heartbeat heartbeat = 7; string trace = 31; fixed64 stamp = 32; sint64 less = 33;
      fixed32 more = 2000; }
    message Heartbeat { uint64 round = 1; uint64 commit_index = 2; sint64 skew = 13;
      repeated Inner inner = 4; double load = 5; float part = 6; }
    message Inner { bytes any = 1; }`);
  const LaterEnvelope = later.root.lookupType('later.Envelope');
  const heartbeat = {
    round: 7,
    commitIndex: 8,
    skew: -9,
    inner: [{ any: Uint8Array.of(1, 2, 3) }, {}],
    load: 0.5,
    part: 0.5,
  };
  const extra = { trace: 'abc', stamp: 12, less: -5, more: 9 };
  const object = { group: 1, from: 2, to: 3, term: 4, heartbeat, ...extra };
  const bytes = LaterEnvelope.encode(LaterEnvelope.fromObject(object)).finish();
  assert.deepEqual(decodePeerMessage(bytes), {
    group: 1,
    message: {
      type: 'Heartbeat',
      from: 2,
      to: 3,
      term: 4,
      round: 7,
      commitIndex: 8,
      cancelRound: 0,
    },
  });
});

test('entries that several peers are sent are the same bytes as if each were encoded alone', () => {
  const encoded = new EncodedEntries();
  const sent = fc.tuple(anyPeerMessage, fc.integer({ min: 0, max: 12 }), fc.integer({ min: 2 }));
  let reused = 0;
  fc.assert(
    fc.property(anyGroup, sent, (group, [message, copies, other]) => {
      const entries = message.type === 'AppendEntries' ? message.entries : [];
      const many = Array.from({ length: copies }, () => entries).flat();
      const first = message.type === 'AppendEntries' ? { ...message, entries: many } : message;
      const second = { ...first, to: other };
      for (const each of [first, second, first]) {
        const writer = new ByteWriter();
        encodePeerMessage(writer, group, each, encoded);
        assert.deepEqual(writer.take(), encode(group, each));
        if (encoded.of(many) !== null) reused += 1;
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(reused > 0);
});

test('encoded entries are those of the array that was encoded last', () => {
  const encoded = new EncodedEntries();
  const entries = Array.from({ length: 20 }, (_, at) => {
    return {
      index: at + 1,
      term: 1,
      kind: 0,
      timestampMicros: at,
      data: new Uint8Array(3),
    } as const;
  });
  const writer = new ByteWriter();
  encodeEntry(writer, entries[0] as (typeof entries)[0]);
  encoded.keep(entries, writer, 0);
  assert.equal(encoded.of(entries)?.length, writer.length);
  assert.equal(encoded.of([...entries]), null);
  encoded.keep([...entries], writer, 0);
  assert.equal(encoded.of(entries), null);
  assert.equal(new EncodedEntries().of([]), null);
});
