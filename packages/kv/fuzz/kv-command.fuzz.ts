import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { equalBytes } from '@quorate/base';
import { decodeCommand, encodeCommand, KvError, validate } from '../src/index.ts';
import { sampleCommand } from './samples.ts';

/** What fails here was accepted before: that is a finding, whatever the error's class. */
function again<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  }
}

function run(input: Uint8Array) {
  const command = decodeCommand(input);
  const encoded = encodeCommand(command);
  const second = again('encoded, it is refused', () => decodeCommand(encoded));
  assert.ok(isDeepStrictEqual(second, command), 'a command does not survive a round trip');
  assert.ok(equalBytes(encodeCommand(second), encoded), 'a second encoding differs');
  const refusal = validate(command);
  return { accepted: true, behaviour: `${command.kind}, ${refusal ?? 'valid'}` };
}

export const fuzzer = {
  about: 'one key-value command: decoded, encoded, validated',
  maxBytes: 65_536,
  generate: sampleCommand,
  run,
  isRefusal: (error: unknown) => error instanceof KvError && error.code === 'KV_COMMAND_MALFORMED',
};
