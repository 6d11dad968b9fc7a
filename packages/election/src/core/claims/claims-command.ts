/**
 * The binary form of a command: primitives as in base's `ByteWriter`, positions and u64 as in
 * position-codec.ts. What is left over, or out of range, makes it malformed.
 *
 *     command    = version:varint (1) kind:varint key:bytes position, then
 *     claim      (kind 1)  digest:bytes token:u64
 *     stored     (kind 2)  digest:bytes signature:bytes
 *     raiseFloor (kind 3)  generation:varint
 */
import { assert, ByteReader, ByteReaderError, ByteWriter } from '@quorate/base';
import { maxGeneration } from '../election-model.ts';
import * as model from './claims-model.ts';
import { type FieldProblem, positionProblem, rangeProblem, u64Problem } from './position.ts';
import { readPosition, readU64, writePosition, writeU64 } from './position-codec.ts';

const formatVersion = 1;
const kindClaim = 1;
const kindStored = 2;
const kindRaiseFloor = 3;

/** Not a command, or not one of this version. */
export interface MalformedCommand {
  readonly kind: 'malformed';
  readonly reason: string;
}

/** @returns null when the command can be proposed; else the path of the field that is wrong */
export function claimsCommandProblem(command: model.ClaimsCommand): FieldProblem | null {
  const { key, position } = command;
  const common = bytesProblem('key', key, 1, model.maxKeyBytes) ?? inPosition(command);
  if (common !== null) return common;
  switch (command.kind) {
    case 'claim': {
      if (position.kind === 'attestation' && position.source > position.target) {
        return { field: 'position.source', reason: 'is above position.target' };
      }
      return digestProblem(command.digest) ?? u64Problem('token', command.token);
    }
    case 'stored':
      return (
        digestProblem(command.digest) ??
        bytesProblem('signature', command.signature, 1, model.maxSignatureBytes)
      );
    case 'raiseFloor':
      return rangeProblem('generation', command.generation, maxGeneration);
  }
}

/** @param command one in which `claimsCommandProblem` finds nothing */
export function encodeClaimsCommand(command: model.ClaimsCommand): Uint8Array {
  assert(claimsCommandProblem(command) === null, 'a command is checked before it is encoded');
  const writer = new ByteWriter();
  writer.varint(formatVersion);
  writer.varint(kindNumberOf(command));
  writer.bytes(command.key);
  writePosition(writer, command.position);
  switch (command.kind) {
    case 'claim':
      writer.bytes(command.digest);
      writeU64(writer, command.token);
      break;
    case 'stored':
      writer.bytes(command.digest);
      writer.bytes(command.signature);
      break;
    case 'raiseFloor':
      writer.varint(command.generation);
      break;
  }
  return writer.take();
}

/** @returns a command whose key, digest and signature are views of `bytes`; never throws */
export function decodeClaimsCommand(bytes: Uint8Array): model.ClaimsCommand | MalformedCommand {
  try {
    const reader = new ByteReader(bytes);
    const command = readCommand(reader);
    if (command.kind === 'malformed') return command;
    if (!reader.atEnd) return malformed(`${reader.remaining} bytes too many`);
    const problem = claimsCommandProblem(command);
    return problem === null ? command : malformed(`${problem.field} ${problem.reason}`);
  } catch (error) {
    if (!(error instanceof ByteReaderError)) throw error;
    return malformed(error.metadata.reason);
  }
}

function readCommand(reader: ByteReader): model.ClaimsCommand | MalformedCommand {
  const version = reader.varint();
  if (version !== formatVersion) return malformed(`unknown format version ${version}`);
  const kind = reader.varint();
  const key = reader.bytes();
  const position = readPosition(reader);
  if (position === null) return malformed('it has no position');
  switch (kind) {
    case kindClaim: {
      const digest = reader.bytes();
      return { kind: 'claim', key, position, digest, token: readU64(reader) };
    }
    case kindStored: {
      const digest = reader.bytes();
      return { kind: 'stored', key, position, digest, signature: reader.bytes() };
    }
    case kindRaiseFloor:
      return { kind: 'raiseFloor', key, position, generation: reader.varint() };
    default:
      return malformed(`${kind} is no kind of command`);
  }
}

function kindNumberOf({ kind }: model.ClaimsCommand): number {
  if (kind === 'claim') return kindClaim;
  return kind === 'stored' ? kindStored : kindRaiseFloor;
}

function malformed(reason: string): MalformedCommand {
  return { kind: 'malformed', reason };
}

function inPosition({ position }: model.ClaimsCommand): FieldProblem | null {
  if (typeof position !== 'object' || position === null) {
    return { field: 'position', reason: 'is missing' };
  }
  const problem = positionProblem(position);
  return problem && { field: `position.${problem.field}`, reason: problem.reason };
}

function digestProblem(digest: Uint8Array): FieldProblem | null {
  return bytesProblem('digest', digest, model.digestBytes, model.digestBytes);
}

function bytesProblem(
  field: string,
  bytes: Uint8Array,
  fewest: number,
  most: number,
): FieldProblem | null {
  if (bytes instanceof Uint8Array && bytes.length >= fewest && bytes.length <= most) return null;
  const count = fewest === most ? `${most} bytes` : `${fewest} to ${most} bytes`;
  return { field, reason: `is no Uint8Array of ${count}` };
}
