import { ByteReader, ByteReaderError, ByteWriter, type Checksum } from '@quorate/base';
import { frameHeaderBytes } from '../frame-parser.ts';

/**
 * On a connection of the enquiry lane each frame holds one request or one answer:
 *
 * ```
 * 0  v  kind: 1 request, 2 answer, as a varint
 * 1  v  number of the request, as a varint; the answer repeats it
 *    n  body, of whoever asks and answers
 * ```
 */
export interface EnquiryFrame {
  readonly kind: 'request' | 'answer';
  readonly number: number;
  readonly body: Uint8Array;
}

const kinds = { request: 1, answer: 2 } as const;
/** Of a varint that is a safe integer, and the kind. */
const maxHeadBytes = 9;

/** @returns the frame as it travels, header included */
export function encodeEnquiryFrame(
  { kind, number, body }: EnquiryFrame,
  checksum: Checksum,
): Uint8Array {
  const frame = new ByteWriter(frameHeaderBytes + maxHeadBytes + body.length);
  frame.fixed32(0);
  frame.fixed32(0);
  frame.varint(kinds[kind]);
  frame.varint(number);
  frame.raw(body);
  frame.patchFixed32(0, frame.length - frameHeaderBytes);
  frame.patchFixed32(4, checksum.crc32(frame.view(frameHeaderBytes), 0));
  return frame.take();
}

/** @returns null when the payload is not what such a frame may hold */
export function decodeEnquiryFrame(payload: Uint8Array): EnquiryFrame | null {
  try {
    const reader = new ByteReader(payload);
    const kind = reader.varint();
    const number = reader.varint();
    if (kind !== kinds.request && kind !== kinds.answer) return null;
    const body = payload.subarray(payload.length - reader.remaining);
    return { kind: kind === kinds.request ? 'request' : 'answer', number, body };
  } catch (error) {
    if (error instanceof ByteReaderError) return null;
    throw error;
  }
}
