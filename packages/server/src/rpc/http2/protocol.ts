/* The numbers of HTTP/2 (RFC 9113). */

/** What a client sends first (section 3.4). */
export const clientPreface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Length, type, flags and stream of a frame (section 4.1). */
export const frameHeaderBytes = 9;

/** The largest payload either side may send before it is told otherwise (section 6.5.2). */
export const defaultMaxFrameBytes = 16_384;

/** Flow control begins with this, for a stream and for the connection (section 6.9.2). */
export const defaultWindowBytes = 65_535;

/** No window may exceed this (section 6.9.1). */
export const maxWindowBytes = 2 ** 31 - 1;

/** Of either HPACK table until the decoder's side says otherwise (section 6.5.2). */
export const defaultHeaderTableBytes = 4096;

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const Flag = {
  endStream: 0x1,
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

export const ErrorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** Why a connection cannot go on: what GOAWAY says. */
export interface ConnectionFault {
  readonly code: ErrorCode;
  readonly reason: string;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  return high * 65_536 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
}
