import type { Reader, Writer } from 'protobufjs/minimal.js';
import protobuf from 'protobufjs/minimal.js';

/** What one message may be built from: every field may be left out and then has its default. */
export type Init<T> = { readonly [K in keyof T]?: InitValue<T[K]> };

type Scalar = Uint8Array | bigint | number | boolean | string | null;
type InitValue<V> = V extends Scalar
  ? V
  : V extends readonly (infer Item)[]
    ? readonly InitValue<Item>[]
    : Init<V>;

/** The two halves of one message's wire form; `generate.ts` writes these from the .proto files. */
export interface Codec<T> {
  write(message: Init<T>, writer: Writer): void;
  /** Reads up to `reader.len`. Throws on malformed bytes; `decodeMessage` turns that into null. */
  read(reader: Reader, depth: number): T;
}

/** How deep messages may nest: a transaction inside a transaction takes two. */
const maxDepth = 100;

const { LongBits } = protobuf.util;

export const noBytes = new Uint8Array(0);

/** An empty protobuf writer, for `Codec.write`; its `finish` gives the bytes. */
export function createWriter(): Writer {
  return protobuf.Writer.create();
}

/** @returns the message's bytes, the caller's; what is left out of `message` has its default */
export function encodeMessage<T>(codec: Codec<T>, message: Init<T>): Uint8Array {
  const writer = protobuf.Writer.create();
  codec.write(message, writer);
  return writer.finish();
}

/**
 * @param bytes not copied: byte fields of the message are views of it where the platform allows
 * @returns null when the bytes are no such message
 */
export function decodeMessage<T>(codec: Codec<T>, bytes: Uint8Array): T | null {
  try {
    return codec.read(protobuf.Reader.create(bytes), 0);
  } catch {
    // The reader throws plain errors, and nothing else can go wrong here: all is in memory.
    return null;
  }
}

export function writeNested<T>(
  codec: Codec<T>,
  tag: number,
  message: Init<T>,
  writer: Writer,
): void {
  writer.uint32(tag).fork();
  codec.write(message, writer);
  writer.ldelim();
}

export function readNested<T>(codec: Codec<T>, reader: Reader, depth: number): T {
  if (depth >= maxDepth) throw new RangeError('messages nest too deep');
  const size = reader.size();
  const outer = reader.len;
  const end = reader.pos + size;
  if (end > outer) throw new RangeError('a message ends after what holds it');
  reader.len = end;
  const message = codec.read(reader, depth + 1);
  if (reader.pos !== end) throw new RangeError('a field ends after its message');
  reader.len = outer;
  return message;
}

/** A repeated field of numbers written one after another under one tag. */
export function readPacked(reader: Reader, out: number[]): void {
  const size = reader.size();
  const end = reader.pos + size;
  if (end > reader.len) throw new RangeError('a packed field ends after its message');
  while (reader.pos < end) out.push(reader.int32());
  if (reader.pos !== end) throw new RangeError('a value ends after its packed field');
}

/**
 * A 64-bit field that counts something. What no honest peer sends (beyond 2^53) becomes the nearest
 * safe integer, which no counter here ever reaches.
 */
export function readCount(reader: Reader, unsigned: boolean): number {
  const { buf, pos } = reader;
  const first = buf[pos];
  if (first !== undefined && first < 128 && pos < reader.len) {
    reader.pos = pos + 1;
    return first;
  }
  const bits = unsigned ? reader.uint64() : reader.int64();
  const high = unsigned ? bits.high >>> 0 : bits.high;
  const value = high * 2 ** 32 + (bits.low >>> 0);
  return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/** A 64-bit field that is an identity: all its bits matter. */
export function readIdentity(reader: Reader, unsigned: boolean): bigint {
  const { buf, pos } = reader;
  const first = buf[pos];
  if (first !== undefined && first < 128 && pos < reader.len) {
    reader.pos = pos + 1;
    return BigInt(first);
  }
  const bits = unsigned ? reader.uint64() : reader.int64();
  const high = BigInt(unsigned ? bits.high >>> 0 : bits.high);
  return (high << 32n) | BigInt(bits.low >>> 0);
}

export function writeIdentity(writer: Writer, value: bigint): void {
  const low = Number(BigInt.asUintN(32, value));
  const high = Number(BigInt.asUintN(32, value >> 32n));
  writer.uint64(new LongBits(low, high).toLong(false));
}
