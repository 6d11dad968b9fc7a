import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Prng } from '@quorate/base';
import {
  decodeReachAnswer,
  decodeReachRequest,
  encodeReachAnswer,
  encodeReachRequest,
  type ReachAnswer,
  type ReachRequest,
} from '../src/enquiries/reach-messages.ts';

/** What was accepted says the same when it is encoded and decoded again. */
function run(input: Uint8Array) {
  const request = decodeReachRequest(input);
  if (request !== null) {
    const again = decodeReachRequest(encodeReachRequest(request));
    assert.ok(isDeepStrictEqual(again, request), 'another request');
  }
  const answer = decodeReachAnswer(input);
  if (answer !== null) {
    const again = decodeReachAnswer(encodeReachAnswer(answer));
    assert.ok(isDeepStrictEqual(again, answer), 'another answer');
  }
  const behaviour = `${request?.kind ?? 'no request'}, ${answer?.kind ?? 'no answer'}`;
  return { accepted: request !== null || answer !== null, behaviour };
}

function someRequest(prng: Prng): ReachRequest {
  const number = (): number => prng.below(2 ** prng.between(1, 40));
  const bytes = new Uint8Array(prng.below(20)).fill(prng.below(256));
  const consistency = prng.pick(['linearizable', 'lease', 'bounded', 'local'] as const);
  const durability = prng.chance(0.5)
    ? { depth: prng.below(4), domains: prng.between(1, 5) }
    : null;
  const kinds = [
    { kind: 'propose', group: number(), durability, command: bytes },
    {
      kind: 'query',
      group: number(),
      consistency,
      maxStalenessMs: number(),
      minIndex: number(),
      query: bytes,
    },
  ] as const;
  return prng.pick(kinds);
}

function someAnswer(prng: Prng): ReachAnswer {
  const leader = prng.below(2 ** prng.between(1, 40));
  const bytes = new Uint8Array(prng.below(20)).fill(prng.below(256));
  const kinds = [
    { kind: 'applied', leader, index: prng.below(1e9), result: bytes },
    { kind: 'answered', leader, answer: bytes },
    { kind: 'elsewhere', leader },
    { kind: 'failed', code: 'RUNTIME_NO_LEADER', message: 'none', metadata: { retryAfterMs: 7 } },
  ] as const;
  return prng.pick(kinds);
}

export const fuzzer = {
  about: 'what nodes ask of groups that are elsewhere, and are answered',
  maxBytes: 2048,
  generate: (prng: Prng) =>
    prng.chance(0.5) ? encodeReachRequest(someRequest(prng)) : encodeReachAnswer(someAnswer(prng)),
  run,
  isRefusal: () => false,
};
