import assert from 'node:assert/strict';
import { ByteReader, ByteReaderError, ByteWriter, type Prng, toHex } from '../src/index.ts';

/*
 * An input is a program and what it reads: a byte with the number of steps, one byte a step, then
 * the payload. Each step is carried out by the reader and by a plain model of it, which must agree.
 */

const varint = 0;
const tag = 1;
const fixed32 = 2;
const bytes = 3;
const text = 4;
const enter = 5;
const leave = 6;
const skip = 7;

class Refused extends Error {}

/** The wire format with big integers and no shortcuts. */
class Model {
  readonly #payload: Uint8Array;
  readonly #marks: number[] = [];
  #at = 0;
  #end: number;

  constructor(payload: Uint8Array) {
    this.#payload = payload;
    this.#end = payload.length;
  }

  get position(): string {
    return `${this.#at} of ${this.#end}`;
  }

  step(operation: number, argument: number): string {
    switch (operation) {
      case varint:
        return String(this.#varint());
      case tag:
        return String(this.#tag());
      case fixed32:
        return String(new DataView(this.#take(4).buffer).getUint32(0, true));
      case bytes:
        return toHex(this.#take(this.#varint()));
      case text:
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
          this.#take(this.#varint()),
        );
      case enter:
        return this.#enter();
      case leave:
        return this.#leave();
      default:
        return this.#skip(argument);
    }
  }

  #varint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#take(1)[0] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte > 127) continue;
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Refused('too large');
      return Number(value);
    }
    throw new Refused('too long');
  }

  #tag(): number {
    const value = this.#varint();
    if (value < 8 || value > 2 ** 32 - 1) throw new Refused('no tag');
    return value;
  }

  #take(count: number): Uint8Array {
    if (count > this.#end - this.#at) throw new Refused('past the end');
    this.#at += count;
    return this.#payload.slice(this.#at - count, this.#at);
  }

  #enter(): string {
    const length = this.#varint();
    if (length > this.#end - this.#at) throw new Refused('past the end');
    this.#marks.push(this.#end);
    this.#end = this.#at + length;
    return '';
  }

  #leave(): string {
    const mark = this.#marks.pop();
    if (mark === undefined) return 'nothing to leave';
    this.#at = this.#end;
    this.#end = mark;
    return '';
  }

  #skip(wireType: number): string {
    if (wireType === 0) {
      for (let count = 0; count < 10; count++) {
        if ((this.#take(1)[0] as number) < 128) return '';
      }
      throw new Refused('too long');
    }
    const width = wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 2 ? this.#varint() : null;
    if (width === null) throw new Refused('no such type');
    this.#take(width);
    return '';
  }
}

class Steps {
  readonly #reader: ByteReader;
  readonly #marks: number[] = [];

  constructor(payload: Uint8Array) {
    this.#reader = new ByteReader(payload);
  }

  get position(): string {
    return `${this.#reader.offset} of ${this.#reader.offset + this.#reader.remaining}`;
  }

  step(operation: number, argument: number): string {
    const reader = this.#reader;
    if (operation === varint) return String(reader.varint());
    if (operation === tag) return String(reader.tag());
    if (operation === fixed32) return String(reader.fixed32());
    if (operation === bytes) return toHex(reader.bytes());
    if (operation === text) return reader.string();
    if (operation === enter) this.#marks.push(reader.enter());
    else if (operation === skip) reader.skip(argument);
    else if (operation === leave) {
      const mark = this.#marks.pop();
      if (mark === undefined) return 'nothing to leave';
      reader.leave(mark);
    }
    return '';
  }
}

function attempt(step: () => string): string | null {
  try {
    return step();
  } catch (error) {
    const isRefusal =
      error instanceof ByteReaderError || error instanceof Refused || error instanceof TypeError;
    if (isRefusal) return null;
    throw error;
  }
}

function run(input: Uint8Array) {
  const count = Math.min(input[0] ?? 0, Math.max(0, input.length - 1));
  const program = input.subarray(1, 1 + count);
  const payload = input.slice(1 + count);
  const model = new Model(payload);
  const steps = new Steps(payload);
  for (const code of program) {
    const operation = code & 7;
    const expected = attempt(() => model.step(operation, code >>> 3));
    const found = attempt(() => steps.step(operation, code >>> 3));
    assert.equal(found, expected, `step ${operation}`);
    if (found === null) return { accepted: false, behaviour: `step ${operation} was refused` };
    assert.equal(steps.position, model.position, `the position after step ${operation}`);
  }
  return { accepted: true, behaviour: `${Math.min(8, program.length)} steps` };
}

/** A program whose every step finds what it wants. */
function generate(prng: Prng): Uint8Array {
  const writer = new ByteWriter();
  const program: number[] = [];
  const random = (length: number) => Uint8Array.from({ length }, () => prng.below(256));
  for (let left = prng.below(12); left > 0; left--) {
    const operation = prng.pick([varint, tag, fixed32, bytes, text, skip]);
    program.push(operation === skip ? skip | (2 << 3) : operation);
    const number = Math.floor(prng.float() * 2 ** prng.between(1, 53));
    if (operation === varint) writer.varint(number);
    else if (operation === tag) writer.varint(8 + (number % (2 ** 32 - 8)));
    else if (operation === fixed32) writer.fixed32(prng.uint32());
    else if (operation === text) writer.string(prng.pick(['', 'a', 'äöü', '\u{1f980}', '\ufeff']));
    else writer.bytes(random(prng.below(20)));
  }
  return Uint8Array.from([program.length, ...program, ...writer.view()]);
}

export const fuzzer = {
  about: "the primitives of protobuf's wire format, against a model",
  maxBytes: 512,
  generate,
  run,
  isRefusal: () => false,
};
