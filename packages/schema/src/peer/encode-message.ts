import { assert, type ByteWriter, unreachable } from '@quorate/base';
import { writeSnapshotMeta } from './configuration-codec.ts';
import type { EncodedEntries } from './encoded-entries.ts';
import { encodeEntry, entryOverheadBytes } from './entry-codec.ts';
import { writeBool, writeBytes, writeNumber } from './field.ts';
import { maxCommandsPerMessage, maxEntriesPerMessage } from './limits.ts';
import { writeDurabilityClass } from './member-codec.ts';
import { writeNodeHeartbeat, writeNodeHeartbeatResponse } from './node-heartbeat-codec.ts';
import type {
  AppendEntries,
  AppendEntriesResponse,
  AwaitDurability,
  CommitNotice,
  Forward,
  ForwardResponse,
  GroupId,
  Heartbeat,
  HeartbeatResponse,
  PeerMessage,
  ReadIndex,
  ReadIndexResponse,
  SnapshotMeta,
} from './types.ts';
import { bodyFields, chunkOutcomes, forwardOutcomes } from './wire-names.ts';

/**
 * Appends `message` as the fields of one `Envelope` (proto/quorate/peer.proto).
 *
 * @param encoded kept by whoever sends the same entries to several peers
 */
export function encodePeerMessage(
  writer: ByteWriter,
  group: GroupId,
  message: PeerMessage,
  encoded?: EncodedEntries,
): void {
  writeNumber(writer, 1, group);
  writeNumber(writer, 2, message.from);
  writeNumber(writer, 3, message.to);
  writeNumber(writer, 4, message.term);
  writer.varint((bodyFields[message.type] << 3) | 2);
  const mark = writer.begin(expectedBodyBytes(message));
  if (message.type === 'AppendEntries') writeAppendEntries(writer, message, encoded);
  else writeBody(writer, message);
  writer.end(mark);
}

type OtherMessage = Exclude<PeerMessage, AppendEntries>;

type RareMessage = Exclude<
  OtherMessage,
  | AppendEntriesResponse
  | Heartbeat
  | HeartbeatResponse
  | CommitNotice
  | Forward
  | ForwardResponse
  | ReadIndex
  | ReadIndexResponse
>;

function expectedBodyBytes(message: PeerMessage): number {
  switch (message.type) {
    case 'AppendEntries': {
      let bytes = 0;
      for (const entry of message.entries) bytes += entry.data.length + entryOverheadBytes / 2;
      return bytes + 12;
    }
    case 'Forward': {
      let bytes = 0;
      for (const command of message.commands) bytes += command.length + 3;
      return bytes + 8;
    }
    case 'SnapshotChunk':
      return message.data.length + 64;
    default:
      return 16;
  }
}

function writeBody(writer: ByteWriter, message: OtherMessage): void {
  switch (message.type) {
    case 'AppendEntriesResponse':
      writeBool(writer, 1, message.success);
      writeNumbers(writer, 2, message.matchIndex, message.rejectedIndex, message.hintIndex);
      writeNumber(writer, 5, message.hintTerm);
      writeBool(writer, 6, message.repairing);
      writeNumber(writer, 7, message.life);
      break;
    case 'Heartbeat':
      writeNumbers(writer, 1, message.round, message.commitIndex, message.cancelRound);
      break;
    case 'CommitNotice':
      writeNumber(writer, 1, message.commitIndex);
      break;
    case 'HeartbeatResponse':
      writeNumbers(writer, 1, message.round, message.life);
      break;
    case 'Forward':
      writeForward(writer, message);
      break;
    case 'ForwardResponse':
      writeNumbers(writer, 1, message.request, forwardOutcomes.indexOf(message.outcome) + 1);
      writeNumbers(writer, 3, message.firstIndex, message.entryTerm);
      break;
    case 'ReadIndex':
      writeNumber(writer, 1, message.context);
      break;
    case 'ReadIndexResponse':
      writeNumbers(writer, 1, message.context, message.index);
      break;
    default:
      writeRareBody(writer, message);
  }
}

