import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { groupIdOf } from '../../src/ids.ts';
import { initialPlacement } from '../../src/shards/initial-placement.ts';
import { shardNames } from '../../src/shards/shard-names.ts';

const cluster = fc
  .uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 12 })
  .chain((nodes) =>
    fc.record({
      nodes: fc.constant(nodes),
      count: fc.integer({ min: 1, max: 64 }),
      replicas: fc.integer({ min: 1, max: nodes.length }),
    }),
  );

describe('the placement of a new cluster', () => {
  it('gives each node an equal share, of replicas and of first places', () => {
    fc.assert(
      fc.property(cluster, ({ nodes, count, replicas }) => {
        const placement = initialPlacement(nodes, count, replicas);
        assert.equal(placement.length, count);
        for (const voters of placement) assert.equal(new Set(voters).size, replicas);
        const shares = nodes.map((id) => placement.filter((voters) => voters.includes(id)).length);
        assert.ok(Math.max(...shares) - Math.min(...shares) <= replicas);
        const firsts = nodes.map((id) => placement.filter(([first]) => first === id).length);
        assert.ok(Math.max(...firsts) - Math.min(...firsts) <= 1);
      }),
    );
  });

  it('is the same for all, in whatever order they list the nodes', () => {
    fc.assert(
      fc.property(cluster, ({ nodes, count, replicas }) => {
        const reversed = initialPlacement([...nodes].reverse(), count, replicas);
        assert.deepEqual(reversed, initialPlacement(nodes, count, replicas));
      }),
    );
  });

  it('is what it was, or clusters would not find their data', () => {
    assert.deepEqual(initialPlacement([30, 10, 20, 40], 5, 2), [
      [10, 20],
      [20, 30],
      [30, 40],
      [40, 10],
      [10, 20],
    ]);
  });
});

describe('the names of shards', () => {
  it('have ids of their own for every count, and none in common with another count', () => {
    const others = new Set(shardNames(16).map(groupIdOf));
    for (const count of [1, 2, 15, 17, 1000, 4096]) {
      const ids = shardNames(count).map(groupIdOf);
      assert.equal(new Set(ids).size, count);
      if (count < 20) assert.ok(ids.every((id) => !others.has(id)));
    }
  });

  it('are what they were', () => {
    assert.deepEqual(shardNames(2), ['shard-0-of-2', 'shard-1-of-2']);
  });
});
