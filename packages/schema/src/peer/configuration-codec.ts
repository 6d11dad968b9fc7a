import { assert, ByteReader, ByteWriter, WireType } from '@quorate/base';
import { writeBool, writeNumber } from './field.ts';
import { maxConfigurationIds } from './limits.ts';
import {
  readDurabilityClass,
  readMember,
  readQuorumSizes,
  writeDurabilityClass,
  writeMember,
  writeQuorumSizes,
} from './member-codec.ts';
import { asSchemaError, malformed } from './schema-error.ts';
import type {
  Configuration,
  DurabilityClass,
  Member,
  NodeId,
  QuorumSizes,
  SnapshotMeta,
} from './types.ts';

/** Appends the fields of a `Configuration` message. */
function writeConfiguration(writer: ByteWriter, configuration: Configuration): void {
  const { members, quorum, quorumOutgoing, durability } = configuration;
  writeIds(writer, 1, configuration.voters);
  writeIds(writer, 2, configuration.votersOutgoing);
  writeIds(writer, 3, configuration.learners);
  writeIds(writer, 4, configuration.learnersNext);
  writeBool(writer, 5, configuration.autoLeave);
  assert(members.length <= maxConfigurationIds, 'a configuration has at most 1024 members');
  let previous = 0;
  for (const member of members) {
    assert(member.id > previous, 'members ascend by id');
    previous = member.id;
    writeInner(writer, 6, () => writeMember(writer, member));
  }
  if (quorum !== null) writeInner(writer, 7, () => writeQuorumSizes(writer, quorum));
  if (quorumOutgoing !== null) {
    writeInner(writer, 8, () => writeQuorumSizes(writer, quorumOutgoing));
  }
  if (durability !== null) writeInner(writer, 9, () => writeDurabilityClass(writer, durability));
}

function writeInner(writer: ByteWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.lengthDelimited);
  const mark = writer.begin(64);
  write();
  writer.end(mark);
}

function writeIds(writer: ByteWriter, field: number, ids: readonly NodeId[]): void {
  if (ids.length === 0) return;
  assert(ids.length <= maxConfigurationIds, 'a configuration has at most 1024 ids a list');
  writer.varint((field << 3) | 2);
  const mark = writer.begin(ids.length);
  let previous = 0;
  for (const id of ids) {
    assert(id > previous, 'ids ascend and begin at 1');
    previous = id;
    writer.varint(id);
  }
  writer.end(mark);
}

/** Reads to the reader's end. What a version before members and sizes wrote has none. */
function readConfiguration(reader: ByteReader): Configuration {
  const voters: NodeId[] = [];
  const votersOutgoing: NodeId[] = [];
  const learners: NodeId[] = [];
  const learnersNext: NodeId[] = [];
  const members: Member[] = [];
  let autoLeave = false;
  let quorum: QuorumSizes | null = null;
  let quorumOutgoing: QuorumSizes | null = null;
  let durability: DurabilityClass | null = null;
  while (!reader.atEnd) {
    const tag = reader.tag();
    const field = tag >>> 3;
    if (field === 1) readIds(reader, tag, voters);
    else if (field === 2) readIds(reader, tag, votersOutgoing);
    else if (field === 3) readIds(reader, tag, learners);
    else if (field === 4) readIds(reader, tag, learnersNext);
    else if (tag === 40) autoLeave = reader.varint() !== 0;
    else if (tag === 50) addMember(members, readInner(reader, readMember));
    else if (tag === 58) quorum = readOnce(reader, quorum, 'quorum', readQuorumSizes);
    else if (tag === 66) {
      quorumOutgoing = readOnce(reader, quorumOutgoing, 'quorumOutgoing', readQuorumSizes);
    } else if (tag === 74) {
      durability = readOnce(reader, durability, 'durability', readDurabilityClass);
    } else reader.skip(tag & 7);
  }
  const decides = { voters, votersOutgoing, learners, learnersNext, autoLeave };
  return { ...decides, members, quorum, quorumOutgoing, durability };
}

