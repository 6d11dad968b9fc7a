import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionFailed, ByteWriter, WireType } from '@quorate/base';
import {
  type Configuration,
  decodeConfiguration,
  decodeEntry,
  decodePeerMessage,
  decodeSnapshotMeta,
  type Entry,
  encodeConfiguration,
  encodePeerMessage,
  majorityConfiguration,
  maxEntriesPerMessage,
  type PeerMessage,
  SchemaError,
} from '@quorate/schema';
import fc from 'fast-check';
import { anyGroup, anyPeerMessage } from './peer-arbitrary.ts';

function encode(group: number, message: PeerMessage): Uint8Array {
  const writer = new ByteWriter();
  encodePeerMessage(writer, group, message);
  return writer.take();
}

function refuses(bytes: Uint8Array, reason: RegExp, decode: (b: Uint8Array) => unknown): void {
  assert.throws(
    () => decode(bytes),
    (error) =>
      error instanceof SchemaError &&
      error.code === 'SCHEMA_MALFORMED' &&
      reason.test(error.metadata.reason),
    `should be refused: ${reason}`,
  );
}

function built(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  write(writer);
  return writer.take();
}

/** An envelope from 1 to 2 in term 5 whose body is written by hand. */
function envelope(bodyField: number, body: (writer: ByteWriter) => void): Uint8Array {
  return built((writer) => {
    for (const [field, value] of [
      [2, 1],
      [3, 2],
      [4, 5],
    ] as const) {
      writer.tag(field, WireType.varint);
      writer.varint(value);
    }
    writer.tag(bodyField, WireType.lengthDelimited);
    writer.bytes(built(body));
  });
}

function numberField(writer: ByteWriter, field: number, value: number): void {
  writer.tag(field, WireType.varint);
  writer.varint(value);
}

function entry(index: number, term: number, kind: 0 | 1 | 2 = 0): Entry {
  return { index, term, kind, timestampMicros: 1, data: new Uint8Array(0) };
}

function append(prevLogIndex: number, prevLogTerm: number, entries: Entry[]): Uint8Array {
  const position = { prevLogIndex, prevLogTerm, commitIndex: 0 };
  const between = { from: 1, to: 2, term: 5 };
  return encode(1, { type: 'AppendEntries', ...between, ...position, entries });
}

test('an envelope without sender, receiver or body is refused', () => {
  refuses(new Uint8Array(0), /no body/, decodePeerMessage);
  const round = { type: 'HeartbeatResponse', term: 1, round: 1, life: 1 } as const;
  refuses(encode(1, { ...round, from: 0, to: 2 }), /from/, decodePeerMessage);
  refuses(encode(1, { ...round, from: 1, to: 0 }), /to is/, decodePeerMessage);
  refuses(
    envelope(31, () => undefined),
    /no body/,
    decodePeerMessage,
  );
});

test('an envelope with two bodies is refused', () => {
  const once = envelope(20, () => undefined);
  const body = once.subarray(once.length - 3);
  refuses(Uint8Array.from([...once, ...body]), /two bodies/, decodePeerMessage);
});

test('entries that leave a gap, repeat or fall back in term are refused', () => {
  decodePeerMessage(append(7, 3, [entry(8, 3), entry(9, 5)]));
  refuses(append(7, 3, [entry(9, 3)]), /entry 9 follows 7/, decodePeerMessage);
  refuses(append(7, 3, [entry(8, 3), entry(8, 3)]), /entry 8 follows 8/, decodePeerMessage);
  refuses(append(7, 3, [entry(8, 2)]), /term 2 follows 3/, decodePeerMessage);
  refuses(append(7, 3, [entry(8, 6)]), /leader of term 5/, decodePeerMessage);
  refuses(append(7, 6, []), /leader of term 5/, decodePeerMessage);
});

test('an entry of unknown kind, without index or with a broken configuration is refused', () => {
  const bytes = built((writer) => {
    numberField(writer, 1, 4);
    numberField(writer, 3, 4);
  });
  refuses(bytes, /kind 4 of entry 4/, decodeEntry);
  refuses(new Uint8Array(0), /index/, decodeEntry);
  const broken = built((writer) => {
    numberField(writer, 1, 4);
    numberField(writer, 3, 2);
    writer.tag(5, WireType.lengthDelimited);
    writer.bytes(Uint8Array.of(0x0a, 0x02, 0x02, 0x01));
  });
  refuses(broken, /ids ascend/, decodeEntry);
});

