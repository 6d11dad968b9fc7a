import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { code, keyOf, type ListShards, ShardedCluster, testTuning } from './sharded-cluster.ts';

async function holdersOf(node: ListShards, shard: number): Promise<readonly number[]> {
  const placement = await node.placement();
  return placement[shard]?.members.map(({ id }) => id) ?? [];
}

interface Load {
  readonly acknowledged: Set<number>;
  readonly unknown: Set<number>;
  stop(): Promise<void>;
}

/**
 * Proposes on all nodes by turns until told to stop. A machine that is slow enough for elections
 * may leave outcomes unknown; nothing else may go wrong.
 */
function load(cluster: ShardedCluster, key: string): Load {
  const acknowledged = new Set<number>();
  const unknown = new Set<number>();
  let isOver = false;
  let next = 0;
  const callers = [...cluster.nodes.values()].map(async (node) => {
    while (!isOver) {
      const value = next++;
      try {
        await node.propose(key, { key, value });
        acknowledged.add(value);
      } catch (error) {
        if (!code('RUNTIME_OUTCOME_UNKNOWN')(error)) throw error;
        unknown.add(value);
      }
    }
  });
  const ended = Promise.all(callers);
  // A test that ends before has something else to say.
  ended.catch(() => undefined);
  const stop = async (): Promise<void> => {
    isOver = true;
    await ended;
  };
  return { acknowledged, unknown, stop };
}

