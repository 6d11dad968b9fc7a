import { assert, type ByteReader, type ByteWriter } from '@quorate/base';
import { writeNumber } from './field.ts';
import { maxEntriesPerMessage as maxGroups } from './limits.ts';
import { malformed } from './schema-error.ts';
import type {
  GroupId,
  NodeHeartbeat,
  NodeHeartbeatResponse,
  NodeId,
  SleepingGroup,
  Term,
} from './types.ts';

interface Between {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

/** Appends the fields of a `NodeHeartbeat` message. */
export function writeNodeHeartbeat(writer: ByteWriter, message: NodeHeartbeat): void {
  writeNumber(writer, 1, message.round);
  writeNumber(writer, 2, message.life);
  writeNumber(writer, 3, message.version);
  if (message.sleeping === null) return;
  assert(message.sleeping.length <= maxGroups, 'a node has too many sleeping groups for one list');
  writer.varint((4 << 3) | 2);
  const mark = writer.begin(message.sleeping.length * 8);
  for (const { group, term, lastIndex } of message.sleeping) {
    writer.varint((1 << 3) | 2);
    const groupMark = writer.begin(16);
    writeNumber(writer, 1, group);
    writeNumber(writer, 2, term);
    writeNumber(writer, 3, lastIndex);
    writer.end(groupMark);
  }
  writer.end(mark);
}

/** Reads to the reader's end. */
export function readNodeHeartbeat(reader: ByteReader, between: Between): NodeHeartbeat {
  const { from, to, term } = between;
  let round = 0;
  let life = 0;
  let version = 0;
  let sleeping: SleepingGroup[] | null = null;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 8) round = reader.varint();
    else if (tag === 16) life = reader.varint();
    else if (tag === 24) version = reader.varint();
    else if (tag === 34) {
      if (sleeping !== null) throw malformed('NodeHeartbeat', 'sleeping occurs twice');
      const mark = reader.enter();
      sleeping = readGroups(reader);
      reader.leave(mark);
    } else reader.skip(tag & 7);
  }
  return { type: 'NodeHeartbeat', from, to, term, round, life, version, sleeping };
}

function readGroups(reader: ByteReader): SleepingGroup[] {
  const groups: SleepingGroup[] = [];
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag !== 10) {
      reader.skip(tag & 7);
      continue;
    }
    if (groups.length === maxGroups) {
      throw malformed('NodeHeartbeat', `more than ${maxGroups} groups`);
    }
    const mark = reader.enter();
    groups.push(readGroup(reader));
    reader.leave(mark);
  }
  return groups;
}

function readGroup(reader: ByteReader): SleepingGroup {
  let group = 0;
  let term = 0;
  let lastIndex = 0;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 8) group = reader.varint();
    else if (tag === 16) term = reader.varint();
    else if (tag === 24) lastIndex = reader.varint();
    else reader.skip(tag & 7);
  }
  return { group, term, lastIndex };
}

/** Appends the fields of a `NodeHeartbeatResponse` message. */
export function writeNodeHeartbeatResponse(
  writer: ByteWriter,
  message: NodeHeartbeatResponse,
): void {
  writeNumber(writer, 1, message.round);
  writeNumber(writer, 2, message.life);
  writeNumber(writer, 3, message.version);
  if (message.awake.length === 0) return;
  assert(message.awake.length <= maxGroups, 'a list had too many groups');
  writer.varint((4 << 3) | 2);
  const mark = writer.begin(message.awake.length * 2);
  for (const group of message.awake) writer.varint(group);
  writer.end(mark);
}

/** Reads to the reader's end. */
export function readNodeHeartbeatResponse(
  reader: ByteReader,
  between: Between,
): NodeHeartbeatResponse {
  const { from, to, term } = between;
  let round = 0;
  let life = 0;
  let version = 0;
  const awake: GroupId[] = [];
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 8) round = reader.varint();
    else if (tag === 16) life = reader.varint();
    else if (tag === 24) version = reader.varint();
    else if (tag === 32) addGroup(awake, reader.varint());
    else if (tag === 34) {
      const mark = reader.enter();
      while (!reader.atEnd) addGroup(awake, reader.varint());
      reader.leave(mark);
    } else reader.skip(tag & 7);
  }
  return { type: 'NodeHeartbeatResponse', from, to, term, round, life, version, awake };
}

function addGroup(groups: GroupId[], group: GroupId): void {
  if (groups.length === maxGroups) {
    throw malformed('NodeHeartbeatResponse', `more than ${maxGroups} groups`);
  }
  groups.push(group);
}
