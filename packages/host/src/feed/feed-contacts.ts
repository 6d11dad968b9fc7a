import type { ByteReader, ByteWriter } from '@quorate/base';
import type { MetMember } from '../enquiries/messages.ts';

/** Whom else a follower may ask. */
export interface FeedContacts {
  /** Of the group; those whose address is known. */
  readonly members: readonly MetMember[];
  /** 'host:port' of those that are fed by whoever tells it, and feed others. */
  readonly relays: readonly string[];
}

export const noContacts: FeedContacts = { members: [], relays: [] };

export const maxContacts = 256;
const maxAddressBytes = 255;

/**
 * ```
 * count, then for each member: id, length, address; count, then for each relay: length, address
 * ```
 */
export function writeContacts(writer: ByteWriter, { members, relays }: FeedContacts): void {
  writer.varint(members.length);
  for (const { id, address } of members) {
    writer.varint(id);
    writer.string(address);
  }
  writer.varint(relays.length);
  for (const relay of relays) writer.string(relay);
}

/**
 * @returns null when there is more than anybody would tell
 * @throws ByteReaderError
 */
export function readContacts(reader: ByteReader): FeedContacts | null {
  const members: MetMember[] = [];
  const memberCount = reader.varint();
  if (memberCount > maxContacts) return null;
  for (let left = memberCount; left > 0; left--) {
    const id = reader.varint();
    const address = readAddress(reader);
    if (address === null) return null;
    members.push({ id, address });
  }
  const relays: string[] = [];
  const relayCount = reader.varint();
  if (relayCount > maxContacts) return null;
  for (let left = relayCount; left > 0; left--) {
    const relay = readAddress(reader);
    if (relay === null) return null;
    relays.push(relay);
  }
  return { members, relays };
}

/** @throws ByteReaderError */
export function readAddress(reader: ByteReader): string | null {
  const address = reader.string();
  return address.length > maxAddressBytes ? null : address;
}

/** Tells one from another, in 32 bits (FNV-1a); 0 is nobody's. */
export function digestOf({ members, relays }: FeedContacts): number {
  let hash = 0x811c9dc5;
  const mix = (text: string): void => {
    for (let at = 0; at < text.length; at++) {
      hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
    }
    hash = Math.imul(hash ^ 0x100, 0x01000193) >>> 0;
  };
  for (const { id, address } of members) mix(`${id} ${address}`);
  mix('');
  for (const relay of relays) mix(relay);
  return hash === 0 ? 1 : hash;
}