function readInner<T>(reader: ByteReader, read: (reader: ByteReader) => T): T {
  const mark = reader.enter();
  const value = read(reader);
  reader.leave(mark);
  return value;
}

function readOnce<T>(
  reader: ByteReader,
  found: T | null,
  field: string,
  read: (reader: ByteReader) => T,
): T {
  if (found !== null) throw malformed('Configuration', `${field} occurs twice`);
  return readInner(reader, read);
}

function addMember(members: Member[], member: Member): void {
  if (members.length === maxConfigurationIds) {
    throw malformed('Configuration', `more than ${maxConfigurationIds} members`);
  }
  if (member.id <= (members.at(-1)?.id ?? 0)) {
    throw malformed(
      'Configuration',
      `member ${member.id} is out of place: ids ascend and begin at 1`,
    );
  }
  members.push(member);
}

/** Repeated numbers come packed or one by one; a reader of proto3 takes both. */
function readIds(reader: ByteReader, tag: number, ids: NodeId[]): void {
  if ((tag & 7) === 0) {
    addId(ids, reader.varint());
  } else if ((tag & 7) === 2) {
    const mark = reader.enter();
    while (!reader.atEnd) addId(ids, reader.varint());
    reader.leave(mark);
  } else {
    reader.skip(tag & 7);
  }
}

function addId(ids: NodeId[], id: NodeId): void {
  if (ids.length === maxConfigurationIds) {
    throw malformed('Configuration', `more than ${maxConfigurationIds} ids in a list`);
  }
  if (id <= (ids.at(-1) ?? 0)) {
    throw malformed('Configuration', `id ${id} is out of place: ids ascend and begin at 1`);
  }
  ids.push(id);
}

/** Appends the fields of a `SnapshotMeta` message. */
export function writeSnapshotMeta(writer: ByteWriter, snapshot: SnapshotMeta): void {
  writeNumber(writer, 1, snapshot.index);
  writeNumber(writer, 2, snapshot.term);
  writeNumber(writer, 3, snapshot.timestampMicros);
  writeInner(writer, 4, () => writeConfiguration(writer, snapshot.configuration));
  writeBool(writer, 5, snapshot.withheld);
}

/** Reads to the reader's end. */
export function readSnapshotMeta(reader: ByteReader): SnapshotMeta {
  let index = 0;
  let term = 0;
  let timestampMicros = 0;
  let withheld = false;
  let configuration: Configuration | null = null;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 8) index = reader.varint();
    else if (tag === 16) term = reader.varint();
    else if (tag === 24) timestampMicros = reader.varint();
    else if (tag === 34) {
      if (configuration !== null) throw malformed('SnapshotMeta', 'configuration occurs twice');
      configuration = readInner(reader, readConfiguration);
    } else if (tag === 40) withheld = reader.varint() !== 0;
    else reader.skip(tag & 7);
  }
  if (configuration === null) throw malformed('SnapshotMeta', 'configuration is missing');
  return { index, term, timestampMicros, configuration, withheld };
}

/** @returns the bytes of a `Configuration` message: the data of a configuration entry */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const writer = new ByteWriter(64);
  writeConfiguration(writer, configuration);
  return writer.take();
}

/**
 * @returns a configuration whose lists ascend strictly and whose numbers and texts are within their
 *   limits; whether it makes sense as a whole is not judged
 * @throws SchemaError SCHEMA_MALFORMED
 */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  try {
    return readConfiguration(new ByteReader(bytes));
  } catch (error) {
    throw asSchemaError(error, 'Configuration');
  }
}

/** @returns the bytes of a `SnapshotMeta` message */
export function encodeSnapshotMeta(snapshot: SnapshotMeta): Uint8Array {
  const writer = new ByteWriter(128);
  writeSnapshotMeta(writer, snapshot);
  return writer.take();
}

/** @throws SchemaError SCHEMA_MALFORMED */
export function decodeSnapshotMeta(bytes: Uint8Array): SnapshotMeta {
  try {
    return readSnapshotMeta(new ByteReader(bytes));
  } catch (error) {
    throw asSchemaError(error, 'SnapshotMeta');
  }
}
