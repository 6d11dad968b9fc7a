import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { equalBytes } from '@quorate/base';
import { SchemaError } from '@quorate/schema';

export interface PlainCodec<T> {
  readonly decode: (bytes: Uint8Array) => T;
  readonly encode: (value: T) => Uint8Array;
}

/** What fails here was accepted before: that is a finding, whatever the error's class. */
function again<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  }
}

/** What was accepted is encoded without a complaint, and decodes to the same again. */
export function decodeAndBack<T>(codec: PlainCodec<T>, input: Uint8Array): T {
  const value = codec.decode(input);
  const encoded = codec.encode(value);
  const second = again('encoded, it is refused', () => codec.decode(encoded));
  assert.ok(isDeepStrictEqual(second, value), 'what was decoded does not survive a round trip');
  assert.ok(equalBytes(codec.encode(second), encoded), 'a second encoding differs from the first');
  return value;
}

export function isSchemaError(error: unknown): boolean {
  return error instanceof SchemaError;
}
