import { assert, ByteReader, ByteReaderError, ByteWriter, unreachable } from '@quorate/base';
import { maxToken, readLease, readToken, writeLease, writeToken } from './election-bytes.ts';
import { type ElectionCommand, maxGeneration, maxValueBytes } from './election-model.ts';

/**
 * The binary form of a command; integers are varints, a token 8 bytes little-endian, a value its
 * length and its bytes:
 *
 *     version (1), kind, then
 *     lead      (kind 1)  leader term generation electionTimeoutMs clockDriftPpm value
 *     proclaim  (kind 2)  token value
 *     resign    (kind 3)  token
 */
const formatVersion = 1;

const kinds = { lead: 1, proclaim: 2, resign: 3 } as const;

// One writer for all: encoding is synchronous and never re-entered, and the result is a copy.
const writer = new ByteWriter();

/**
 * @param command ids and terms from 1, a generation up to `maxGeneration`, a value up to
 *   `maxValueBytes`: what is larger is a mistake of the caller's
 */
export function encodeElectionCommand(command: ElectionCommand): Uint8Array {
  writer.varint(formatVersion);
  writer.varint(kinds[command.kind]);
  switch (command.kind) {
    case 'lead':
      assert(command.generation <= maxGeneration, 'a generation has 16 bits');
      writer.varint(command.leader);
      writer.varint(command.term);
      writer.varint(command.generation);
      writeLease(writer, command.lease);
      writeValue(command.value);
      break;
    case 'proclaim':
      putToken(command.token);
      writeValue(command.value);
      break;
    case 'resign':
      putToken(command.token);
      break;
    default:
      unreachable(command);
  }
  return writer.take();
}

function putToken(token: bigint): void {
  assert(token >= 0n && token <= maxToken, 'a token has 64 bits');
  writeToken(writer, token);
}

function writeValue(value: Uint8Array): void {
  assert(value.length <= maxValueBytes, 'values are checked where they come in');
  writer.bytes(value);
}

/**
 * @returns null for what is no command; its value is a view of `bytes`
 */
export function decodeElectionCommand(bytes: Uint8Array): ElectionCommand | null {
  const reader = new ByteReader(bytes);
  try {
    if (reader.varint() !== formatVersion) return null;
    const command = readCommand(reader);
    return reader.atEnd ? command : null;
  } catch (error) {
    if (error instanceof ByteReaderError) return null;
    throw error;
  }
}

function readCommand(reader: ByteReader): ElectionCommand | null {
  switch (reader.varint()) {
    case kinds.lead: {
      const [leader, term, generation] = [reader.varint(), reader.varint(), reader.varint()];
      const lease = readLease(reader);
      const value = reader.bytes();
      const isLegal = leader >= 1 && term >= 1 && generation <= maxGeneration && fits(value);
      return isLegal ? { kind: 'lead', leader, term, generation, lease, value } : null;
    }
    case kinds.proclaim: {
      const token = readToken(reader);
      const value = reader.bytes();
      return fits(value) ? { kind: 'proclaim', token, value } : null;
    }
    case kinds.resign:
      return { kind: 'resign', token: readToken(reader) };
    default:
      return null;
  }
}

function fits(value: Uint8Array): boolean {
  return value.length <= maxValueBytes;
}
