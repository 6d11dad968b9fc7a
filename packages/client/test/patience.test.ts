import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ClientError, type ClientOptions, connect, type QuorateClient } from '@quorate/client';
import { etcd } from '@quorate/schema';
import { answered, FakeCluster, outcomeOf } from './support/fake-cluster.ts';
import { VirtualTime } from './support/virtual-time.ts';

interface World {
  readonly time: VirtualTime;
  readonly cluster: FakeCluster;
  readonly client: QuorateClient;
}

const endpoints = ['a:1', 'b:1'];
const found = answered(etcd.RangeResponse, { header: { revision: 7, raftTerm: 1 }, count: 1 });

function start(options: Partial<ClientOptions> = {}): World {
  const time = new VirtualTime();
  const cluster = new FakeCluster();
  cluster.script = () => found;
  const { clock, timers } = time;
  const ports = { transport: cluster, clock, timers, random: () => 0.5 };
  return { time, cluster, client: connect({ endpoints, ports, ...options }) };
}

/** What has become of a call so far: its count of keys, a code, or that it goes on. */
function watched(call: Promise<{ readonly count: number }>): () => string {
  let state = 'goes on';
  call.then(
    ({ count }) => (state = `${count} found`),
    (error: ClientError) => (state = error.code),
  );
  return () => state;
}

function stop({ cluster }: World): void {
  for (const endpoint of endpoints) cluster.down.add(endpoint);
}

describe('a read while nobody can be reached', () => {
  it('waits for a cluster that it has known, until its time is over', async () => {
    const world = start();
    const { client, time, cluster } = world;
    await client.get('k');
    stop(world);
    const late = watched(client.get('k'));
    await time.advance(2500);
    const back = watched(client.get('k'));
    await time.advance(2000);
    assert.deepEqual([late(), back()], ['goes on', 'goes on']);
    await time.advance(500);
    assert.deepEqual([late(), back()], ['CLIENT_UNREACHABLE', 'goes on']);
    cluster.down.clear();
    await time.advance(2000);
    assert.equal(back(), '1 found');
  });

  it('is soon told of when nobody ever was there and no limit was given', async () => {
    const world = start();
    stop(world);
    const state = watched(world.client.get('k'));
    await world.time.advance(1000);
    assert.equal(state(), 'CLIENT_UNREACHABLE');
    assert.equal(world.cluster.connected.length, 6 * endpoints.length);
  });

  it('takes the time that it was given, also where nobody ever was there', async () => {
    const world = start({ timeoutMs: 140_000 });
    stop(world);
    const state = watched(world.client.get('k'));
    await world.time.advance(130_000);
    assert.equal(state(), 'goes on');
    world.cluster.down.delete('b:1');
    await world.time.advance(2000);
    assert.equal(state(), '1 found');
  });

  it('tells at last that nobody was there, not what was said before', async () => {
    const world = start({ timeoutMs: 60_000 });
    const { cluster, client, time } = world;
    cluster.script = () => outcomeOf(14, 'Connection dropped');
    const state = watched(client.get('k'));
    await time.advance(1000);
    stop(world);
    await time.advance(60_000);
    assert.equal(state(), 'CLIENT_UNREACHABLE');
  });
});

describe('a read while none leads', () => {
  it('goes on until its time is over', async () => {
    const { cluster, client, time } = start({ timeoutMs: 60_000 });
    cluster.script = () => outcomeOf(14, 'ledger: there is no leader');
    const state = watched(client.get('k'));
    await time.advance(50_000);
    assert.equal(state(), 'goes on');
    cluster.script = () => found;
    await time.advance(2000);
    assert.equal(state(), '1 found');
  });
});