test('a configuration whose ids do not ascend, or are too many, is refused', () => {
  for (const ids of [[2, 1], [3, 3], [0], [0, 1]]) {
    const packed = Uint8Array.of(0x12, ids.length, ...ids);
    refuses(packed, /ids ascend/, decodeConfiguration);
    const oneByOne = Uint8Array.from(ids.flatMap((id) => [0x10, id]));
    refuses(oneByOne, /ids ascend/, decodeConfiguration);
  }
  const many = built((writer) => {
    for (let id = 1; id <= 1025; id++) numberField(writer, 3, id);
  });
  refuses(many, /more than 1024/, decodeConfiguration);
});

function inConfiguration(field: number, body: (writer: ByteWriter) => void): Uint8Array {
  return built((writer) => {
    writer.tag(field, WireType.lengthDelimited);
    writer.bytes(built(body));
  });
}

function member(write: (writer: ByteWriter) => void): Uint8Array {
  return inConfiguration(6, (writer) => {
    numberField(writer, 1, 1);
    write(writer);
  });
}

test('a member beyond its limits is refused', () => {
  const text = (field: number, bytes: Uint8Array) =>
    member((writer) => {
      writer.tag(field, WireType.lengthDelimited);
      writer.bytes(bytes);
    });
  decodeConfiguration(text(3, new Uint8Array(255).fill(97)));
  refuses(text(3, new Uint8Array(256).fill(97)), /locality is longer/, decodeConfiguration);
  refuses(text(4, new Uint8Array(256).fill(97)), /address is longer/, decodeConfiguration);
  // 128 times two bytes.
  const umlauts = new TextEncoder().encode('ü'.repeat(128));
  refuses(text(3, umlauts), /locality is longer/, decodeConfiguration);
  refuses(text(3, Uint8Array.of(0xff)), /not UTF-8/, decodeConfiguration);
  refuses(text(4, Uint8Array.of(0xc3)), /not UTF-8/, decodeConfiguration);
  const priority = (value: number) => member((writer) => numberField(writer, 5, value));
  assert.equal(decodeConfiguration(priority(255)).members[0]?.priority, 255);
  refuses(priority(256), /priority 256 of node 1 is above 255/, decodeConfiguration);
});

test('members out of order, unnamed or too many are refused', () => {
  const unnamed = inConfiguration(6, () => undefined);
  const named = (id: number) => inConfiguration(6, (writer) => numberField(writer, 1, id));
  refuses(unnamed, /member 0 is out of place/, decodeConfiguration);
  refuses(Uint8Array.from([...named(2), ...named(2)]), /member 2 is out/, decodeConfiguration);
  refuses(Uint8Array.from([...named(2), ...named(1)]), /member 1 is out/, decodeConfiguration);
  const many = built((writer) => {
    for (let id = 1; id <= 1025; id++) writer.raw(named(id));
  });
  refuses(many, /more than 1024 members/, decodeConfiguration);
});

test('sizes and durability classes outside their range, or given twice, are refused', () => {
  const pair = (field: number, first: number, second: number) =>
    inConfiguration(field, (writer) => {
      numberField(writer, 1, first);
      numberField(writer, 2, second);
    });
  for (const field of [7, 8, 9]) {
    decodeConfiguration(pair(field, 1, 1024));
    for (const [first, second] of [
      [0, 2],
      [2, 0],
      [1025, 2],
      [2, 1025],
    ] as const) {
      refuses(pair(field, first, second), /from 1 to 1024/, decodeConfiguration);
    }
    const once = pair(field, 2, 2);
    refuses(Uint8Array.from([...once, ...once]), /occurs twice/, decodeConfiguration);
  }
});

