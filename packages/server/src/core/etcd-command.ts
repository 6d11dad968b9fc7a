import { ByteReader, ByteReaderError, ByteWriter } from '@quorate/base';
import { type Alarm, readAlarm, writeAlarm } from './alarms.ts';
import { readAsker, readAuthCommand, writeAsker, writeAuthCommand } from './auth/auth-format.ts';
import type { Asker, AuthCommand } from './auth/auth-model.ts';
import {
  type MemberAttributes,
  readMemberAttributes,
  writeMemberAttributes,
} from './member-attributes.ts';

/** The first byte of every command of the service: who is to carry out the rest. */
export const CommandKind = {
  keyValue: 1,
  memberAttributes: 2,
  auth: 3,
  keyValueAs: 4,
  alarm: 5,
  /** See membership/member-command.ts. */
  member: 6,
  /** Another command, behind the trace it belongs to; see command-trace.ts. */
  traced: 120,
} as const;

/** @param encoded a command of the store; copied */
export function keyValueCommand(encoded: Uint8Array): Uint8Array {
  const command = new Uint8Array(1 + encoded.length);
  command[0] = CommandKind.keyValue;
  command.set(encoded, 1);
  return command;
}

/** A command of the store with the name of who asks for it. */
export interface SignedCommand {
  readonly asker: Asker;
  /** Whether it depends on what a lease holds if it is allowed. */
  readonly usesLease: boolean;
  /** A view of the whole. */
  readonly encoded: Uint8Array;
}

/**
 * Layout: varint kind, asker, varint whether a lease counts, then the command to the end.
 *
 * @param encoded a command of the store; copied
 */
export function keyValueCommandAs(
  encoded: Uint8Array,
  asker: Asker,
  usesLease: boolean,
): Uint8Array {
  const writer = new ByteWriter(encoded.length + 64);
  writer.varint(CommandKind.keyValueAs);
  writeAsker(asker, writer);
  writer.varint(usesLease ? 1 : 0);
  writer.raw(encoded);
  return writer.take();
}

/** @returns null when the command is malformed, as `decodeMemberAttributes` */
export function decodeKeyValueAs(command: Uint8Array): SignedCommand | null {
  return unlessMalformed(() => {
    const reader = new ByteReader(command, 1);
    const asker = readAsker(reader);
    const usesLease = reader.varint() !== 0;
    return { asker, usesLease, encoded: command.subarray(reader.offset) };
  });
}

/** Layout: varint kind, asker, command of the table of users and roles. */
export function authCommand(command: AuthCommand, asker: Asker): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(CommandKind.auth);
  writeAsker(asker, writer);
  writeAuthCommand(command, writer);
  return writer.take();
}

/** @returns null when the command is malformed, as `decodeMemberAttributes` */
export function decodeAuthCommand(
  command: Uint8Array,
): { readonly asker: Asker; readonly command: AuthCommand } | null {
  return unlessMalformed(() => {
    const reader = new ByteReader(command, 1);
    const asker = readAsker(reader);
    const decoded = readAuthCommand(reader);
    return decoded === null ? null : { asker, command: decoded };
  });
}

/** Layout: varint kind, varint 1 to raise it or 0 to end it, alarm. */
export function alarmCommand(change: 'raise' | 'disarm', alarm: Alarm): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(CommandKind.alarm);
  writer.varint(change === 'raise' ? 1 : 0);
  writeAlarm(alarm, writer);
  return writer.take();
}

/** @returns null when the command is malformed, as `decodeMemberAttributes` */
export function decodeAlarmCommand(
  command: Uint8Array,
): { readonly isRaised: boolean; readonly alarm: Alarm } | null {
  return unlessMalformed(() => {
    const reader = new ByteReader(command, 1);
    const isRaised = reader.varint() === 1;
    const alarm = readAlarm(reader);
    return alarm === null ? null : { isRaised, alarm };
  });
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
  return unlessMalformed(() => readMemberAttributes(new ByteReader(command, 1)));
}

function unlessMalformed<T>(decode: () => T): T | null {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ByteReaderError) return null;
    throw error;
  }
}
