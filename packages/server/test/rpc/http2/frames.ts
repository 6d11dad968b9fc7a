import { FrameReader } from '../../../src/rpc/http2/frame-reader.ts';
import { HpackDecoder } from '../../../src/rpc/http2/hpack/hpack-decoder.ts';
import { clientPreface, Flag, FrameType } from '../../../src/rpc/http2/protocol.ts';

/** Frames as a client makes them, valid or not. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

export function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
}

export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payloads = pairs.map(([id, value]) => Buffer.concat([Buffer.of(0, id), uint32(value)]));
  return frame(FrameType.settings, 0, 0, Buffer.concat(payloads));
}

export const opening = Buffer.concat([clientPreface, settings()]);

export type Fields = readonly (readonly [name: string, value: string])[];

/** Literals that are not indexed, not Huffman-coded. Nothing longer than 126 bytes a piece. */
export function block(fields: Fields): Buffer {
  const parts = fields.flatMap(([name, value]) => [
    Buffer.of(0, name.length),
    Buffer.from(name, 'latin1'),
    Buffer.of(value.length),
    Buffer.from(value, 'latin1'),
  ]);
  return Buffer.concat(parts);
}

export const requestFields: Fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/test.Service/Unary'],
  [':authority', 'http://127.0.0.1:2379'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
];

export function withField(name: string, value: string | null): Fields {
  const others = requestFields.filter(([other]) => other !== name);
  if (value === null) return others;
  return name.startsWith(':') ? [[name, value], ...others] : [...others, [name, value]];
}

export function headers(stream: number, fields = requestFields, flags = 0): Buffer {
  return frame(FrameType.headers, Flag.endHeaders | flags, stream, block(fields));
}

/** A message behind its prefix. */
export function message(bytes: Uint8Array, flag = 0): Buffer {
  return Buffer.concat([Buffer.of(flag), uint32(bytes.length), bytes]);
}

export function data(stream: number, payload: Uint8Array, flags = 0): Buffer {
  return frame(FrameType.data, flags, stream, payload);
}

/** A whole unary call. */
export function call(stream: number, request: Uint8Array = Buffer.of(1)): Buffer {
  return Buffer.concat([headers(stream), data(stream, message(request), Flag.endStream)]);
}

/** One frame that the server sent, in a form that is easy to compare. */
export interface SentFrame {
  readonly type: keyof typeof FrameType;
  readonly stream: number;
  readonly flags: number;
  readonly payload: Buffer;
  /** Of HEADERS. */
  readonly fields: Readonly<Record<string, string>>;
}

const typeNames = Object.keys(FrameType) as (keyof typeof FrameType)[];

/** Reads what a server sends. */
export class FrameLog {
  readonly frames: SentFrame[] = [];
  readonly #reader = new FrameReader();
  readonly #decoder = new HpackDecoder(4096);

  push(bytes: Buffer): void {
    this.#reader.push(bytes, {
      oversized: () => {
        throw new Error('the server sent a frame that is too large');
      },
      frame: (number, flags, stream, payload) => {
        const type = typeNames.find((name) => FrameType[name] === number) ?? 'data';
        const fields: Record<string, string> = {};
        if (type === 'headers') {
          const field = (one: { name: string; value: string }) => {
            fields[one.name] = one.value;
          };
          if (!this.#decoder.decode(payload, { field })) throw new Error('malformed header block');
        }
        this.frames.push({ type, stream, flags, payload: Buffer.from(payload), fields });
        return true;
      },
    });
  }

  of(type: keyof typeof FrameType, stream?: number): SentFrame[] {
    return this.frames.filter(
      (one) => one.type === type && (stream === undefined || one.stream === stream),
    );
  }

  /** What the last GOAWAY says. */
  goAway(): { code: number; lastStream: number; reason: string } | null {
    const payload = this.of('goAway').at(-1)?.payload;
    if (payload === undefined) return null;
    const [lastStream, code] = [payload.readUInt32BE(0), payload.readUInt32BE(4)];
    return { code, lastStream, reason: payload.toString('latin1', 8) };
  }

  /** The codes with which a stream was reset. */
  resets(stream: number): number[] {
    return this.of('rstStream', stream).map(({ payload }) => payload.readUInt32BE(0));
  }

  /** What ends a call: `grpc-status` and `grpc-message`, or the status of HTTP. */
  status(stream: number): string | null {
    const ends = this.of('headers', stream).find((one) => (one.flags & Flag.endStream) !== 0);
    if (ends === undefined) return null;
    const { fields } = ends;
    const parts = [fields['grpc-status'], fields['grpc-message']];
    return parts.filter((part) => part !== undefined).join(' ');
  }

  /** The bytes of all DATA frames of a stream. */
  body(stream: number): Buffer {
    return Buffer.concat(this.of('data', stream).map(({ payload }) => payload));
  }
}