test('what could not be read back is not written', () => {
  const good = majorityConfiguration([1, 2, 3]);
  const node = { id: 1, incarnation: 5, locality: 'eu', address: '', priority: 0 };
  const attributes = { ...node, witness: false, promote: false };
  const bad: Partial<Configuration>[] = [
    { voters: [2, 1] },
    { learners: [0] },
    { learners: Array.from({ length: 1025 }, (_, at) => at + 1) },
    { members: [attributes, attributes] },
    { members: [{ ...attributes, id: 0 }] },
    { members: [{ ...attributes, priority: 256 }] },
    { members: [{ ...attributes, locality: 'ü'.repeat(128) }] },
    { members: [{ ...attributes, address: '\ud800' }] },
    { members: Array.from({ length: 1025 }, (_, at) => ({ ...attributes, id: at + 1 })) },
    { quorum: { commit: 0, election: 3 } },
    { quorumOutgoing: { commit: 2, election: 1025 } },
    { durability: { depth: 0, domains: 1 } },
  ];
  encodeConfiguration({ ...good, members: [attributes] });
  for (const change of bad) {
    assert.throws(() => encodeConfiguration({ ...good, ...change }), AssertionFailed);
  }
});

test('a snapshot without configuration, or with two, is refused', () => {
  refuses(new Uint8Array(0), /missing/, decodeSnapshotMeta);
  refuses(Uint8Array.of(0x22, 0, 0x22, 0), /twice/, decodeSnapshotMeta);
  refuses(
    envelope(19, () => undefined),
    /snapshot is missing/,
    decodePeerMessage,
  );
  refuses(
    envelope(13, () => undefined),
    /snapshot is missing/,
    decodePeerMessage,
  );
  const twice = (writer: ByteWriter) => {
    writer.raw(Uint8Array.of(0x0a, 2, 0x22, 0, 0x0a, 2, 0x22, 0));
  };
  refuses(envelope(19, twice), /twice/, decodePeerMessage);
  refuses(envelope(13, twice), /twice/, decodePeerMessage);
});

test('outcomes that have no name are refused', () => {
  refuses(
    envelope(10, () => undefined),
    /outcome 0/,
    decodePeerMessage,
  );
  refuses(
    envelope(10, (w) => numberField(w, 2, 6)),
    /outcome 6/,
    decodePeerMessage,
  );
  refuses(
    envelope(14, (w) => numberField(w, 4, 4)),
    /outcome 4/,
    decodePeerMessage,
  );
});

test('more elements than a message may hold are refused before they cost memory', () => {
  const commands = envelope(9, (w) =>
    w.raw(new Uint8Array(2 * 131_073).map((_, i) => (i % 2 ? 0 : 18))),
  );
  refuses(commands, /more than 131072 commands/, decodePeerMessage);
  const entries = envelope(5, (w) => {
    for (let index = 1; index <= maxEntriesPerMessage + 1; index++) {
      w.tag(4, WireType.lengthDelimited);
      const mark = w.begin(4);
      numberField(w, 1, index);
      w.end(mark);
    }
  });
  refuses(entries, /more than 131072 entries/, decodePeerMessage);
});

test('an integer beyond 2^53 - 1 is refused, wherever it stands', () => {
  const huge = (w: ByteWriter) =>
    w.raw(Uint8Array.of(0x08, 255, 255, 255, 255, 255, 255, 255, 255, 1));
  for (let body = 5; body <= 19; body++) {
    if ([13, 19].includes(body)) continue;
    refuses(envelope(body, huge), /2\^53/, decodePeerMessage);
  }
});

function onlyTheTypedError(bytes: Uint8Array): void {
  for (const decode of [decodePeerMessage, decodeEntry, decodeConfiguration, decodeSnapshotMeta]) {
    try {
      decode(bytes);
    } catch (error) {
      assert.ok(error instanceof SchemaError, `${error} for ${[...bytes]}`);
    }
  }
}

test('random bytes never give anything but a message or the typed error', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), onlyTheTypedError), { numRuns: 3000 });
});

test('mutated messages never give anything but a message or the typed error', () => {
  const edit = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(20) });
  fc.assert(
    fc.property(
      anyGroup,
      anyPeerMessage,
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      (group, message, edits) => {
        let bytes = encode(group, message);
        for (const { at, byte, cut } of edits) {
          if (bytes.length === 0) break;
          bytes[at % bytes.length] = byte;
          if (cut === 0) bytes = bytes.slice(0, at % bytes.length);
        }
        onlyTheTypedError(bytes);
      },
    ),
    { numRuns: 3000 },
  );
});

test('a message cut short at any byte is refused or is a shorter valid message', () => {
  const whole = append(7, 3, [entry(8, 3), entry(9, 5)]);
  for (let length = 0; length < whole.length; length++) {
    refuses(whole.subarray(0, length), /truncated|no body|from|to/, decodePeerMessage);
  }
});
