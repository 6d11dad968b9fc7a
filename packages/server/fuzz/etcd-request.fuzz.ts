import assert from 'node:assert/strict';
import type { Prng } from '@quorate/base';
import { decodeCommand } from '@quorate/kv';
import { type Codec, decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { StatusCode } from '@quorate/server/core';
import { callOnce, openService } from './fuzzed-service.ts';

/* An input is a byte that chooses the method, then the bytes of its request. */

interface Method {
  readonly path: string;
  readonly request: Codec<unknown>;
  readonly answer: Codec<unknown>;
}

function method<Q, A>(path: string, request: Codec<Q>, answer: Codec<A>): Method {
  return { path, request: request as Codec<unknown>, answer: answer as Codec<unknown> };
}

const methods: readonly Method[] = [
  method('/etcdserverpb.KV/Range', etcd.RangeRequest, etcd.RangeResponse),
  method('/etcdserverpb.KV/Put', etcd.PutRequest, etcd.PutResponse),
  method('/etcdserverpb.KV/DeleteRange', etcd.DeleteRangeRequest, etcd.DeleteRangeResponse),
  method('/etcdserverpb.KV/Txn', etcd.TxnRequest, etcd.TxnResponse),
  method('/etcdserverpb.KV/Txn', etcd.TxnRequest, etcd.TxnResponse),
  method('/etcdserverpb.KV/Compact', etcd.CompactionRequest, etcd.CompactionResponse),
  method('/etcdserverpb.Cluster/MemberList', etcd.MemberListRequest, etcd.MemberListResponse),
  method('/etcdserverpb.Maintenance/Status', etcd.StatusRequest, etcd.StatusResponse),
  method('/grpc.health.v1.Health/Check', etcd.HealthCheckRequest, etcd.HealthCheckResponse),
];

const keys = ['', 'a', 'b', 'common-1', 'common-', 'z', '\0'].map((key) =>
  new TextEncoder().encode(key),
);

function put(prng: Prng) {
  return {
    key: prng.pick(keys),
    value: prng.pick(keys),
    prevKv: prng.chance(0.3),
    ignoreValue: prng.chance(0.1),
    ignoreLease: prng.chance(0.1),
    lease: prng.chance(0.1) ? 7n : 0n,
  };
}

function range(prng: Prng) {
  return {
    key: prng.pick(keys),
    rangeEnd: prng.pick(keys),
    limit: prng.below(3),
    revision: prng.chance(0.2) ? prng.below(9) : 0,
    sortOrder: prng.below(3),
    sortTarget: prng.below(5),
    serializable: prng.chance(0.3),
    keysOnly: prng.chance(0.1),
    countOnly: prng.chance(0.1),
    maxModRevision: prng.chance(0.1) ? 3 : 0,
  };
}

function compare(prng: Prng) {
  const operand = prng.pick([
    { target: 0, version: 1 },
    { target: 1, createRevision: 2 },
    { target: 2, modRevision: 3 },
    { target: 3, value: prng.pick(keys) },
    { target: 4, lease: 0n },
  ]);
  return { key: prng.pick(keys), rangeEnd: prng.pick(keys), result: prng.below(4), ...operand };
}

function txn(prng: Prng, depth: number): object {
  const operations = (): object[] =>
    Array.from({ length: prng.below(4) }, () => {
      const kind = prng.below(depth > 2 ? 3 : 4);
      if (kind === 0) return { requestRange: range(prng) };
      if (kind === 1) return { requestPut: put(prng) };
      if (kind === 2) return { requestDeleteRange: { key: prng.pick(keys) } };
      return { requestTxn: txn(prng, depth + 1) };
    });
  const compares = Array.from({ length: prng.below(3) }, () => compare(prng));
  return { compare: compares, success: operations(), failure: operations() };
}

function generate(prng: Prng): Uint8Array {
  const choice = prng.below(methods.length);
  const { path, request } = methods[choice] as Method;
  const makers: Readonly<Record<string, () => object>> = {
    Range: () => range(prng),
    Put: () => put(prng),
    DeleteRange: () => ({ key: prng.pick(keys), rangeEnd: prng.pick(keys) }),
    Txn: () => txn(prng, 0),
    Compact: () => ({ revision: prng.below(8), physical: prng.chance(0.5) }),
    MemberList: () => ({ linearizable: prng.chance(0.5) }),
  };
  const message = makers[path.slice(path.lastIndexOf('/') + 1)]?.() ?? {};
  return Uint8Array.from([choice, ...encodeMessage(request, message as never)]);
}

/** Every request is answered, with a message of the method or an error of the API. */
function run(input: Uint8Array) {
  const { path, answer } = methods[(input[0] ?? 0) % methods.length] as Method;
  const { service, proposed } = openService();
  const { error, bytes } = callOnce(service, path, input.slice(1));
  for (const command of proposed) decodeCommand(command.subarray(1));
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (error !== null) {
    const known: readonly number[] = Object.values(StatusCode);
    assert.ok(known.includes(error.code) && error.code !== StatusCode.ok, 'no status of gRPC');
    const isMalformed = error.code === StatusCode.internal;
    return { accepted: !isMalformed, behaviour: `${name}: ${error.message}` };
  }
  assert.ok(bytes !== null && decodeMessage(answer, new Uint8Array(bytes)) !== null, 'no answer');
  return { accepted: true, behaviour: proposed.length > 0 ? `${name} proposed` : name };
}

export const fuzzer = {
  about: 'requests of clients, from the bytes to the answer',
  maxBytes: 4096,
  generate,
  run,
  isRefusal: () => false,
  allocation: { fixedBytes: 16 << 20, perInputByte: 4096 },
};
