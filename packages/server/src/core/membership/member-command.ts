import { ByteReader, ByteReaderError, ByteWriter } from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import { CommandKind } from '../etcd-command.ts';
import { readUrls, writeUrls } from '../member-attributes.ts';

/** Where peers reach a member. */
export interface PeerUrlsOf {
  readonly member: NodeId;
  readonly peerUrls: readonly string[];
}

/** What is written down of members beside who they are, which only the configuration says. */
export type MemberCommand =
  /**
   * To be taken in, or moved; refused when one of `among` has one of these URLs. `among` is who is
   * a member at that time: what is left of others does not count.
   */
  | ({ readonly kind: 'locate'; readonly among: readonly NodeId[] } & PeerUrlsOf)
  /** No member any more, or never become one. */
  | { readonly kind: 'forget'; readonly member: NodeId }
  /** What founders know of each other; counts where nothing is known yet. */
  | { readonly kind: 'introduce'; readonly members: readonly PeerUrlsOf[] };

const Change = { locate: 1, forget: 2, introduce: 3 } as const;

/**
 * Layout: varint kind, varint change, then by the change: member, URLs, varint count and so many
 * members (locate); member (forget); varint count and so many times member and URLs (introduce).
 * Members are varints, URLs a varint count and so many strings.
 */
export function memberCommand(command: MemberCommand): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(CommandKind.member);
  writer.varint(Change[command.kind]);
  if (command.kind === 'introduce') {
    writer.varint(command.members.length);
    for (const one of command.members) writePeerUrls(one, writer);
  } else if (command.kind === 'forget') writer.varint(command.member);
  else {
    writePeerUrls(command, writer);
    writer.varint(command.among.length);
    for (const id of command.among) writer.varint(id);
  }
  return writer.take();
}

/** @returns null when the command is malformed, which every replica finds alike */
export function decodeMemberCommand(command: Uint8Array): MemberCommand | null {
  try {
    return readCommand(new ByteReader(command, 1));
  } catch (error) {
    if (error instanceof ByteReaderError) return null;
    throw error;
  }
}

function readCommand(reader: ByteReader): MemberCommand | null {
  switch (reader.varint()) {
    case Change.locate: {
      const located = readPeerUrls(reader);
      const among: NodeId[] = [];
      for (let left = reader.varint(); left > 0; left--) among.push(reader.varint());
      return { kind: 'locate', ...located, among };
    }
    case Change.forget:
      return { kind: 'forget', member: reader.varint() };
    case Change.introduce: {
      const members: PeerUrlsOf[] = [];
      for (let left = reader.varint(); left > 0; left--) members.push(readPeerUrls(reader));
      return { kind: 'introduce', members };
    }
    default:
      return null;
  }
}

function writePeerUrls({ member, peerUrls }: PeerUrlsOf, writer: ByteWriter): void {
  writer.varint(member);
  writeUrls(peerUrls, writer);
}

function readPeerUrls(reader: ByteReader): PeerUrlsOf {
  return { member: reader.varint(), peerUrls: readUrls(reader) };
}
