import { concatBytes, type Prng } from '@quorate/base';

/**
 * Changes an input in one place. Gets a copy that it may change; what it returns may be longer than
 * wanted, for the caller cuts it.
 */
export type Mutation = (input: Uint8Array, prng: Prng, material: Material) => Uint8Array;

/** What mutations draw on besides the input itself. */
export interface Material {
  /** Another input. */
  readonly other: () => Uint8Array;
  readonly words: readonly Uint8Array[];
  readonly maxBytes: number;
}

const telling = [0, 1, 2, 7, 8, 0x0a, 0x10, 0x1f, 0x20, 0x7f, 0x80, 0x81, 0xc0, 0xfe, 0xff];

/** Sizes and signs at which integers change their form, and limits that formats like to have. */
const integers = [
  0,
  1,
  2,
  127,
  128,
  255,
  256,
  1023,
  1024,
  1025,
  4096,
  16_383,
  16_384,
  65_535,
  65_536,
  2 ** 20,
  2 ** 21 - 1,
  2 ** 24,
  2 ** 28 - 1,
  2 ** 28,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 35,
  2 ** 49,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  2 ** 64 - 1,
];

function tellingInteger(prng: Prng): number {
  const value = prng.pick(integers);
  return prng.chance(0.3) ? Math.max(0, value + prng.between(-3, 3)) : value;
}

/** @param value up to 2^64, as far as a number holds it */
function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = BigInt(value);
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Uint8Array.from([...out, Number(rest)]);
}

function fixed(value: number, width: number, isLittle: boolean): Uint8Array {
  let rest = BigInt(value);
  const out = new Uint8Array(width);
  for (let at = 0; at < width; at++) {
    out[isLittle ? at : width - 1 - at] = Number(rest & 255n);
    rest >>= 8n;
  }
  return out;
}

/** Replaces `length` bytes from `at` on. */
function replace(input: Uint8Array, at: number, length: number, by: Uint8Array): Uint8Array {
  return concatBytes([input.subarray(0, at), by, input.subarray(at + length)]);
}

/** A stretch of the input, mostly short. */
function stretch(input: Uint8Array, prng: Prng): { at: number; length: number } {
  const at = prng.below(input.length + 1);
  const longest = prng.chance(0.8) ? 16 : input.length;
  return { at, length: Math.min(input.length - at, prng.between(1, Math.max(1, longest))) };
}

function randomBytes(length: number, prng: Prng): Uint8Array {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at++) out[at] = prng.uint32();
  return out;
}

function withByte(input: Uint8Array, prng: Prng, change: (byte: number) => number): Uint8Array {
  if (input.length === 0) return input;
  const at = prng.below(input.length);
  input[at] = change(input[at] as number);
  return input;
}

/** Where the varint that begins at `at` ends. */
function varintEnd(input: Uint8Array, at: number): number {
  let end = at;
  while (end < input.length - 1 && (input[end] as number) > 127 && end - at < 9) end++;
  return end + 1;
}

const bits: Mutation = (input, prng) =>
  withByte(input, prng, (byte) => byte ^ (1 << prng.below(8)));

const bytes: Mutation = (input, prng) =>
  withByte(input, prng, () => (prng.chance(0.5) ? prng.pick(telling) : prng.below(256)));

const nudge: Mutation = (input, prng) => {
  const step = prng.pick([-16, -2, -1, 1, 2, 16]);
  return withByte(input, prng, (byte) => byte + step);
};

const truncate: Mutation = (input, prng) => {
  const kept = prng.chance(0.5) ? input.length - prng.between(1, 8) : prng.below(input.length + 1);
  return input.subarray(0, Math.max(0, kept));
};

const erase: Mutation = (input, prng) => {
  const { at, length } = stretch(input, prng);
  return replace(input, at, length, new Uint8Array(0));
};

const insert: Mutation = (input, prng) => {
  const { at, length } = stretch(input, prng);
  const run = prng.chance(0.5)
    ? randomBytes(length, prng)
    : new Uint8Array(length).fill(prng.pick(telling));
  return replace(input, at, 0, run);
};

const duplicate: Mutation = (input, prng) => {
  const { at, length } = stretch(input, prng);
  const copy = input.slice(at, at + length);
  return replace(input, prng.below(input.length + 1), 0, copy);
};

/** A few bytes over and over: what nests, and what is quadratic, shows itself. */
const repeat: Mutation = (input, prng, { maxBytes }) => {
  const at = prng.below(input.length + 1);
  const unit = input.subarray(at, at + prng.between(1, prng.pick([1, 4, 24])));
  if (unit.length === 0) return input;
  const most = Math.floor(maxBytes / unit.length);
  const times = Math.min(most, prng.chance(0.05) ? most : prng.pick([4, 32, 150, 1100]));
  const run = new Uint8Array(unit.length * times);
  run.set(unit);
  for (let done = unit.length; done < run.length; done *= 2) run.copyWithin(done, 0, done);
  return replace(input, at, unit.length, run);
};

const swap: Mutation = (input, prng) => {
  const { at, length } = stretch(input, prng);
  const moved = input.slice(at, at + length);
  const rest = replace(input, at, length, new Uint8Array(0));
  return replace(rest, prng.below(rest.length + 1), 0, moved);
};

const splice: Mutation = (input, prng, { other }) => {
  const tail = other();
  const cut = prng.below(input.length + 1);
  const from = prng.chance(0.5) ? Math.min(cut, tail.length) : prng.below(tail.length + 1);
  return concatBytes([input.subarray(0, cut), tail.subarray(from)]);
};

const borrow: Mutation = (input, prng, { other }) => {
  const lender = other();
  const { at, length } = stretch(lender, prng);
  const to = prng.below(input.length + 1);
  return replace(input, to, prng.chance(0.5) ? length : 0, lender.subarray(at, at + length));
};

const fixedInteger: Mutation = (input, prng) => {
  const width = prng.pick([2, 4, 4, 8]);
  if (input.length < width) return input;
  // Formats align what they can.
  const grid = prng.pick([1, 4, 8]);
  const at = Math.min(input.length - width, Math.floor(prng.below(input.length) / grid) * grid);
  const value = prng.chance(0.3) ? prng.below(input.length * 2) : tellingInteger(prng);
  input.set(fixed(value, width, prng.chance(0.8)), at);
  return input;
};

const varintField: Mutation = (input, prng) => {
  const at = prng.below(input.length + 1);
  const length = Math.min(input.length, varintEnd(input, at)) - at;
  const value = prng.chance(0.4) ? prng.below(input.length + 2) : tellingInteger(prng);
  return replace(input, at, Math.max(0, length), varint(value));
};

const word: Mutation = (input, prng, { words }) => {
  if (words.length === 0) return bytes(input, prng, { other: () => input, words, maxBytes: 0 });
  const chosen = prng.pick(words);
  const at = prng.below(input.length + 1);
  return replace(input, at, prng.chance(0.5) ? chosen.length : 0, chosen);
};

export const mutations: Readonly<Record<string, Mutation>> = {
  bits,
  bytes,
  nudge,
  truncate,
  erase,
  insert,
  duplicate,
  repeat,
  swap,
  splice,
  borrow,
  fixedInteger,
  varintField,
  word,
};
