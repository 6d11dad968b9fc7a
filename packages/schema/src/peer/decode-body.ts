import { assert, type ByteReader } from '@quorate/base';
import { readSnapshotMeta } from './configuration-codec.ts';
import { readEntry } from './entry-codec.ts';
import { emptyBytes } from './field.ts';
import { maxCommandsPerMessage, maxEntriesPerMessage } from './limits.ts';
import { readDurabilityClass } from './member-codec.ts';
import { readNodeHeartbeat, readNodeHeartbeatResponse } from './node-heartbeat-codec.ts';
import { malformed } from './schema-error.ts';
import type {
  AppendEntries,
  AppendEntriesResponse,
  AwaitDurability,
  DurabilityClass,
  Entry,
  Forward,
  NodeId,
  PeerMessage,
  SnapshotChunk,
  SnapshotMeta,
  Term,
} from './types.ts';
import { chunkOutcomes, forwardOutcomes } from './wire-names.ts';

/** The fields of an envelope that every message has; filled before its body is read. */
export interface Between {
  from: NodeId;
  to: NodeId;
  term: Term;
}

/**
 * @param field the number of the body in `Envelope`, one of those that are known
 * @param reader ends where the body ends
 */
export function decodeBody(field: number, reader: ByteReader, between: Between): PeerMessage {
  const { from, to, term } = between;
  switch (field) {
    case 5:
      return readAppendEntries(reader, between);
    case 6:
      return readAppendEntriesResponse(reader, between);
    case 7: {
      const [round, commitIndex, cancelRound] = readNumbers(reader, 3);
      return { type: 'Heartbeat', from, to, term, round, commitIndex, cancelRound };
    }
    case 8: {
      const [round, life] = readNumbers(reader, 2);
      return { type: 'HeartbeatResponse', from, to, term, round, life };
    }
    case 9:
      return readForward(reader, between);
    case 10: {
      const [request, outcomeNumber, firstIndex, entryTerm] = readNumbers(reader, 4);
      const outcome = forwardOutcomes[outcomeNumber - 1];
      if (outcome === undefined) throw unknownOutcome('ForwardResponse', outcomeNumber);
      return { type: 'ForwardResponse', from, to, term, request, outcome, firstIndex, entryTerm };
    }
    case 11:
      return { type: 'ReadIndex', from, to, term, context: readNumbers(reader, 1)[0] };
    case 12: {
      const [context, index] = readNumbers(reader, 2);
      return { type: 'ReadIndexResponse', from, to, term, context, index };
    }
    case 13:
      return readSnapshotChunk(reader, between);
    case 14: {
      const [snapshotIndex, snapshotTerm, nextChunk, outcomeNumber] = readNumbers(reader, 4);
      const outcome = chunkOutcomes[outcomeNumber - 1];
      if (outcome === undefined) throw unknownOutcome('SnapshotChunkResponse', outcomeNumber);
      const position = { snapshotIndex, snapshotTerm, nextChunk };
      return { type: 'SnapshotChunkResponse', from, to, term, ...position, outcome };
    }
    case 21:
      return { type: 'CommitNotice', from, to, term, commitIndex: readNumbers(reader, 1)[0] };
    default:
      return decodeRareBody(field, reader, between);
  }
}

function decodeRareBody(field: number, reader: ByteReader, between: Between): PeerMessage {
  const { from, to, term } = between;
  switch (field) {
    case 15: {
      const [lastLogIndex, lastLogTerm] = readNumbers(reader, 2);
      return { type: 'PreVote', from, to, term, lastLogIndex, lastLogTerm };
    }
    case 16:
      return { type: 'PreVoteResponse', from, to, term, granted: readNumbers(reader, 1)[0] !== 0 };
    case 17: {
      const [lastLogIndex, lastLogTerm, transfer] = readNumbers(reader, 3);
      const leadershipTransfer = transfer !== 0;
      return { type: 'RequestVote', from, to, term, lastLogIndex, lastLogTerm, leadershipTransfer };
    }
    case 18:
      return {
        type: 'RequestVoteResponse',
        from,
        to,
        term,
        granted: readNumbers(reader, 1)[0] !== 0,
      };
    case 19: {
      const snapshot = readInstallSnapshot(reader);
      return { type: 'InstallSnapshot', from, to, term, snapshot };
    }
    case 20: {
      const [round, life] = readNumbers(reader, 2);
      return { type: 'TimeoutNow', from, to, term, round, life };
    }
    case 22:
      return readAwaitDurability(reader, between);
    case 24:
      return readNodeHeartbeat(reader, between);
    case 25:
      return readNodeHeartbeatResponse(reader, between);
    default: {
      assert(field === 23, 'the envelope checks that the body is known');
      const [context, reached] = readNumbers(reader, 2);
      return { type: 'DurabilityReached', from, to, term, context, reached: reached !== 0 };
    }
  }
}

function unknownOutcome(message: string, outcomeNumber: number): Error {
  return malformed(message, `outcome ${outcomeNumber} is not known here`);
}

/** The fields 1 to `count` of a message that has no others: numbers and booleans, by position. */
function readNumbers(reader: ByteReader, count: number): [number, number, number, number] {
  const numbers: [number, number, number, number] = [0, 0, 0, 0];
  while (!reader.atEnd) {
    const tag = reader.tag();
    const field = tag >>> 3;
    if ((tag & 7) === 0 && field <= count) numbers[field - 1] = reader.varint();
    else reader.skip(tag & 7);
  }
  return numbers;
}

