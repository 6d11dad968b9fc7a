import { ByteReader } from '@quorate/base';
import { type Between, decodeBody } from './decode-body.ts';
import { asSchemaError, malformed } from './schema-error.ts';
import type { GroupId, PeerMessage } from './types.ts';

/** One message, checked against all limits; its bytes are views of what was decoded. */
export interface DecodedPeerMessage {
  readonly group: GroupId;
  readonly message: PeerMessage;
}

/**
 * Decodes one `Envelope` (proto/quorate/peer.proto) and checks what it says: safe integers, known
 * kinds, contiguous entries, ascending ids, bounded counts. Unknown fields are skipped.
 *
 * Entry data, commands and chunks are views of `bytes`, not copies. So `bytes` must be a view of a
 * buffer that its owner never changes or uses again: one allocation for each frame that arrives.
 * Whoever keeps one small piece for long copies it, or it keeps the whole frame alive.
 *
 * @throws SchemaError SCHEMA_MALFORMED, and nothing else whatever the bytes are
 */
export function decodePeerMessage(bytes: Uint8Array): DecodedPeerMessage {
  try {
    return readEnvelope(bytes);
  } catch (error) {
    throw asSchemaError(error, 'Envelope');
  }
}

function readEnvelope(bytes: Uint8Array): DecodedPeerMessage {
  const reader = new ByteReader(bytes);
  let group = 0;
  const between: Between = { from: 0, to: 0, term: 0 };
  let bodyField = 0;
  let bodyStart = 0;
  let bodyEnd = 0;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 8) group = reader.varint();
    else if (tag === 16) between.from = reader.varint();
    else if (tag === 24) between.to = reader.varint();
    else if (tag === 32) between.term = reader.varint();
    else if ((tag & 7) === 2 && tag >>> 3 >= 5 && tag >>> 3 <= 25) {
      if (bodyField !== 0) throw malformed('Envelope', 'it has two bodies');
      bodyField = tag >>> 3;
      const mark = reader.enter();
      bodyStart = reader.offset;
      bodyEnd = bodyStart + reader.remaining;
      reader.leave(mark);
    } else reader.skip(tag & 7);
  }
  if (bodyField === 0) throw malformed('Envelope', 'it has no body that is known here');
  if (between.from === 0) throw malformed('Envelope', 'from is missing or 0');
  if (between.to === 0) throw malformed('Envelope', 'to is missing or 0');
  const body = new ByteReader(bytes, bodyStart, bodyEnd);
  return { group, message: decodeBody(bodyField, body, between) };
}