describe('moving a shard', () => {
  it('loses nothing, and proposals go on, on every node', async () => {
    await using cluster = await ShardedCluster.of(5, { count: 5 });
    const shard = 0;
    const key = keyOf(cluster.node(1), shard);
    await cluster.settled();
    const loaded = load(cluster, key);
    // There and back, with and without the lead.
    const { leader } = (await cluster.node(5).placement())[shard] ?? {};
    assert.ok(leader !== undefined && leader !== 0);
    await cluster.node(5).move(shard, { from: leader, to: 4 });
    assert.deepEqual(
      await holdersOf(cluster.node(1), shard),
      [1, 2, 3, 4].filter((id) => id !== leader),
    );
    await cluster.node(4).group(shard).transferLeadership(4);
    await cluster.node(1).move(shard, { from: 4, to: leader });
    assert.deepEqual(await holdersOf(cluster.node(5), shard), [1, 2, 3]);
    await loaded.stop();
    const kept = await cluster.node(4).read(key, key);
    const { acknowledged, unknown } = loaded;
    assert.equal(new Set(kept).size, kept.length, 'nothing twice');
    assert.deepEqual(
      kept.filter((value) => !unknown.has(value)).sort((a, b) => a - b),
      [...acknowledged].sort((a, b) => a - b),
    );
    assert.ok(acknowledged.size > 0);
  });

  it('goes on from wherever it was left, from any node', async () => {
    await using cluster = await ShardedCluster.of(5, { count: 1 });
    const key = keyOf(cluster.node(1), 0);
    await cluster.node(1).propose(key, { key, value: 1 });
    const { address } = { address: cluster.addressOf(4) };
    // As it is when a caller died after the first step, or the second.
    await cluster.node(2).group(0).addMember({ id: 4, address });
    await cluster.node(5).move(0, { from: 1, to: 4 });
    assert.deepEqual(await holdersOf(cluster.node(3), 0), [2, 3, 4]);
    await cluster.node(1).move(0, { from: 1, to: 4 });
    await cluster.node(4).move(0, { from: 1, to: 4 });
    // One that was ended in the midst.
    const signal = AbortSignal.abort();
    await assert.rejects(cluster.node(5).move(0, { from: 2, to: 5 }, { signal }), {
      name: 'AbortError',
    });
    await assert.rejects(
      cluster.node(3).move(0, { from: 2, to: 5 }, { timeoutMs: 0 }),
      code('NODE_MOVE_UNFINISHED'),
    );
    await cluster.node(1).move(0, { from: 2, to: 5 });
    assert.deepEqual(await holdersOf(cluster.node(2), 0), [3, 4, 5]);
    assert.deepEqual(await cluster.node(1).read(key, key), [1]);
  });

  it('off a node that is gone is what makes the shard whole again', async () => {
    await using cluster = await ShardedCluster.of(4, { count: 4 });
    await cluster.settled();
    const key = keyOf(cluster.node(1), 0);
    await cluster.node(4).propose(key, { key, value: 1 });
    await cluster.close(1);
    await cluster.node(4).move(0, { from: 1, to: 4 });
    assert.deepEqual(await holdersOf(cluster.node(2), 0), [2, 3, 4]);
    await cluster.node(2).propose(key, { key, value: 2 });
    // When it comes back it is told, and asks the others. What it proposes as it is being told may
    // have an unknown outcome, but to a session.
    const back = await cluster.open(1, { peers: cluster.peers([1, 2, 3, 4]) });
    await using session = back.group(0).openSession();
    await session.propose({ key, value: 3 });
    assert.deepEqual(await back.read(key, key), [1, 2, 3]);
  });

  it('takes a snapshot along when the log does not reach back', async () => {
    const tuning = {
      ...testTuning,
      snapshotLogBytes: 2000,
      snapshotTailEntries: 0,
    };
    await using cluster = await ShardedCluster.of(4, { count: 1, tuning });
    const key = keyOf(cluster.node(1), 0);
    for (let value = 0; value < 200; value++) await cluster.node(1).propose(key, { key, value });
    await cluster.node(1).move(0, { from: 1, to: 4 });
    const { lists } = await cluster
      .node(4)
      .group(0)
      .read((machine) => ({ lists: machine.lists.get(key) }));
    assert.equal(lists?.length, 200);
    assert.equal((await cluster.node(1).propose(key, { key, value: 200 })).result, 201);
  });

  it('to a node that has joined, and on to another, needs nobody to know them', async () => {
    await using cluster = await ShardedCluster.of(1, { count: 3 });
    const key = keyOf(cluster.node(1), 0);
    await cluster.node(1).propose(key, { key, value: 1 });
    await cluster.open(7, { join: [cluster.addressOf(1)] });
    await cluster.node(7).propose(key, { key, value: 2 });
    await cluster.node(7).move(0, { from: 1, to: 7 });
    await cluster.open(9, { join: [cluster.addressOf(7)] });
    await cluster.node(9).move(0, { from: 7, to: 9 });
    assert.deepEqual(await holdersOf(cluster.node(9), 0), [9]);
    await cluster.node(1).propose(key, { key, value: 3 });
    for (const id of [1, 7, 9]) assert.deepEqual(await cluster.node(id).read(key, key), [1, 2, 3]);
    // They come back with nothing but one address.
    for (const id of [7, 9]) {
      await cluster.close(id);
      await cluster.open(id, { join: [cluster.addressOf(1)] });
    }
    await cluster.node(9).propose(key, { key, value: 4 });
    assert.deepEqual(await cluster.node(7).read(key, key), [1, 2, 3, 4]);
  });

  it('is refused where there is nothing to move, and changes nothing', async () => {
    await using cluster = await ShardedCluster.of(4, { count: 4 });
    await cluster.settled();
    const node = cluster.node(1);
    const refused = code('NODE_MOVE_REFUSED');
    await assert.rejects(node.move(0, { from: 4, to: 5 }), refused);
    await assert.rejects(node.move(0, { from: 1, to: 2 }), refused);
    await assert.rejects(node.move(0, { from: 1, to: 1 }), refused);
    await assert.rejects(node.move(0, { from: 1, to: 0 }), refused);
    await assert.rejects(node.move(4, { from: 1, to: 4 }), code('NODE_SHARD_UNKNOWN'));
    await assert.rejects(node.move(0, { from: 1, to: 5 }, { timeoutMs: 300 }), (error) => {
      assert.match(String(error), /knows node 5/);
      return code('NODE_MOVE_UNFINISHED')(error);
    });
    assert.deepEqual(await holdersOf(node, 0), [1, 2, 3]);
  });
});