function readAppendEntries(reader: ByteReader, between: Between): AppendEntries {
  const { from, to, term } = between;
  let prevLogIndex = 0;
  let prevLogTerm = 0;
  let commitIndex = 0;
  const entries: Entry[] = [];
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 34) {
      if (entries.length === maxEntriesPerMessage) {
        throw malformed('AppendEntries', `more than ${maxEntriesPerMessage} entries`);
      }
      const mark = reader.enter();
      entries.push(readEntry(reader));
      reader.leave(mark);
    } else if (tag === 8) prevLogIndex = reader.varint();
    else if (tag === 16) prevLogTerm = reader.varint();
    else if (tag === 24) commitIndex = reader.varint();
    else reader.skip(tag & 7);
  }
  checkLogOrder(entries, prevLogIndex, prevLogTerm, term);
  return {
    type: 'AppendEntries',
    from,
    to,
    term,
    prevLogIndex,
    prevLogTerm,
    commitIndex,
    entries,
  };
}

/** No log of any replica at any time looks otherwise (dissertation 3.5). */
function checkLogOrder(
  entries: readonly Entry[],
  prevLogIndex: number,
  prevLogTerm: number,
  term: Term,
): void {
  let lastIndex = prevLogIndex;
  let lastTerm = prevLogTerm;
  for (const entry of entries) {
    if (entry.index !== lastIndex + 1) {
      throw malformed('AppendEntries', `entry ${entry.index} follows ${lastIndex}`);
    }
    if (entry.term < lastTerm) {
      throw malformed('AppendEntries', `term ${entry.term} follows ${lastTerm}`);
    }
    lastIndex = entry.index;
    lastTerm = entry.term;
  }
  if (lastTerm > term) {
    throw malformed('AppendEntries', `entries of term ${lastTerm} from a leader of term ${term}`);
  }
}

function readAppendEntriesResponse(reader: ByteReader, between: Between): AppendEntriesResponse {
  const { from, to, term } = between;
  let success = false;
  let matchIndex = 0;
  let rejectedIndex = 0;
  let hintIndex = 0;
  let hintTerm = 0;
  let repairing = false;
  let life = 0;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 8) success = reader.varint() !== 0;
    else if (tag === 16) matchIndex = reader.varint();
    else if (tag === 24) rejectedIndex = reader.varint();
    else if (tag === 32) hintIndex = reader.varint();
    else if (tag === 40) hintTerm = reader.varint();
    else if (tag === 48) repairing = reader.varint() !== 0;
    else if (tag === 56) life = reader.varint();
    else reader.skip(tag & 7);
  }
  return {
    type: 'AppendEntriesResponse',
    from,
    to,
    term,
    success,
    matchIndex,
    repairing,
    rejectedIndex,
    hintIndex,
    hintTerm,
    life,
  };
}

function readForward(reader: ByteReader, between: Between): Forward {
  const { from, to, term } = between;
  let request = 0;
  const commands: Uint8Array[] = [];
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 18) {
      if (commands.length === maxCommandsPerMessage) {
        throw malformed('Forward', `more than ${maxCommandsPerMessage} commands`);
      }
      commands.push(reader.bytes());
    } else if (tag === 8) request = reader.varint();
    else reader.skip(tag & 7);
  }
  return { type: 'Forward', from, to, term, request, commands };
}

function readSnapshotChunk(reader: ByteReader, between: Between): SnapshotChunk {
  const { from, to, term } = between;
  let snapshot: SnapshotMeta | null = null;
  let chunk = 0;
  let last = false;
  let data = emptyBytes;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 10) snapshot = readSnapshotOnce(reader, snapshot, 'SnapshotChunk');
    else if (tag === 16) chunk = reader.varint();
    else if (tag === 24) last = reader.varint() !== 0;
    else if (tag === 34) data = reader.bytes();
    else reader.skip(tag & 7);
  }
  if (snapshot === null) throw malformed('SnapshotChunk', 'snapshot is missing');
  return { type: 'SnapshotChunk', from, to, term, snapshot, chunk, last, data };
}

function readAwaitDurability(reader: ByteReader, { from, to, term }: Between): AwaitDurability {
  let context = 0;
  let index = 0;
  let durability: DurabilityClass | null = null;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 8) context = reader.varint();
    else if (tag === 16) index = reader.varint();
    else if (tag === 26) {
      if (durability !== null) throw malformed('AwaitDurability', 'durability occurs twice');
      const mark = reader.enter();
      durability = readDurabilityClass(reader);
      reader.leave(mark);
    } else reader.skip(tag & 7);
  }
  if (durability === null) throw malformed('AwaitDurability', 'durability is missing');
  return { type: 'AwaitDurability', from, to, term, context, index, durability };
}

function readInstallSnapshot(reader: ByteReader): SnapshotMeta {
  let snapshot: SnapshotMeta | null = null;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 10) snapshot = readSnapshotOnce(reader, snapshot, 'InstallSnapshot');
    else reader.skip(tag & 7);
  }
  if (snapshot === null) throw malformed('InstallSnapshot', 'snapshot is missing');
  return snapshot;
}

function readSnapshotOnce(
  reader: ByteReader,
  earlier: SnapshotMeta | null,
  message: string,
): SnapshotMeta {
  if (earlier !== null) throw malformed(message, 'snapshot occurs twice');
  const mark = reader.enter();
  const snapshot = readSnapshotMeta(reader);
  reader.leave(mark);
  return snapshot;
}
