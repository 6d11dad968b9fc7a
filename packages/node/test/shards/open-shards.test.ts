import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openShards, shardOfKey } from '../../src/index.ts';
import { freePort } from '../embed/test-cluster.ts';
import { code, keyOf, Lists, ShardedCluster } from './sharded-cluster.ts';

describe('shards', () => {
  it('are used by key on every node, wherever they are', async () => {
    await using cluster = await ShardedCluster.of(5);
    for (let at = 0; at < 30; at++) {
      const key = `key-${at}`;
      const writer = cluster.node(1 + (at % 5));
      const { result, index } = await writer.propose(key, { key, value: at });
      assert.equal(result, 1);
      assert.ok(index > 0);
      const reader = cluster.node(1 + ((at * 3 + 1) % 5));
      assert.deepEqual(await reader.read(key, key), [at]);
      const lease = await reader.read(new TextEncoder().encode(key), key, { consistency: 'lease' });
      assert.deepEqual(lease, [at]);
    }
    const placement = await cluster.node(4).placement();
    assert.deepEqual(
      placement.map(({ members }) => members.map(({ id }) => id)),
      [
        [1, 2, 3],
        [2, 3, 4],
        [3, 4, 5],
        [1, 4, 5],
        [1, 2, 5],
        [1, 2, 3],
      ],
    );
    for (const { leader, members } of placement) {
      assert.ok(members.some(({ id, isLeader }) => isLeader && id === leader));
      for (const { id, address, role } of members) {
        assert.deepEqual([address, role], [cluster.addressOf(id), 'voter']);
      }
    }
  });

  it('have one state machine each, which only a node with a replica can be asked for', async () => {
    await using cluster = await ShardedCluster.of(4);
    const inside = cluster.node(1).group(0);
    assert.equal(await inside.read((machine) => machine.shard), 0);
    const outside = cluster.node(4).group(0);
    await assert.rejects(
      outside.read((machine) => machine.shard),
      code('NODE_SHARD_ELSEWHERE'),
    );
    const key = keyOf(cluster.node(4), 0);
    await assert.rejects(cluster.node(4).read(key, ''), code('HOST_QUERY_FAILED'));
    await assert.rejects(cluster.node(1).read(key, ''), /no key/);
    await assert.rejects(
      cluster.node(4).read(key, key, { consistency: 'bounded' }),
      /option maxStalenessMs is missing/,
    );
    assert.throws(() => cluster.node(1).group(6), code('NODE_SHARD_UNKNOWN'));
    assert.throws(() => cluster.node(1).group(0.5), code('NODE_SHARD_UNKNOWN'));
    await assert.rejects(cluster.node(1).propose(7 as never, { key, value: 1 }), TypeError);
  });

  it('apply once what is proposed through a session on a node outside', async () => {
    await using cluster = await ShardedCluster.of(4);
    const outside = cluster.node(4).group(0);
    const key = keyOf(cluster.node(4), 0);
    await using session = outside.openSession();
    const proposals: Promise<{ result: number }>[] = [];
    for (let value = 0; value < 30; value++) {
      proposals.push(session.propose({ key, value }));
      if (value % 10 === 5) await outside.transferLeadership();
    }
    const results = await Promise.all(proposals);
    const lengths = results.map(({ result }) => result).sort((a, b) => a - b);
    assert.deepEqual(
      lengths,
      Array.from({ length: 30 }, (_, at) => at + 1),
    );
    const kept = await cluster.node(2).read(key, key);
    assert.equal(new Set(kept).size, 30);
  });

  it('give their leaderships out evenly', async () => {
    await using cluster = await ShardedCluster.of(3, { count: 12 });
    await cluster.settled();
    for (const { shard, leader } of await cluster.node(1).placement()) {
      if (leader !== 1) await cluster.node(2).group(shard).transferLeadership(1);
    }
    assert.ok((await cluster.node(3).balanceLeaders()) >= 8);
    const leaders = (await cluster.node(2).placement()).map(({ leader }) => leader);
    for (const id of [1, 2, 3]) {
      assert.equal(leaders.filter((leader) => leader === id).length, 4, leaders.join(' '));
    }
    assert.equal(await cluster.node(1).balanceLeaders(), 0);
  });

  it('may have a map of keys of their own', async () => {
    await using cluster = await ShardedCluster.of(1);
    await cluster.close(1);
    const options = {
      id: 1,
      dataDir: null,
      listen: '127.0.0.1:0',
      peers: { 1: '127.0.0.1:0' },
      log: { level: 'silent', format: 'json' },
    } as const;
    const create = (shard: number): Lists => new Lists(shard);
    const shardOf = (key: unknown): number => Number(String(key).split(':')[0]);
    await using shards = await openShards({ ...options, shards: { count: 4, create, shardOf } });
    await shards.propose('2:a', { key: 'a', value: 1 });
    assert.deepEqual(await shards.group(2).read('a'), [1]);
    assert.throws(() => shards.shardOf('4:a'), code('NODE_SHARD_UNKNOWN'));
    assert.throws(() => shards.shardOf('a'), code('NODE_SHARD_UNKNOWN'));
  });

  it('are refused where the numbers differ, by the directory and by the others', async () => {
    await using cluster = await ShardedCluster.of(3, { count: 4 });
    await cluster.close(3);
    const peers = cluster.peers([1, 2, 3]);
    await assert.rejects(cluster.open(3, { peers, count: 8 }), (error) => {
      assert.match(String(error), /shards\.count is 8, and the data directory .* made with 4/);
      return code('NODE_SHARDS_MISMATCH')(error);
    });
    await assert.rejects(cluster.open(3, { peers, replicas: 2 }), code('NODE_SHARDS_MISMATCH'));
    rmSync(join(cluster.directory, 'node3'), { recursive: true });
    await assert.rejects(cluster.open(3, { peers, count: 8 }), (error) => {
      assert.match(String(error), /shards\.count is 8, and node [12] at .* has 4 groups/);
      return code('NODE_SHARDS_MISMATCH')(error);
    });
    await assert.rejects(cluster.open(3, { peers, replicas: 2 }), code('NODE_SHARDS_MISMATCH'));
    const join4 = { join: [cluster.addressOf(1)] };
    await assert.rejects(cluster.open(4, { ...join4, count: 3 }), code('NODE_SHARDS_MISMATCH'));
    await cluster.open(4, join4);
  });

  it('are refused to one of two that begin at the same moment with other numbers', async () => {
    await using cluster = await ShardedCluster.of(1, { count: 2 });
    await cluster.close(1);
    cluster.ports.set(5, await freePort()).set(6, await freePort());
    const peers = cluster.peers([5, 6]);
    const opened = await Promise.allSettled([
      cluster.open(5, { peers, count: 2 }),
      cluster.open(6, { peers, count: 3 }),
    ]);
    const refused = opened.filter((one) => one.status === 'rejected');
    assert.ok(refused.length > 0);
    for (const { reason } of refused) assert.ok(code('NODE_SHARDS_MISMATCH')(reason));
  });

  it('know their directory again without the record of it', async () => {
    await using cluster = await ShardedCluster.of(1, { count: 4 });
    const peers = cluster.peers([1]);
    await cluster.close(1);
    rmSync(join(cluster.directory, 'node1', 'shards.json'));
    await assert.rejects(cluster.open(1, { peers, count: 5 }), code('STORAGE_FOREIGN_DIRECTORY'));
    await cluster.open(1, { peers });
  });
});

describe('the shard of a key', () => {
  it('is the CRC-32 of its UTF-8, modulo the count', () => {
    assert.equal(shardOfKey('123456789', 2 ** 32), 0xcbf43926);
    assert.equal(shardOfKey('', 16), 0);
    assert.equal(shardOfKey('grüße', 1000), shardOfKey(new TextEncoder().encode('grüße'), 1000));
  });

  it('is as often any as any other', () => {
    const counts = new Array<number>(16).fill(0);
    for (let at = 0; at < 16_000; at++) {
      const shard = shardOfKey(`user:${at}`, 16);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    for (const count of counts) assert.ok(count > 900 && count < 1100, counts.join(' '));
  });
});
