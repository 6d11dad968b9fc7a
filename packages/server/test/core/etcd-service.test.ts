import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuntimeError, type RuntimeErrorCode, type RuntimeErrorMetadata } from '@quorate/runtime';
import { encodeMessage, etcd } from '@quorate/schema';
import { apiIdOf, memberAttributesCommand, memberCommand } from '@quorate/server/core';
import { nodeId } from '../in-process-node.ts';
import { CalledService, clusterId, text } from './called-service.ts';

const putPath = '/etcdserverpb.KV/Put';
const request = encodeMessage(etcd.PutRequest, { key: text('a') });

function failure<Code extends RuntimeErrorCode>(
  code: Code,
  metadata: RuntimeErrorMetadata[Code],
): RuntimeError {
  return new RuntimeError(code, 'in this test', metadata) as RuntimeError;
}

test('each way in which the group fails has its code and text', async () => {
  const leader = nodeId;
  const cases: [RuntimeError, number, string][] = [
    [failure('RUNTIME_NO_LEADER', { retryAfterMs: 1 }), 14, 'etcdserver: no leader'],
    [failure('RUNTIME_NOT_LEADER', { leader }), 14, 'etcdserver: leader changed'],
    [failure('RUNTIME_PROPOSAL_LOST', { leader }), 14, 'etcdserver: leader changed'],
    [failure('RUNTIME_OVERLOADED', { retryAfterMs: 1 }), 8, 'etcdserver: too many requests'],
    [failure('RUNTIME_STORAGE_FULL', {}), 8, 'etcdserver: the disk of the leader is full'],
    [failure('RUNTIME_STOPPING', {}), 14, 'etcdserver: server stopped'],
    [failure('RUNTIME_HALTED', { reason: 'fsync' }), 14, 'etcdserver: server stopped'],
    [failure('RUNTIME_READ_TIMEOUT', { timeoutMs: 1 }), 14, 'etcdserver: request timed out'],
    [
      failure('RUNTIME_COMMAND_TOO_LARGE', { bytes: 2, maxBytes: 1 }),
      3,
      'etcdserver: request is too large',
    ],
    [
      failure('RUNTIME_OUTCOME_UNKNOWN', { reason: 'timeout' }),
      14,
      'etcdserver: request timed out',
    ],
    [
      failure('RUNTIME_OUTCOME_UNKNOWN', { reason: 'linkLost' }),
      14,
      'etcdserver: request timed out, possibly due to connection lost',
    ],
    [
      failure('RUNTIME_OUTCOME_UNKNOWN', { reason: 'snapshot' }),
      14,
      'etcdserver: request timed out',
    ],
    [failure('RUNTIME_OUTCOME_UNKNOWN', { reason: 'stopping' }), 14, 'etcdserver: server stopped'],
  ];
  for (const [error, code, message] of cases) {
    const service = new CalledService();
    service.group.failure = error;
    assert.deepEqual((await service.bytes(putPath, request)).error, { code, message }, error.code);
    const { error: read } = await service.range({ key: text('a') });
    assert.deepEqual(read, { code, message }, error.code);
  }
});

test('a call that requires a leader is refused while none is known', async () => {
  const service = new CalledService();
  service.group.becomeLed(0);
  const refused = { code: 14, message: 'etcdserver: no leader' };
  assert.deepEqual((await service.bytes(putPath, request, true)).error, refused);
  assert.equal((await service.bytes(putPath, request, false)).error, null);
  service.group.becomeLed(nodeId + 1);
  assert.equal((await service.bytes(putPath, request, true)).error, null);
});

test('after stop calls are refused and those under way still end', async () => {
  const service = new CalledService();
  const gate = Promise.withResolvers<void>();
  service.group.gate = gate.promise;
  const under = service.bytes(putPath, request);
  service.service.stop();
  const refused = { code: 14, message: 'etcdserver: server stopped' };
  assert.deepEqual((await service.bytes(putPath, request)).error, refused);
  gate.resolve();
  assert.equal((await under).error, null);
  assert.deepEqual([...(service.service.handled.get(putPath) ?? [])].filter(Boolean), [1, 1]);
});

test('status says what this member knows', async () => {
  const service = new CalledService();
  await service.put({ key: text('a'), value: text('b') });
  const path = '/etcdserverpb.Maintenance/Status';
  const ask = () => service.call(path, etcd.StatusRequest, {}, etcd.StatusResponse);
  const { value } = await ask();
  assert.deepEqual([value?.version, value?.storageVersion], ['3.6.14', '3.6.0']);
  assert.equal(value?.leader, apiIdOf(nodeId));
  assert.deepEqual([value?.raftTerm, value?.raftIndex, value?.raftAppliedIndex], [7, 2, 2]);
  assert.equal(value?.header?.revision, 2);
  assert.equal(value?.isLearner, false);
  assert.deepEqual(value?.errors, []);
  assert.ok((value?.dbSize ?? 0) >= (value?.dbSizeInUse ?? 0) && (value?.dbSizeInUse ?? 0) > 0);
  service.group.becomeLed(0);
  const without = (await ask()).value;
  assert.equal(without?.leader, 0n);
  assert.deepEqual(without?.errors, ['etcdserver: no leader']);
});

test('the member list has names of those that have started, and no revision', async () => {
  const service = new CalledService();
  const attributes = { member: nodeId, name: 'n1', clientUrls: ['http://a:2379', 'http://b:1'] };
  await service.group.propose(memberAttributesCommand(attributes));
  const members = [{ member: nodeId, peerUrls: ['http://a:2380'] }];
  await service.group.propose(memberCommand({ kind: 'introduce', members }));
  const path = '/etcdserverpb.Cluster/MemberList';
  const ask = (linearizable: boolean) =>
    service.call(path, etcd.MemberListRequest, { linearizable }, etcd.MemberListResponse);
  const { value } = await ask(false);
  assert.deepEqual(value, {
    header: { clusterId, memberId: BigInt(nodeId), revision: 0, raftTerm: 7 },
    members: [
      {
        ID: apiIdOf(nodeId),
        name: 'n1',
        peerURLs: ['http://a:2380'],
        clientURLs: ['http://a:2379', 'http://b:1'],
        isLearner: false,
      },
      { ID: apiIdOf(nodeId + 1), name: '', peerURLs: [], clientURLs: [], isLearner: false },
    ],
  });
  assert.equal(service.group.reads, 0);
  await ask(true);
  assert.equal(service.group.reads, 1);
});

test('the health check serves, for the server as a whole', async () => {
  const service = new CalledService();
  const path = '/grpc.health.v1.Health/Check';
  const ask = (name: string) =>
    service.call(path, etcd.HealthCheckRequest, { service: name }, etcd.HealthCheckResponse);
  assert.deepEqual((await ask('')).value, { status: 1 });
  assert.equal((await ask('other')).error?.code, 5);
});
