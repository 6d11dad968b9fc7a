/**
 * Primitives as in base's `ByteWriter`; u64 is 8 bytes, little-endian.
 *
 *     position = kind:varint, then
 *       1 block            slot:u64
 *       2 attestation      source:u64 target:u64
 *       3 heightRoundStep  height:u64 round:varint step:varint
 */
import type { ByteReader, ByteWriter } from '@quorate/base';
import { type Position, positionProblem } from './position.ts';

const kindBlock = 1;
const kindAttestation = 2;
const kindHeightRoundStep = 3;

/** The longest form of a position. */
export const maxPositionBytes = 17;

export function writeU64(writer: ByteWriter, value: bigint): void {
  writer.fixed32(Number(value & 0xffff_ffffn));
  writer.fixed32(Number(value >> 32n));
}

/** @throws ByteReaderError */
export function readU64(reader: ByteReader): bigint {
  const low = reader.fixed32();
  return BigInt(low) | (BigInt(reader.fixed32()) << 32n);
}

export function writePosition(writer: ByteWriter, position: Position): void {
  switch (position.kind) {
    case 'block':
      writer.varint(kindBlock);
      writeU64(writer, position.slot);
      return;
    case 'attestation':
      writer.varint(kindAttestation);
      writeU64(writer, position.source);
      writeU64(writer, position.target);
      return;
    case 'heightRoundStep':
      writer.varint(kindHeightRoundStep);
      writeU64(writer, position.height);
      writer.varint(position.round);
      writer.varint(position.step);
      return;
  }
}

/**
 * @returns null when it is no position
 * @throws ByteReaderError when it ends too early
 */
export function readPosition(reader: ByteReader): Position | null {
  const position = readFields(reader);
  return position !== null && positionProblem(position) === null ? position : null;
}

function readFields(reader: ByteReader): Position | null {
  switch (reader.varint()) {
    case kindBlock:
      return { kind: 'block', slot: readU64(reader) };
    case kindAttestation: {
      const source = readU64(reader);
      return { kind: 'attestation', source, target: readU64(reader) };
    }
    case kindHeightRoundStep: {
      const height = readU64(reader);
      const round = reader.varint();
      return { kind: 'heightRoundStep', height, round, step: reader.varint() };
    }
    default:
      return null;
  }
}
