import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { concatBytes, equalBytes, type Prng, portableChecksum } from '@quorate/base';
import { type FrameFault, FrameParser, frameHeaderBytes } from '../src/frame-parser.ts';
import { cutStream } from './chunking.ts';
import { maxFrameBytes, sealFrames, validFrames } from './frames.ts';

interface Parsed {
  readonly payloads: readonly Uint8Array[];
  readonly fault: FrameFault | null;
}

function parse(chunks: readonly Uint8Array[]): Parsed {
  const parser = new FrameParser(portableChecksum, maxFrameBytes);
  const payloads: Uint8Array[] = [];
  for (const one of chunks) {
    const given = one.slice();
    const fault = parser.push(given, (payload) => {
      payloads.push(payload);
      return true;
    });
    // The caller may use the chunk again at once.
    given.fill(0xee);
    if (fault !== null) return { payloads, fault };
  }
  return { payloads, fault: null };
}

/** Where the stream is cut makes no difference, and what was given out is in it, checked. */
function run(input: Uint8Array) {
  const whole = parse([input]);
  const cut = parse(cutStream(input));
  assert.ok(isDeepStrictEqual(cut, whole), 'the same stream in other chunks parses differently');
  let at = 0;
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  for (const payload of whole.payloads) {
    assert.ok(payload.length <= maxFrameBytes, 'a payload exceeds the limit');
    const start = at + frameHeaderBytes;
    assert.ok(
      equalBytes(input.subarray(start, start + payload.length), payload),
      'another payload',
    );
    assert.equal(view.getUint32(at + 4, true), portableChecksum.crc32(payload, 0), 'unchecked');
    at = start + payload.length;
  }
  if (whole.fault === null) return { accepted: true, behaviour: countOf(whole) };
  assert.equal(whole.fault.offset, at, 'a fault is where its frame begins');
  return { accepted: false, behaviour: `${whole.fault.reason} after ${countOf(whole)}` };
}

function countOf({ payloads }: Parsed): string {
  return payloads.length === 0 ? 'none' : payloads.length === 1 ? 'one' : 'several';
}

export const fuzzer = {
  about: 'frames of a peer connection, however the stream is cut',
  maxBytes: 2048,
  // Much of it is the harness's: the stream is cut into single bytes, and compared.
  allocation: { fixedBytes: 4 << 20, perInputByte: 8192 },
  generate: (prng: Prng) => concatBytes(validFrames(prng, 2, 1)),
  run,
  isRefusal: () => false,
  seal: (input: Uint8Array) => sealFrames(input, 0),
};
