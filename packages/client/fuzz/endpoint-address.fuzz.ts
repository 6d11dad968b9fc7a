import assert from 'node:assert/strict';
import type { Prng } from '@quorate/base';
import { ClientError } from '../src/client-error.ts';
import { parseEndpoint } from '../src/transport/endpoint-address.ts';

/** What fails here was accepted before: that is a finding, whatever the error's class. */
function again<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  }
}

function run(input: Uint8Array) {
  const address = parseEndpoint(new TextDecoder().decode(input), false);
  const second = again('its own form is refused', () => parseEndpoint(address, false));
  assert.equal(second, address, 'an address that is no endpoint');
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  assert.ok(port >= 1 && port <= 65_535, 'a port that is none');
  const form = address.includes('[') ? 'IPv6' : 'a name or IPv4';
  const behaviour = address.startsWith('https://') ? `TLS, ${form}` : form;
  return { accepted: true, behaviour };
}

function generate(prng: Prng): Uint8Array {
  const host = prng.pick(['127.0.0.1', 'localhost', '[::1]', 'n1.example', '[fe80::1:2]']);
  const text = `${prng.pick(['', 'http://', 'https://'])}${host}:${prng.between(1, 65_535)}`;
  return new TextEncoder().encode(text + prng.pick(['', '/']));
}

export const fuzzer = {
  about: "an endpoint of the client's, host and port",
  maxBytes: 1024,
  generate,
  run,
  isRefusal: (error: unknown) => error instanceof ClientError,
};
