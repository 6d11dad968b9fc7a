/** How a call ends, as its client is told. */
export interface CallStatus {
  /** gRPC's number; 0 is success. */
  readonly code: number;
  readonly message: string;
  /** Of HTTP, where it is not gRPC that is spoken. */
  readonly httpStatus?: number;
}

/** How an answer ends that is no gRPC: with its body. */
export const bodyEnd: CallStatus = { code: 0, message: '' };

/** Longer texts are cut, so that they fit into one frame. */
const maxMessageBytes = 4096;

const hexDigits = '0123456789ABCDEF';

/** How gRPC puts a text into a header field (its protocol, "Status-Message"). */
export function percentEncode(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    if (encoded.length > maxMessageBytes) break;
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += isPlain
      ? String.fromCharCode(byte)
      : `%${hexDigits[byte >>> 4]}${hexDigits[byte & 15]}`;
  }
  return encoded;
}
