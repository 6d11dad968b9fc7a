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
  writeUrls(attributes.clientUrls, writer);
}

/** Layout: varint count, then that many strings. */
export function writeUrls(urls: readonly string[], writer: ByteWriter): void {
  writer.varint(urls.length);
  for (const url of urls) writer.string(url);
}

/** @throws ByteReaderError when the bytes are not what `writeUrls` wrote */
export function readUrls(reader: ByteReader): readonly string[] {
  const urls: string[] = [];
  // Each string takes a byte at least, so a false count ends at the end of the bytes.
  for (let left = reader.varint(); left > 0; left--) urls.push(reader.string());
  return urls;
}

/** @throws ByteReaderError when the bytes are not what `writeMemberAttributes` wrote */
export function readMemberAttributes(reader: ByteReader): MemberAttributes {
  const member = reader.varint();
  const name = reader.string();
  return { member, name, clientUrls: readUrls(reader) };
}
