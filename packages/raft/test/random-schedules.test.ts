import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RandomCluster } from './support/random-cluster.ts';

const steps = 10_000;

function run(seed: number, size: number, spares = 0): RandomCluster {
  const cluster = new RandomCluster(seed, size, spares);
  for (let step = 0; step < steps; step++) cluster.step();
  cluster.settle();
  return cluster;
}

describe('any schedule', () => {
  for (const size of [1, 2, 3, 5]) {
    it(`keeps ${size} replicas safe, and lets them come to rest with one log`, () => {
      for (let seed = 1; seed <= 8; seed++) {
        let cluster: RandomCluster;
        try {
          cluster = run(seed, size);
        } catch (error) {
          throw new Error(`size ${size}, seed ${seed}`, { cause: error });
        }
        const rafts = cluster.replicas.map(({ raft }) => raft);
        const leaders = rafts.filter((raft) => raft.role === 'leader');
        assert.equal(leaders.length, 1, `size ${size}, seed ${seed}: one leader`);
        const last = leaders[0]?.lastIndex;
        for (const { id, raft, reached } of cluster.replicas) {
          const where = `size ${size}, seed ${seed}, replica ${id}`;
          assert.equal(raft.commitIndex, last, `${where} has committed everything`);
          assert.equal(reached, last, `${where} has applied everything`);
        }
      }
    });
  }
});

describe('any schedule with changes of membership, lost disks and drifting clocks', () => {
  for (const [size, spares] of [
    [1, 3],
    [3, 2],
    [5, 1],
  ] as const) {
    it(`keeps a group that begins with ${size} safe, and lets its members come to rest`, () => {
      for (let seed = 1; seed <= 12; seed++) {
        const where = `size ${size}, spares ${spares}, seed ${seed}`;
        let cluster: RandomCluster;
        try {
          cluster = run(seed, size, spares);
        } catch (error) {
          throw new Error(where, { cause: error });
        }
        cluster.mustRest(where);
      }
    });
  }
});
