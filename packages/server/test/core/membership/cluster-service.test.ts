import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError } from '@quorate/host';
import { RuntimeError } from '@quorate/runtime';
import { etcd } from '@quorate/schema';
import {
  apiIdOf,
  memberAttributesCommand,
  memberCommand,
  nodeOfApiId,
  type RpcError,
  rpcErrors,
} from '@quorate/server/core';
import { nodeId } from '../../in-process-node.ts';
import { CalledService } from '../called-service.ts';

const secondId = nodeId + 1;
const service = '/etcdserverpb.Cluster';

/** Two members that have started, as an operator's tool asks them. */
class AskedCluster {
  readonly called = new CalledService();

  static async open(): Promise<AskedCluster> {
    const cluster = new AskedCluster();
    const { group, time } = cluster.called;
    for (const [id, name] of [
      [nodeId, 'n1'],
      [secondId, 'n2'],
    ] as const) {
      await group.propose(memberAttributesCommand({ member: id, name, clientUrls: [] }));
      const members = [{ member: id, peerUrls: [`http://${name}:1`] }];
      await group.propose(memberCommand({ kind: 'introduce', members }));
    }
    await time.advance(2000);
    return cluster;
  }

  get table(): readonly number[] {
    return [...this.called.group.machine.members.all.keys()];
  }

  async add(peerURLs: readonly string[], isLearner = false): Promise<RpcError | number> {
    const { MemberAddRequest, MemberAddResponse } = etcd;
    const path = `${service}/MemberAdd`;
    const fields = { peerURLs: [...peerURLs], isLearner };
    const answer = this.called.call(path, MemberAddRequest, fields, MemberAddResponse);
    const { error, value } = await answer;
    return error ?? nodeOfApiId(value.member?.ID ?? 0n);
  }

  async remove(id: number): Promise<RpcError | null> {
    const { MemberRemoveRequest, MemberRemoveResponse } = etcd;
    const fields = { ID: apiIdOf(id) };
    const path = `${service}/MemberRemove`;
    return (await this.called.call(path, MemberRemoveRequest, fields, MemberRemoveResponse)).error;
  }

  async promote(id: number): Promise<RpcError | null> {
    const { MemberPromoteRequest, MemberPromoteResponse } = etcd;
    const fields = { ID: apiIdOf(id) };
    const path = `${service}/MemberPromote`;
    return (await this.called.call(path, MemberPromoteRequest, fields, MemberPromoteResponse))
      .error;
  }

  async update(id: number, peerURLs: readonly string[]): Promise<RpcError | null> {
    const { MemberUpdateRequest, MemberUpdateResponse } = etcd;
    const fields = { ID: apiIdOf(id), peerURLs: [...peerURLs] };
    const path = `${service}/MemberUpdate`;
    return (await this.called.call(path, MemberUpdateRequest, fields, MemberUpdateResponse)).error;
  }

  start(id: number, name: string): Promise<unknown> {
    const { group } = this.called;
    return group.propose(memberAttributesCommand({ member: id, name, clientUrls: [] }));
  }
}

const refusedChange = (reason: 'quorumAtRisk' | 'noVoters'): RuntimeError =>
  new RuntimeError('RUNTIME_CHANGE_REFUSED', 'refused', { reason });

test('nothing stays of an addition that is refused, and each refusal has its words', async () => {
  for (const [failure, expected] of [
    [refusedChange('quorumAtRisk'), rpcErrors.unhealthyCluster],
    [refusedChange('noVoters'), rpcErrors.notEnoughStartedMembers],
    ['NODE_ADDRESS_TAKEN', rpcErrors.peerUrlsExist],
    ['NODE_ID_TAKEN', rpcErrors.memberIdExists],
    ['TOO_MANY_LEARNERS', rpcErrors.tooManyLearners],
  ] as const) {
    const cluster = await AskedCluster.open();
    const { membership } = cluster.called;
    membership.failure =
      typeof failure === 'string'
        ? new HostError('HOST_REQUEST_REFUSED', 'refused', { code: failure })
        : failure;
    assert.equal(await cluster.add(['http://a:1']), expected);
    assert.deepEqual(cluster.table, [nodeId, secondId]);
    membership.failure = null;
    assert.equal(typeof (await cluster.add(['http://a:1'])), 'number');
  }
});

