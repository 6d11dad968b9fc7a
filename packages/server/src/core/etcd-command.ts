import { ByteReader, ByteReaderError, ByteWriter } from '@quorate/base';
import {
  type MemberAttributes,
  readMemberAttributes,
  writeMemberAttributes,
} from './member-attributes.ts';

/** The first byte of every command of the service: who is to carry out the rest. */
export const CommandKind = {
  keyValue: 1,
  memberAttributes: 2,
} as const;

/** @param encoded a command of the store; copied */
export function keyValueCommand(encoded: Uint8Array): Uint8Array {
  const command = new Uint8Array(1 + encoded.length);
  command[0] = CommandKind.keyValue;
  command.set(encoded, 1);
  return command;
}

/** @returns a command that tells the group what a member is called and where clients reach it */
export function memberAttributesCommand(attributes: MemberAttributes): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(CommandKind.memberAttributes);
  writeMemberAttributes(attributes, writer);
  return writer.take();
}

/** @returns null when the command is malformed, which every replica finds alike */
export function decodeMemberAttributes(command: Uint8Array): MemberAttributes | null {
  try {
    return readMemberAttributes(new ByteReader(command, 1));
  } catch (error) {
    if (error instanceof ByteReaderError) return null;
    throw error;
  }
}