function writeRareBody(writer: ByteWriter, message: RareMessage): void {
  switch (message.type) {
    case 'SnapshotChunk':
      writeSnapshot(writer, 1, message.snapshot);
      writeNumber(writer, 2, message.chunk);
      writeBool(writer, 3, message.last);
      writeBytes(writer, 4, message.data);
      break;
    case 'SnapshotChunkResponse':
      writeNumbers(writer, 1, message.snapshotIndex, message.snapshotTerm, message.nextChunk);
      writeNumber(writer, 4, chunkOutcomes.indexOf(message.outcome) + 1);
      break;
    case 'PreVote':
      writeNumbers(writer, 1, message.lastLogIndex, message.lastLogTerm);
      break;
    case 'RequestVote':
      writeNumbers(writer, 1, message.lastLogIndex, message.lastLogTerm);
      writeBool(writer, 3, message.leadershipTransfer);
      break;
    case 'PreVoteResponse':
    case 'RequestVoteResponse':
      writeBool(writer, 1, message.granted);
      break;
    case 'InstallSnapshot':
      writeSnapshot(writer, 1, message.snapshot);
      break;
    case 'TimeoutNow':
      writeNumbers(writer, 1, message.round, message.life);
      break;
    case 'AwaitDurability':
      writeAwaitDurability(writer, message);
      break;
    case 'NodeHeartbeat':
      writeNodeHeartbeat(writer, message);
      break;
    case 'NodeHeartbeatResponse':
      writeNodeHeartbeatResponse(writer, message);
      break;
    case 'DurabilityReached':
      writeNumber(writer, 1, message.context);
      writeBool(writer, 2, message.reached);
      break;
    default:
      unreachable(message);
  }
}

/** Fields that follow one another, from `field` on. */
function writeNumbers(
  writer: ByteWriter,
  field: number,
  first: number,
  second: number,
  third = 0,
): void {
  writeNumber(writer, field, first);
  writeNumber(writer, field + 1, second);
  writeNumber(writer, field + 2, third);
}

function writeAppendEntries(
  writer: ByteWriter,
  message: AppendEntries,
  encoded: EncodedEntries | undefined,
): void {
  const { entries } = message;
  assert(entries.length <= maxEntriesPerMessage, 'AppendEntries has too many entries');
  writeNumber(writer, 1, message.prevLogIndex);
  writeNumber(writer, 2, message.prevLogTerm);
  writeNumber(writer, 3, message.commitIndex);
  const known = encoded?.of(entries) ?? null;
  if (known !== null) {
    writer.raw(known);
    return;
  }
  const start = writer.length;
  for (const entry of entries) {
    writer.varint((4 << 3) | 2);
    const mark = writer.begin(entry.data.length + entryOverheadBytes / 2);
    encodeEntry(writer, entry);
    writer.end(mark);
  }
  encoded?.keep(entries, writer, start);
}

function writeForward(writer: ByteWriter, message: Forward): void {
  assert(message.commands.length <= maxCommandsPerMessage, 'Forward has too many commands');
  writeNumber(writer, 1, message.request);
  for (const command of message.commands) {
    writer.varint((2 << 3) | 2);
    writer.bytes(command);
  }
}

function writeAwaitDurability(writer: ByteWriter, message: AwaitDurability): void {
  writeNumbers(writer, 1, message.context, message.index);
  writer.varint((3 << 3) | 2);
  const mark = writer.begin(4);
  writeDurabilityClass(writer, message.durability);
  writer.end(mark);
}

function writeSnapshot(writer: ByteWriter, field: number, snapshot: SnapshotMeta): void {
  writer.varint((field << 3) | 2);
  const mark = writer.begin(64);
  writeSnapshotMeta(writer, snapshot);
  writer.end(mark);
}
