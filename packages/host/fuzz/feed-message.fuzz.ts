import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Prng } from '@quorate/base';
import {
  decodeFeedAnswer,
  decodeFeedRequest,
  encodeFeedAnswer,
  encodeFeedRequest,
  type FeedAnswer,
  type FeedRequest,
} from '../src/feed/feed-messages.ts';

/** What was accepted says the same when it is encoded and decoded again. */
function run(input: Uint8Array) {
  const request = decodeFeedRequest(input);
  if (request !== null) {
    const again = decodeFeedRequest(encodeFeedRequest(request));
    assert.ok(isDeepStrictEqual(again, request), 'another request');
  }
  const answer = decodeFeedAnswer(input);
  if (answer !== null) {
    const again = decodeFeedAnswer(encodeFeedAnswer(answer));
    // A reason that is no UTF-8 is mended by decoding.
    assert.ok(isDeepStrictEqual(again, answer), 'another answer');
  }
  const behaviour = `${request?.kind ?? 'no request'}, ${answer?.kind ?? 'no answer'}`;
  return { accepted: request !== null || answer !== null, behaviour };
}

function someRequest(prng: Prng): FeedRequest {
  const number = (): number => prng.below(2 ** prng.between(1, 40));
  const group = number();
  const kinds = [
    { kind: 'entries', group, after: number(), maxBytes: number(), waitMs: number() },
    { kind: 'snapshot', group, id: number(), chunk: number() },
    { kind: 'barrier', group, maxStalenessMs: number() },
    {
      kind: 'follow',
      group,
      after: number(),
      maxBytes: number(),
      waitMs: number(),
      follower: number(),
      term: number(),
      leader: number(),
      contacts: number(),
      address: prng.pick(['', 'host:1']),
    },
  ] as const;
  return prng.pick(kinds);
}

function someAnswer(prng: Prng): FeedAnswer {
  const bytes = (): Uint8Array => new Uint8Array(prng.below(20)).fill(prng.below(256));
  const entries = Array.from({ length: prng.below(5) }, (_, at) => {
    return { index: 3 * at + 1, term: 2, timestampMicros: 1000 + at, command: bytes() };
  });
  const state = { kind: 'entries', through: 20, entries } as const;
  const members = [{ id: prng.between(1, 9), address: 'host:2' }];
  const contacts = { members, relays: ['host:3', 'host:4'].slice(prng.below(3)) };
  const known = { heldMs: prng.below(1e4), ageMs: prng.below(1e4), term: 3, leader: 1, depth: 0 };
  const kinds = [
    state,
    { kind: 'followed', ...known, contacts: prng.pick([contacts, null]), answer: state },
    { kind: 'elsewhere', contacts, reason: 'some reason' },
    { kind: 'begin', id: prng.below(99), index: prng.below(1e6) },
    { kind: 'chunk', last: prng.below(2) === 0, bytes: bytes() },
    { kind: 'barrier', index: prng.below(1e9) },
    { kind: 'refused', reason: 'some reason' },
  ] as const;
  return prng.pick(kinds);
}

export const fuzzer = {
  about: 'what a read replica asks, and is answered',
  maxBytes: 2048,
  generate: (prng: Prng) =>
    prng.below(2) === 0 ? encodeFeedRequest(someRequest(prng)) : encodeFeedAnswer(someAnswer(prng)),
  run,
  isRefusal: () => false,
};