test('an addition whose outcome is open leaves what may be needed, for a while', async () => {
  const cluster = await AskedCluster.open();
  const { membership, time } = cluster.called;
  const reason = 'nobody leads';
  const metadata = { contacts: 'a:1', reason };
  membership.failure = new HostError('HOST_CLUSTER_UNREACHABLE', reason, metadata);
  assert.equal(await cluster.add(['http://a:1']), rpcErrors.timedOut);
  assert.equal(cluster.table.length, 3);
  membership.failure = null;
  const id = await cluster.add(['http://a:1']);
  assert.equal(typeof id, 'number', 'asked for again, it is done');
  await time.advance(25_000);
  assert.deepEqual(cluster.table, [nodeId, secondId, id]);
});

test('who dies between the two steps of an addition leaves nothing half done', async () => {
  // Before the configuration was changed: it has not happened.
  const cluster = await AskedCluster.open();
  const { membership, time, group } = cluster.called;
  membership.silence = 'before';
  void cluster.add(['http://a:1']);
  await time.advance(1000);
  assert.equal(cluster.table.length, 3);
  membership.silence = null;
  const id = await cluster.add(['http://a:1']);
  await time.advance(25_000);
  assert.deepEqual(cluster.table, [nodeId, secondId, id]);
  assert.deepEqual(group.configuration.learners, [id]);

  // After it was: it has happened, and whoever asks again is told so.
  const other = await AskedCluster.open();
  other.called.membership.silence = 'after';
  void other.add(['http://b:1']);
  await other.called.time.advance(25_000);
  assert.equal(other.table.length, 3);
  other.called.membership.silence = null;
  assert.equal(await other.add(['http://b:1']), rpcErrors.notEnoughStartedMembers);
  const [added] = other.called.group.configuration.learners;
  await other.start(added ?? 0, 'n3');
  assert.equal(await other.add(['http://b:1']), rpcErrors.peerUrlsExist);
});

test('who dies between the two steps of a removal leaves nothing half done', async () => {
  const cluster = await AskedCluster.open();
  const { membership, time } = cluster.called;
  membership.silence = 'after';
  void cluster.remove(secondId);
  await time.advance(1000);
  assert.deepEqual(cluster.table, [nodeId, secondId]);
  membership.silence = null;
  assert.equal(await cluster.remove(secondId), rpcErrors.memberNotFound);
  await time.advance(35_000);
  assert.deepEqual(cluster.table, [nodeId]);
  // What is left over takes no URL away in the meantime either.
  assert.equal(typeof (await cluster.add(['http://n2:1'])), 'number');
});

test('a voter that is not connected lets nobody in, and nobody that is needed out', async () => {
  const cluster = await AskedCluster.open();
  const { membership } = cluster.called;
  membership.disconnected.add(secondId);
  assert.equal(await cluster.add(['http://a:1']), rpcErrors.unhealthyCluster);
  assert.equal(await cluster.add(['http://a:1'], true), rpcErrors.unhealthyCluster);
  assert.equal(await cluster.remove(nodeId), rpcErrors.unhealthyCluster);
  assert.deepEqual(membership.changes, []);
  assert.equal(await cluster.remove(secondId), null);
  assert.equal(await cluster.remove(nodeId), rpcErrors.notEnoughStartedMembers);
});

test('a learner is promoted once: with conditions, and not again', async () => {
  const cluster = await AskedCluster.open();
  const { membership } = cluster.called;
  const id = (await cluster.add(['http://a:1'], true)) as number;
  assert.equal(await cluster.promote(id), rpcErrors.learnerNotReady);
  await cluster.start(id, 'n3');
  const code = 'LEARNER_BEHIND';
  membership.failure = new HostError('HOST_REQUEST_REFUSED', 'behind', { code });
  assert.equal(await cluster.promote(id), rpcErrors.learnerNotReady);
  membership.failure = null;
  assert.equal(await cluster.promote(id), null);
  assert.deepEqual(membership.changes.at(-1)?.conditions, { caughtUp: id });
  assert.equal(await cluster.promote(id), rpcErrors.memberNotLearner);
  assert.equal(await cluster.promote(4), rpcErrors.memberNotFound);
});

test('an update takes nobody else its URLs, and may be repeated', async () => {
  const cluster = await AskedCluster.open();
  const { time, group } = cluster.called;
  assert.equal(await cluster.update(secondId, ['http://n1:1']), rpcErrors.peerUrlsExist);
  assert.equal(await cluster.update(4, ['http://c:1']), rpcErrors.memberNotFound);
  assert.equal(await cluster.update(secondId, ['n2']), rpcErrors.memberUrlsInvalid);
  for (let times = 0; times < 2; times++) {
    assert.equal(await cluster.update(secondId, ['http://c:2', 'http://c:1']), null);
  }
  await time.advance(10);
  const [moved] = group.configuration.members.filter((one) => one.id === secondId);
  assert.equal(moved?.address, 'c:1');
});
