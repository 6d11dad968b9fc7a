import { assert, type ByteReader, type ByteWriter } from '@quorate/base';
import { writeBool, writeBytes, writeNumber } from './field.ts';
import { maxConfigurationIds, maxMemberTextBytes, maxPriority } from './limits.ts';
import { malformed } from './schema-error.ts';
import type { DurabilityClass, Member, QuorumSizes } from './types.ts';

const encoder = new TextEncoder();

/** Appends the fields of a `Member` message. */
export function writeMember(writer: ByteWriter, member: Member): void {
  assert(member.priority <= maxPriority, 'a priority is at most 255');
  writeNumber(writer, 1, member.id);
  writeNumber(writer, 2, member.incarnation);
  writeBytes(writer, 3, memberText(member.locality));
  writeBytes(writer, 4, memberText(member.address));
  writeNumber(writer, 5, member.priority);
  writeBool(writer, 6, member.witness);
  writeBool(writer, 7, member.promote);
}

function memberText(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  assert(bytes.length <= maxMemberTextBytes, 'a locality or an address has at most 255 bytes');
  assert(text.isWellFormed(), 'a locality or an address is well-formed text');
  return bytes;
}

/** Reads to the reader's end. */
export function readMember(reader: ByteReader): Member {
  let id = 0;
  let incarnation = 0;
  let locality = '';
  let address = '';
  let priority = 0;
  let witness = false;
  let promote = false;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 8) id = reader.varint();
    else if (tag === 16) incarnation = reader.varint();
    else if (tag === 26) locality = readText(reader, 'locality');
    else if (tag === 34) address = readText(reader, 'address');
    else if (tag === 40) priority = reader.varint();
    else if (tag === 48) witness = reader.varint() !== 0;
    else if (tag === 56) promote = reader.varint() !== 0;
    else reader.skip(tag & 7);
  }
  if (priority > maxPriority) {
    throw malformed('Member', `priority ${priority} of node ${id} is above ${maxPriority}`);
  }
  return { id, incarnation, locality, address, priority, witness, promote };
}

function readText(reader: ByteReader, field: string): string {
  const text = reader.string();
  // A short text cannot be too long, and need not be encoded again to be measured.
  if (text.length * 3 > maxMemberTextBytes && encoder.encode(text).length > maxMemberTextBytes) {
    throw malformed('Member', `${field} is longer than ${maxMemberTextBytes} bytes`);
  }
  return text;
}

/** Appends the fields of a `QuorumSizes` message. */
export function writeQuorumSizes(writer: ByteWriter, sizes: QuorumSizes): void {
  writeNumber(writer, 1, asserted(sizes.commit));
  writeNumber(writer, 2, asserted(sizes.election));
}

/** Reads to the reader's end. */
export function readQuorumSizes(reader: ByteReader): QuorumSizes {
  const [commit, election] = readPair(reader);
  checkCount('QuorumSizes', 'commit', commit);
  checkCount('QuorumSizes', 'election', election);
  return { commit, election };
}

/** Appends the fields of a `DurabilityClass` message. */
export function writeDurabilityClass(writer: ByteWriter, durability: DurabilityClass): void {
  writeNumber(writer, 1, asserted(durability.depth));
  writeNumber(writer, 2, asserted(durability.domains));
}

/** Reads to the reader's end. */
export function readDurabilityClass(reader: ByteReader): DurabilityClass {
  const [depth, domains] = readPair(reader);
  checkCount('DurabilityClass', 'depth', depth);
  checkCount('DurabilityClass', 'domains', domains);
  return { depth, domains };
}

function readPair(reader: ByteReader): [first: number, second: number] {
  let first = 0;
  let second = 0;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 8) first = reader.varint();
    else if (tag === 16) second = reader.varint();
    else reader.skip(tag & 7);
  }
  return [first, second];
}

function isCount(value: number): boolean {
  return value >= 1 && value <= maxConfigurationIds;
}

function asserted(value: number): number {
  assert(isCount(value), 'a size, depth or number of domains is from 1 to 1024');
  return value;
}

function checkCount(message: string, field: string, value: number): void {
  if (isCount(value)) return;
  throw malformed(message, `${field} is ${value}, not from 1 to ${maxConfigurationIds}`);
}
