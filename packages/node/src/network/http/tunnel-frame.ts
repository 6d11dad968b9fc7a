/**
 * The body of every request and every answer of a tunnel, integers little-endian:
 *
 * ```
 *  0  4  "QHT" and the version, 1
 *  4  1  kind
 *  5  3  0
 *  8  4  how long the answer may wait, in milliseconds
 * 12  4  length of the data
 * 16  8  number of the request, rising; an answer repeats it
 * 24  8  offset of the data in the sender's stream
 * 32  8  acknowledged: so much of the receiver's stream has come, without a gap
 * 40 16  token, drawn by the side that accepts; 0 in `open`
 * 56  n  data; of `close`, `closed` and `refused` a reason in UTF-8
 * ```
 *
 * A proxy that answers by itself (an error page, an old answer) is told by the first four bytes.
 */
export const headBytes = 56;

const kinds = {
  open: 1,
  send: 2,
  poll: 3,
  close: 4,
  opened: 16,
  bytes: 17,
  closed: 18,
  refused: 19,
} as const;
type FrameKind = keyof typeof kinds;

const kindNames = new Map<number, FrameKind>(
  Object.entries(kinds).map(([name, number]) => [number, name as FrameKind]),
);
const magic = 0x01544851;
const noToken = '0'.repeat(32);

export interface TunnelFrame {
  readonly kind: FrameKind;
  readonly holdMs: number;
  readonly number: number;
  readonly offset: number;
  readonly acknowledged: number;
  /** 32 hex digits. */
  readonly token: string;
  readonly data: Uint8Array;
}

/** @param frame whatever is not given is 0 or empty */
export function encodeFrame(
  frame: Pick<TunnelFrame, 'kind' | 'number'> & Partial<TunnelFrame>,
  data: readonly Uint8Array[] = [],
): Buffer {
  let length = 0;
  for (const chunk of data) length += chunk.length;
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(magic, 0);
  head.writeUInt8(kinds[frame.kind], 4);
  head.writeUInt32LE(frame.holdMs ?? 0, 8);
  head.writeUInt32LE(length, 12);
  writeSafe(head, frame.number, 16);
  writeSafe(head, frame.offset ?? 0, 24);
  writeSafe(head, frame.acknowledged ?? 0, 32);
  head.write(frame.token ?? noToken, 40, 'hex');
  return Buffer.concat([head, ...data], headBytes + length);
}

/** @returns the frame, its data a view of `bytes`; or what is wrong with it */
export function decodeFrame(bytes: Buffer): TunnelFrame | string {
  if (bytes.length < headBytes) return `${bytes.length} bytes are no frame of a tunnel`;
  if (bytes.readUInt32LE(0) !== magic) return 'it does not begin as a frame of a tunnel does';
  const kind = kindNames.get(bytes.readUInt8(4));
  if (kind === undefined) return `kind ${bytes.readUInt8(4)} is unknown`;
  if (bytes.readUIntLE(5, 3) !== 0) return 'a reserved field is not 0';
  const length = bytes.readUInt32LE(12);
  if (length !== bytes.length - headBytes) {
    return `it announces ${length} bytes of data and has ${bytes.length - headBytes}`;
  }
  const [number, offset, acknowledged] = [16, 24, 32].map((at) => readSafe(bytes, at));
  if (number === undefined || offset === undefined || acknowledged === undefined) {
    return 'a number exceeds 2^53 - 1';
  }
  if (offset + length > Number.MAX_SAFE_INTEGER) return 'its data end beyond 2^53 - 1';
  return {
    kind,
    holdMs: bytes.readUInt32LE(8),
    number,
    offset,
    acknowledged,
    token: bytes.toString('hex', 40, headBytes),
    data: bytes.subarray(headBytes),
  };
}

/** Cut to what a log line bears; whatever a stranger put into it is printable. */
export function reasonOf(frame: TunnelFrame): string {
  const text = new TextDecoder().decode(frame.data.subarray(0, maxReasonBytes));
  return text.replace(/[\p{C}\u2028\u2029]+/gu, ' ').trim();
}

export function reasonBytes(reason: string): Uint8Array {
  return new TextEncoder().encode(reason).subarray(0, maxReasonBytes);
}

export const maxReasonBytes = 300;

function writeSafe(head: Buffer, value: number, at: number): void {
  head.writeUInt32LE(value % 2 ** 32, at);
  head.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}

function readSafe(bytes: Buffer, at: number): number | undefined {
  const value = bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
  return Number.isSafeInteger(value) ? value : undefined;
}
