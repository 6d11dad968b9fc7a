import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import { nemeses } from '../../src/index.ts';
import { commits, countingCluster, electsLeader } from '../counting-cluster.ts';

/** They have something to do only where a disk is lost: see mending.test.ts. */
const mending: ReadonlySet<string> = new Set(['repair-disk', 'replace-machine']);

describe('nemeses', () => {
  it('have names of their own, which a plan can spell', () => {
    const names = nemeses.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z]+(-[a-z]+)*$/);
  });

  for (const { name, strike } of nemeses) {
    it(`${name} finds something to do if there is, and ends when the cluster is healed`, () => {
      const cluster = countingCluster({ nodes: 5, seed: 7 });
      cluster.startAll();
      assert.ok(electsLeader(cluster, 3000), String(cluster.violation));
      const struck = [1, 2, 3].map((seed) => {
        const found = strike(cluster, new Prng(seed));
        cluster.runUntil(cluster.scheduler.nowMs + 400);
        return found;
      });
      assert.equal(struck.includes(true), !mending.has(name));
      cluster.heal();
      cluster.runUntil(cluster.scheduler.nowMs + 3000);
      assert.ok(electsLeader(cluster, 10_000), String(cluster.violation));
      assert.ok(commits(cluster, 1000), String(cluster.violation));
    });

    it(`${name} draws from its own seed alone`, () => {
      const run = (): string => {
        const cluster = countingCluster();
        cluster.startAll();
        cluster.runUntil(1500);
        strike(cluster, new Prng(5));
        cluster.runUntil(3000);
        return cluster.hash.digest;
      };
      assert.equal(run(), run());
    });
  }
});
