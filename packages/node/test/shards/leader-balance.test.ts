import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type LedShard, planHandovers } from '../../src/shards/leader-balance.ts';

const arbitraryShards = fc
  .array(
    fc
      .uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 })
      .chain((voters) =>
        fc.record({ voters: fc.constant(voters), leader: fc.constantFrom(...voters, 0) }),
      ),
    { minLength: 1, maxLength: 7 },
  )
  .map((shards): LedShard[] => shards.map((one, shard) => ({ shard, ...one })));

/** How uneven it is: what one node leads counts the more, the more it leads. */
function unevenness(leaders: readonly number[]): number {
  const loads = new Map<number, number>();
  for (const leader of leaders) loads.set(leader, (loads.get(leader) ?? 0) + 1);
  let sum = 0;
  for (const load of loads.values()) sum += load * load;
  return sum;
}

/** The best that any assignment of leaders can do. */
function leastUnevenness(shards: readonly LedShard[], chosen: readonly number[] = []): number {
  const next = shards[chosen.length];
  if (next === undefined) return unevenness(chosen);
  return Math.min(...next.voters.map((voter) => leastUnevenness(shards, [...chosen, voter])));
}

describe('the plan of hand-overs', () => {
  it('gets leaderships as even as their voters allow, and hands each over at most once', () => {
    fc.assert(
      fc.property(arbitraryShards, (shards) => {
        const plan = planHandovers(shards);
        assert.equal(new Set(plan.map(({ shard }) => shard)).size, plan.length);
        const led = shards.filter(({ leader }) => leader !== 0);
        const leaders = led.map(({ shard, leader, voters }) => {
          const to = plan.find((one) => one.shard === shard)?.to ?? leader;
          assert.ok(voters.includes(to));
          return to;
        });
        assert.equal(unevenness(leaders), leastUnevenness(led));
      }),
      { numRuns: 300 },
    );
  });

  it('leaves what is even as it is', () => {
    const voters = [1, 2, 3];
    const even = [1, 2, 3, 3, 1].map((leader, shard) => ({ shard, leader, voters }));
    assert.deepEqual(planHandovers(even), []);
  });

  it('goes through a third where two have no shard in common', () => {
    const shards = [
      { shard: 0, leader: 1, voters: [1, 2] },
      { shard: 1, leader: 1, voters: [1, 2] },
      { shard: 2, leader: 2, voters: [2, 3] },
    ];
    assert.deepEqual(planHandovers(shards), [
      { shard: 0, to: 2 },
      { shard: 2, to: 3 },
    ]);
  });
});
