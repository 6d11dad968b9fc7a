import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientError, connect, type QuorateClient } from '@quorate/client';
import { etcd } from '@quorate/schema';
import { answered, FakeCluster, outcomeOf } from './support/fake-cluster.ts';
import { settle, VirtualTime } from './support/virtual-time.ts';

const keepAlivePath = '/etcdserverpb.Lease/LeaseKeepAlive';

interface World extends AsyncDisposable {
  readonly time: VirtualTime;
  readonly cluster: FakeCluster;
  readonly client: QuorateClient;
  readonly calls: string[];
}

function start(): World {
  const time = new VirtualTime();
  const cluster = new FakeCluster();
  const calls: string[] = [];
  let granted = 0n;
  cluster.script = ({ path }) => {
    calls.push(path);
    if (path.endsWith('LeaseGrant')) {
      granted += 1n;
      return answered(etcd.LeaseGrantResponse, { ID: granted, TTL: 9 });
    }
    return answered(etcd.LeaseRevokeResponse, {});
  };
  cluster.keptSeconds = () => 9;
  const { clock, timers } = time;
  const ports = { transport: cluster, clock, timers, random: () => 0.5 };
  const client = connect({ endpoints: ['a:1', 'b:1'], ports });
  return {
    time,
    cluster,
    client,
    calls,
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await settle();
      assert.equal(time.waiting, 0, 'a closed client waits for nothing');
    },
  };
}

function reasonOf({ reason }: AbortSignal): ClientError {
  assert.ok(reason instanceof ClientError, String(reason));
  return reason;
}

describe('a lease', () => {
  it('is as the server granted it, and is kept while it is renewed', async () => {
    await using world = start();
    const lease = await world.client.lease(5);
    assert.deepEqual([lease.id, lease.ttlSeconds, lease.remainingMs()], [1n, 9, 9000]);
    await world.time.advance(3_600_000);
    assert.equal(lease.isLost, false);
    assert.ok(lease.remainingMs() > 5500, 'renewed when a third of its time is over');
  });

  it('is lost to the moment when no renewal is confirmed', async () => {
    await using world = start();
    const lease = await world.client.lease(9);
    await world.time.advance(6500);
    // The last that was confirmed was sent at 6000.
    world.cluster.keptSeconds = () => null;
    await world.time.advance(8499);
    assert.deepEqual([lease.isLost, lease.lost.aborted], [false, false]);
    assert.equal(lease.remainingMs(), 1);
    await world.time.advance(1);
    assert.deepEqual([lease.isLost, lease.lost.aborted], [true, true]);
    assert.equal(reasonOf(lease.lost).code, 'CLIENT_LEASE_LOST');
    assert.equal(lease.remainingMs(), 0);
    assert.equal(world.cluster.open(keepAlivePath).length, 0, 'it is not renewed any more');
  });

  it('is lost when its time is over, also before any timer could say so', async () => {
    await using world = start();
    const lease = await world.client.lease(9);
    await settle();
    world.time.jump(9000);
    assert.equal(lease.isLost, true);
    assert.equal(lease.lost.aborted, true);
  });

  it('is lost at once when a server does not have it', async () => {
    await using world = start();
    const lease = await world.client.lease(9);
    await settle();
    world.cluster.keptSeconds = () => 0;
    await world.time.advance(3000);
    assert.match(reasonOf(lease.lost).message, /has expired or was revoked/);
  });

  it('counts from when a confirmed renewal was sent, not from when it was answered', async () => {
    await using world = start();
    const lease = await world.client.lease(9);
    await settle();
    const [stream] = world.cluster.open(keepAlivePath);
    assert.ok(stream !== undefined);
    const { received } = stream;
    const late: Uint8Array[] = [];
    stream.received = (bytes) => late.push(bytes);
    await world.time.advance(5000);
    for (const bytes of late) received(bytes);
    assert.equal(lease.remainingMs(), 7000, 'sent at 3000');
    // An answer to nothing confirms nothing.
    for (const bytes of late) received(bytes);
    assert.equal(lease.remainingMs(), 7000);
  });

  it('moves on from a stream that was cut, and from one that brings no answers', async () => {
    await using world = start();
    const lease = await world.client.lease(9);
    await settle();
    const [first] = world.cluster.open(keepAlivePath);
    world.cluster.cut(first ?? assert.fail());
    await world.time.advance(100);
    const [second] = world.cluster.open(keepAlivePath);
    assert.equal(second?.address, 'b:1');
    if (second !== undefined) second.isHalfOpen = true;
    await world.time.advance(60_000);
    assert.equal(lease.isLost, false);
    assert.equal(world.cluster.open(keepAlivePath)[0]?.address, 'a:1');
  });

  it('is renewed together with others on one stream', async () => {
    await using world = start();
    const leases = await Promise.all([1, 2, 3].map(() => world.client.lease(9)));
    await world.time.advance(100_000);
    assert.deepEqual(
      leases.map(({ isLost }) => isLost),
      [false, false, false],
    );
    assert.equal(world.cluster.open(keepAlivePath).length, 1);
    assert.equal(world.cluster.streams.length, 1);
  });

  it('ends with revoke, which is no loss', async () => {
    await using world = start();
    const lease = await world.client.lease(9);
    await lease.revoke();
    await world.time.advance(60_000);
    assert.equal(lease.lost.aborted, false);
    assert.ok(world.calls.some((path) => path.endsWith('LeaseRevoke')));
    assert.equal(world.cluster.open(keepAlivePath).length, 0);
    world.cluster.script = () => outcomeOf(5, 'etcdserver: requested lease not found');
    await lease.revoke();
  });

  it('is left to end by itself when it cannot be revoked at the end of its block', async () => {
    await using world = start();
    {
      await using _lease = await world.client.lease(9);
      world.cluster.script = () => outcomeOf(7, 'etcdserver: permission denied');
    }
    await world.time.advance(60_000);
    assert.equal(world.cluster.open(keepAlivePath).length, 0);
  });

  it('is asked for again when nobody knows whether it was granted', async () => {
    await using world = start();
    const grant = world.cluster.script;
    let asked = 0;
    world.cluster.script = (call) => {
      asked += 1;
      world.time.jump(1000);
      return asked < 3 ? outcomeOf(14, 'etcdserver: request timed out') : grant(call);
    };
    const granting = world.client.lease(9);
    await settle();
    await world.time.advance(100);
    const lease = await granting;
    assert.equal(asked, 3);
    assert.ok(lease.remainingMs() > 7000, 'it is as old as the attempt that went well');
  });

  it('is lost when the client is closed', async () => {
    const world = start();
    const lease = await world.client.lease(9);
    await world.client.close();
    assert.equal(reasonOf(lease.lost).code, 'CLIENT_LEASE_LOST');
  });

  it('that is granted to a client which was closed meanwhile is not kept', async () => {
    const world = start();
    const grant = world.cluster.script;
    const gate = Promise.withResolvers<undefined>();
    world.cluster.script = async (call) => {
      await gate.promise;
      return grant(call);
    };
    const granting = world.client.lease(9);
    await settle();
    await world.client.close();
    gate.resolve(undefined);
    await assert.rejects(granting, { code: 'CLIENT_CLOSED' });
    assert.equal(world.time.waiting, 0);
  });

  it('outlives a refusal of its stream', async () => {
    await using world = start();
    world.cluster.streamRefusal = () => [7, 'etcdserver: permission denied'];
    const lease = await world.client.lease(9);
    await world.time.advance(2500);
    world.cluster.streamRefusal = () => null;
    await world.time.advance(10_000);
    assert.equal(lease.isLost, false);
  });
});
