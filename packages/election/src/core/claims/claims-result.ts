/**
 * Results as bytes, for client sessions, which remember them: a kind, then
 *
 *     1 sign
 *     2 signed     signature:bytes
 *     3 refused    reason:varint token:u64 [position]
 *     4 stored
 *     5 notStored  [position]
 *     6 raised     position
 *     7 malformed  reason:string
 */
import { assert, ByteReader, ByteWriter, present } from '@quorate/base';
import type { ResultCodec } from '@quorate/runtime';
import type { ClaimRefusal } from './claim-error.ts';
import type { ClaimsResult } from './claims-model.ts';
import type { Position } from './position.ts';
import { readPosition, readU64, writePosition, writeU64 } from './position-codec.ts';

const kinds: readonly ClaimsResult['kind'][] = [
  'sign',
  'signed',
  'refused',
  'stored',
  'notStored',
  'raised',
  'malformed',
];
const reasons: readonly ClaimRefusal[] = [
  'notNewer',
  'otherDigest',
  'olderToken',
  'floorNeeded',
  'tooManyKeys',
];

export const claimsResults: ResultCodec<ClaimsResult> = {
  encode(result) {
    const writer = new ByteWriter(64);
    writer.varint(1 + kinds.indexOf(result.kind));
    switch (result.kind) {
      case 'signed':
        writer.bytes(result.signature);
        break;
      case 'refused':
        writer.varint(reasons.indexOf(result.reason));
        writeU64(writer, result.token);
        if (result.watermark !== null) writePosition(writer, result.watermark);
        break;
      case 'notStored':
        if (result.watermark !== null) writePosition(writer, result.watermark);
        break;
      case 'raised':
        writePosition(writer, result.watermark);
        break;
      case 'malformed':
        writer.string(result.reason);
        break;
      case 'sign':
      case 'stored':
        break;
    }
    return writer.take();
  },
  decode(bytes) {
    const reader = new ByteReader(bytes);
    const kind = kinds[reader.varint() - 1];
    assert(kind !== undefined, 'a remembered result is one that was encoded');
    switch (kind) {
      case 'signed':
        return { kind, signature: new Uint8Array(reader.bytes()) };
      case 'refused': {
        const reason = present(reasons[reader.varint()], 'its reason is one of these');
        const token = readU64(reader);
        return { kind, reason, watermark: optionalPosition(reader), token };
      }
      case 'notStored':
        return { kind, watermark: optionalPosition(reader) };
      case 'raised':
        return { kind, watermark: present(readPosition(reader), 'a floor has a position') };
      case 'malformed':
        return { kind, reason: reader.string() };
      case 'sign':
        return { kind };
      case 'stored':
        return { kind };
    }
  },
};

function optionalPosition(reader: ByteReader): Position | null {
  return reader.atEnd ? null : readPosition(reader);
}
