import type { ByteReader, ByteWriter } from '@quorate/base';
import type { NodeId } from '@quorate/schema';

/** What each member tells the others of itself through the log when it starts. */
export interface MemberAttributes {
  readonly member: NodeId;
  readonly name: string;
  /** Where clients reach it. */
  readonly clientUrls: readonly string[];
}

/** Layout: varint member, string name, varint count, then that many strings. */
export function writeMemberAttributes(attributes: MemberAttributes, writer: ByteWriter): void {
  writer.varint(attributes.member);
  writer.string(attributes.name);
  writer.varint(attributes.clientUrls.length);
  for (const url of attributes.clientUrls) writer.string(url);
}

/** @throws ByteReaderError when the bytes are not what `writeMemberAttributes` wrote */
export function readMemberAttributes(reader: ByteReader): MemberAttributes {
  const member = reader.varint();
  const name = reader.string();
  const clientUrls: string[] = [];
  // Each string takes a byte at least, so a false count ends at the end of the bytes.
  for (let left = reader.varint(); left > 0; left--) clientUrls.push(reader.string());
  return { member, name, clientUrls };
}
