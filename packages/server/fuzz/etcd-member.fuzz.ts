import assert from 'node:assert/strict';
import type { Prng } from '@quorate/base';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { StatusCode } from '@quorate/server/core';
import { callOnce, openService } from './fuzzed-service.ts';

/* An input is calls, each a byte for the method, a byte with the length, and a request. */

const cluster = '/etcdserverpb.Cluster/';
const methods = ['MemberAdd', 'MemberRemove', 'MemberUpdate', 'MemberPromote', 'MemberList'];
const moveLeader = '/etcdserverpb.Maintenance/MoveLeader';
const paths = [...methods.map((name) => cluster + name), moveLeader];
const answers = new Map(etcd.rpcs.map(({ path, answer }) => [path, answer.codec]));

const urls = ['', 'http://n4:2380', 'http://n5:2380', 'https://[::1]:2380', 'n4:2380', 'http://n4'];

function request(choice: number, prng: Prng): Uint8Array {
  const peerURLs = Array.from({ length: prng.below(3) }, () => prng.pick(urls));
  const ID = prng.pick([0n, 1n, 2n, 2n ** 63n, 2n ** 64n - 1n]);
  switch (choice) {
    case 0:
      return encodeMessage(etcd.MemberAddRequest, { peerURLs, isLearner: prng.chance(0.5) });
    case 1:
      return encodeMessage(etcd.MemberRemoveRequest, { ID });
    case 2:
      return encodeMessage(etcd.MemberUpdateRequest, { ID, peerURLs });
    case 3:
      return encodeMessage(etcd.MemberPromoteRequest, { ID });
    case 4:
      return encodeMessage(etcd.MemberListRequest, { linearizable: prng.chance(0.5) });
    default:
      return encodeMessage(etcd.MoveLeaderRequest, { targetID: ID });
  }
}

function generate(prng: Prng): Uint8Array {
  const pieces: number[] = [];
  for (let left = 1 + prng.below(6); left > 0; left--) {
    const choice = prng.below(paths.length);
    const message = request(choice, prng);
    pieces.push(choice, message.length, ...message);
  }
  return Uint8Array.from(pieces);
}

/** Every call is answered once, in the form of its method, and the service goes on. */
function run(input: Uint8Array) {
  const { service, turn } = openService();
  const told = new Set<string>();
  let isMalformed = false;
  for (let at = 0; at + 1 < input.length; ) {
    const path = paths[(input[at] ?? 0) % paths.length] as string;
    const end = at + 2 + (input[at + 1] ?? 0);
    const { error, bytes } = callOnce(service, path, input.slice(at + 2, end));
    at = end;
    turn();
    const codec = answers.get(path);
    assert.ok(codec !== undefined, 'a method without an answer');
    if (bytes !== null) assert.notEqual(decodeMessage(codec, new Uint8Array(bytes)), null);
    if (error !== null) assert.notEqual(error.code, StatusCode.ok);
    isMalformed ||= error?.code === StatusCode.internal;
    told.add(`${path.slice(path.lastIndexOf('/') + 1)} ${error?.message ?? 'answered'}`);
  }
  const { error } = callOnce(service, `${cluster}MemberList`, new Uint8Array(0));
  assert.equal(error, null, 'members cannot be listed any more');
  return { accepted: !isMalformed, behaviour: [...told][0] ?? 'nothing' };
}

export const fuzzer = {
  about: 'requests about members, one after the other',
  maxBytes: 2048,
  generate,
  run,
  isRefusal: () => false,
  allocation: { fixedBytes: 16 << 20, perInputByte: 16_384 },
};
