import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { equalBytes, type Prng, portableChecksum } from '@quorate/base';
import {
  commonVersion,
  greetingOf,
  HandshakeReader,
  judgeAnswer,
  judgeGreeting,
} from '../src/handshake.ts';
import { cutStream } from './chunking.ts';
import { handshake, handshakeBytes, sealHandshake, self, validGreeting } from './handshakes.ts';

function read(chunks: readonly Uint8Array[]) {
  const reader = new HandshakeReader(portableChecksum);
  let taken = 0;
  for (const chunk of chunks) taken += reader.push(chunk);
  return { result: reader.result, taken };
}

function run(input: Uint8Array) {
  const whole = read([input]);
  assert.ok(
    isDeepStrictEqual(read(cutStream(input)), whole),
    'the same bytes in other chunks read differently',
  );
  assert.equal(whole.taken, Math.min(handshakeBytes, input.length));
  const { result } = whole;
  if (result === null || typeof result === 'string') {
    return { accepted: false, behaviour: result ?? 'more is needed' };
  }
  const { from, to, incarnation, clusterId } = result;
  for (const number of [from, to, incarnation]) assert.ok(Number.isSafeInteger(number));
  assert.match(clusterId, /^[0-9a-f]{16}$/);
  const read52 = input.subarray(0, handshakeBytes);
  // Two bytes that mean nothing yet are not kept.
  const isPlain = equalBytes(handshake(result), read52);
  const greeting = judgeGreeting(result, self, (id) => id === 2);
  if (greeting === null) {
    assert.ok(commonVersion(result, self) >= result.minVersion, 'a version that was not offered');
    assert.equal(from, 2, 'a stranger was let in');
  }
  const answer = judgeAnswer(result, greetingOf({ ...self, nodeId: 1 }, 2, 0));
  const verdict = `greeting ${greeting ?? 'accepted'}, answer ${answer ?? 'accepted'}`;
  return { accepted: true, behaviour: isPlain ? verdict : `${verdict}, not canonical` };
}

function generate(prng: Prng): Uint8Array {
  const greeting = validGreeting(prng);
  if (prng.chance(0.5)) return handshake(greeting);
  return handshake({ ...greeting, refusal: prng.below(9), version: prng.below(3) });
}

export const fuzzer = {
  about: 'the first bytes of a peer connection',
  maxBytes: 128,
  generate,
  run,
  isRefusal: () => false,
  seal: sealHandshake,
};
