import { fromBase64, toBase64 } from '@quorate/base';
import { noBytes } from './codec.ts';
import { isTooDeep } from './json-depth.ts';
import type { JsonField, JsonShape } from './json-shape.ts';

/** As `JSON.parse` gives it, but with integers beyond 2^53 as bigints. */
type Json = unknown;
type Fields = Record<string, Json>;

/** As deep as messages may nest on the other wire. */
const maxDepth = 100;

/** What `messageFromJson` found wrong; the text is for the client. */
export interface JsonProblem {
  readonly problem: string;
}

/** A number with a point or an exponent, even if it is whole: no field takes one. */
class NoInteger {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

class Refused extends Error {}

/**
 * A message in protobuf's JSON form as etcd writes it: names of the .proto file, defaults left out,
 * 64-bit integers as strings, bytes as base64, enums by name.
 */
export function messageToJson(shape: JsonShape, message: object): Fields {
  const out: Fields = {};
  for (const field of shape) {
    const value = (message as Fields)[field.property];
    if (field.repeated) {
      const items = value as readonly unknown[];
      if (items.length > 0) out[field.name] = items.map((item) => toJson(field, item));
    } else if (field.optional ? value !== null : !isDefault(value)) {
      out[field.name] = toJson(field, value);
    }
  }
  return out;
}

function isDefault(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  return value === 0 || value === 0n || value === false || value === '' || value === null;
}

function toJson(field: JsonField, value: unknown): Json {
  switch (field.kind) {
    case 'bytes':
      return toBase64(value as Uint8Array);
    case 'count':
    case 'identity':
      return String(value);
    case 'enum': {
      const named = Object.entries(field.of as Record<string, number>);
      return named.find(([, number]) => number === value)?.[0] ?? value;
    }
    case 'message':
      return messageToJson((field.of as () => JsonShape)(), value as object);
    default:
      return value;
  }
}

/**
 * @param text JSON; integers that a number cannot hold come as bigints, and what is written like no
 *   integer as what no field takes
 * @throws SyntaxError what `JSON.parse` says, or that it nests too deep
 */
export function parseJson(text: string): Json {
  // The parser recurses, and etcd's says this.
  if (isTooDeep(text)) throw new SyntaxError('exceeded max depth');
  // The third argument is younger than the type declarations.
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: Json, context: { readonly source?: string }) => Json,
  ) => Json;
  return parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    if (!/^-?\d+$/.test(source)) return new NoInteger(source);
    return Number.isSafeInteger(value) ? value : BigInt(source);
  });
}

/**
 * Takes names of the .proto file and in lower camel case, integers as numbers or strings, enums by
 * name or number; passes over fields it does not know.
 *
 * @param json as `parseJson` gives it
 */
export function messageFromJson(shape: JsonShape, json: Json): object | JsonProblem {
  try {
    return readMessage(shape, json, 0);
  } catch (error) {
    if (error instanceof Refused) return { problem: error.message };
    throw error;
  }
}

function readMessage(shape: JsonShape, json: Json, depth: number): object {
  if (depth > maxDepth) throw new Refused('messages nest too deep');
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw new Refused(`json: a message is an object, not ${kindOf(json)}`);
  }
  const given = json as Fields;
  const out: Fields = {};
  for (const field of shape) {
    const value = own(given, field.name) ?? own(given, field.property);
    if (field.repeated) out[field.property] = readList(field, value, depth);
    else if (value === undefined || value === null) out[field.property] = defaultOf(field);
    else out[field.property] = readValue(field, value, depth);
  }
  return out;
}

function own(given: Fields, name: string): Json {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

function readList(field: JsonField, json: Json, depth: number): unknown[] {
  if (json === undefined || json === null) return [];
  if (!Array.isArray(json)) throw new Refused(`json: ${field.name} is a list, not ${kindOf(json)}`);
  const { optional: _, ...one } = field;
  // Null is nothing also here, where there is a nothing: not of messages.
  return json.map((item) =>
    item === null && field.kind !== 'message' ? defaultOf(one) : readValue(field, item, depth),
  );
}

function defaultOf(field: JsonField): unknown {
  if (field.optional) return null;
  switch (field.kind) {
    case 'bytes':
      return noBytes;
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'identity':
      return 0n;
    default:
      return 0;
  }
}

function readValue(field: JsonField, json: Json, depth: number): unknown {
  switch (field.kind) {
    case 'bytes':
      return readBytes(field, json);
    case 'string':
      if (typeof json === 'string') return json;
      break;
    case 'bool':
      if (typeof json === 'boolean') return json;
      break;
    case 'message':
      return readMessage((field.of as () => JsonShape)(), json, depth + 1);
    case 'enum':
      return readEnum(field, json);
    case 'identity':
      return readInteger(field, json);
    default:
      return readCount(field, json);
  }
  throw new Refused(`json: ${field.name} is a ${field.kind}, not ${kindOf(json)}`);
}

function readBytes(field: JsonField, json: Json): Uint8Array {
  if (typeof json !== 'string') {
    // Servers in Go, up to etcd 3.5, take the numbers as well.
    if (Array.isArray(json) && json.every(isByteOrNull)) return Uint8Array.from(json);
    throw new Refused(`json: ${field.name} is base64 text, not ${kindOf(json)}`);
  }
  // Some writers of base64 break lines.
  const bytes = fromBase64(json.replaceAll(/[\r\n]/g, ''));
  if (typeof bytes === 'number') throw new Refused(`illegal base64 data at input byte ${bytes}`);
  return bytes;
}

function isByteOrNull(json: Json): json is number | null {
  if (json === null) return true;
  return typeof json === 'number' && Number.isInteger(json) && json >= 0 && json < 256;
}

function readEnum(field: JsonField, json: Json): number {
  const byName = field.of as Readonly<Record<string, number>>;
  if (typeof json === 'string' && Object.hasOwn(byName, json)) return byName[json] as number;
  if (typeof json === 'number' && Number.isInteger(json) && Math.abs(json) < 2 ** 31) return json;
  throw new Refused(`unknown value ${JSON.stringify(String(json))} for enum ${field.name}`);
}

function readInteger(field: JsonField, json: Json): bigint {
  const isText =
    typeof json === 'string' && /^[ \t\r\n]*-?(?:0|[1-9]\d{0,19})[ \t\r\n]*$/.test(json);
  const isNumber = typeof json === 'bigint' || (typeof json === 'number' && Number.isInteger(json));
  const value = isText || isNumber ? BigInt(json as string | number | bigint) : null;
  const isInRange = value !== null && value >= -(2n ** 63n) && value < 2n ** 64n;
  if (isInRange) return value;
  throw new Refused(`json: ${field.name} is a 64-bit integer, not ${kindOf(json)}`);
}

/** As on the other wire, beyond 2^53 it is the nearest safe integer. */
function readCount(field: JsonField, json: Json): number {
  const value = readInteger(field, json);
  if (value >= 2n ** 63n) throw new Refused(`json: ${field.name} is no 64-bit integer: ${value}`);
  return Math.min(Math.max(Number(value), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function kindOf(json: Json): string {
  if (json === null) return 'null';
  if (json instanceof NoInteger) return JSON.stringify(json.source).slice(0, 50);
  if (Array.isArray(json)) return 'a list';
  if (typeof json === 'object') return 'an object';
  return JSON.stringify(String(json as string | number | bigint | boolean)).slice(0, 50);
}
