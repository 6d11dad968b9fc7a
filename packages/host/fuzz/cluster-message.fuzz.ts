import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Prng } from '@quorate/base';
import {
  type ClusterAnswer,
  type ClusterRequest,
  encodeAnswer,
  encodeRequest,
  parseAnswer,
  parseRequest,
} from '../src/enquiries/messages.ts';

/** What was accepted says the same when it is encoded and parsed again. */
function run(input: Uint8Array) {
  const request = parseRequest(input);
  if (request !== null) {
    assert.ok(isDeepStrictEqual(parseRequest(encodeRequest(request)), request), 'another request');
  }
  const answer = parseAnswer(input);
  if (answer !== null) {
    assert.ok(isDeepStrictEqual(parseAnswer(encodeAnswer(answer)), answer), 'another answer');
  }
  const behaviour = `${request?.kind ?? 'no request'}, ${answer?.kind ?? 'no answer'}`;
  return { accepted: request !== null || answer !== null, behaviour };
}

const node = { id: 4, incarnation: 7, address: 'a:1', locality: 'eu/de', promote: true };
const samples: readonly (ClusterRequest | ClusterAnswer)[] = [
  { kind: 'describe' },
  { kind: 'join', group: 1, node },
  {
    kind: 'change',
    group: 9,
    steps: [
      { kind: 'remove', id: 3 },
      { kind: 'addLearner', id: 5, member: { address: 'b:2', promote: false } },
      { kind: 'addVoter', id: 6, member: { address: 'c:3' } },
    ],
  },
  { kind: 'transfer', group: 1, to: 0 },
  { kind: 'describe', group: 1 },
  { kind: 'meet', group: 1, members: [{ id: 2, address: 'b:2' }] },
  { kind: 'release', group: 1 },
  { kind: 'probe', group: 1, node: 2 },
  { kind: 'met', nodeId: 4, address: 'd:4' },
  { kind: 'released' },
  { kind: 'changed', index: 12 },
  { kind: 'transferred' },
  {
    kind: 'refused',
    code: 'RUNTIME_NOT_LEADER',
    message: 'm',
    reason: '',
    leader: 2,
    leaderAddress: 'b:2',
  },
  {
    kind: 'described',
    clusterId: '0123456789abcdef',
    nodeId: 1,
    groups: [{ id: 1, index: 7, leader: 0, members: [{ id: 1, address: '', role: 'voter' }] }],
  },
];

export const fuzzer = {
  about: 'what nodes ask a cluster, and are answered',
  maxBytes: 2048,
  generate: (prng: Prng) => new TextEncoder().encode(JSON.stringify(prng.pick(samples))),
  run,
  isRefusal: () => false,
};
