import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import type { SimulatedNode } from '../src/index.ts';
import { commits, countingCluster, electsLeader } from './counting-cluster.ts';

function damage(node: SimulatedNode): void {
  node.mayBeDamaged = true;
  const place = node.disk.corrupt(new Prng(1), (path) => path.endsWith('identity'));
  assert.notEqual(place, null);
}

describe('a node whose disk was damaged', () => {
  it('refuses to start, stays down, and the others go on', () => {
    const cluster = countingCluster();
    cluster.startAll();
    assert.ok(electsLeader(cluster, 3000));
    const node = cluster.node(2);
    damage(node);
    cluster.crash(node, true);
    cluster.start(node);
    cluster.runUntil(cluster.scheduler.nowMs + 2000);
    assert.match(node.lost?.why ?? '', /flipped bit in data\/identity: STORAGE_CORRUPT/);
    assert.equal(node.up, false);
    cluster.heal();
    assert.equal(node.up, false);
    assert.ok(electsLeader(cluster, 3000));
    assert.ok(commits(cluster, 1000), String(cluster.violation));
  });

  it('that stops without damage is a violation', () => {
    const cluster = countingCluster();
    cluster.startAll();
    assert.ok(electsLeader(cluster, 3000));
    cluster.node(2).disk.injectSyncFault('fail', () => true, 1);
    assert.equal(commits(cluster, 3000), false);
    assert.match(cluster.violation?.message ?? '', /stopped itself without a fault/);
  });

  it('is one of a minority, and none when the membership may have changed', () => {
    const cluster = countingCluster({ nodes: 5 });
    const [one, two, three] = cluster.nodes as [SimulatedNode, SimulatedNode, SimulatedNode];
    for (const node of [one, two]) {
      assert.ok(cluster.mayDamage(node));
      node.mayBeDamaged = true;
    }
    assert.equal(cluster.mayDamage(three), false);
    assert.ok(cluster.mayDamage(one), 'once more');
    assert.equal(cluster.mayChangeMembership(), false);
    const other = countingCluster({ nodes: 5 });
    assert.ok(other.mayChangeMembership());
    assert.equal(other.mayDamage(other.node(1)), false);
  });
});

describe('trouble that ends later', () => {
  it('ends after its time, or when the cluster is healed, and once', () => {
    const cluster = countingCluster();
    const ended: string[] = [];
    cluster.endLater(100, () => ended.push('soon'));
    cluster.endLater(10_000, () => ended.push('late'));
    cluster.runUntil(200);
    assert.deepEqual(ended, ['soon']);
    cluster.heal();
    assert.deepEqual(ended, ['soon', 'late']);
    cluster.runUntil(20_000);
    assert.deepEqual(ended, ['soon', 'late']);
  });
});

describe('an orderly stop', () => {
  it('hands the lead over, ends the process, and loses nothing', () => {
    const cluster = countingCluster();
    cluster.startAll();
    assert.ok(electsLeader(cluster, 3000));
    assert.ok(commits(cluster, 500));
    const leader = cluster.nodes.find((node) => cluster.leads(node)) as SimulatedNode;
    let isStopped = false;
    cluster.stop(leader, () => {
      isStopped = true;
    });
    cluster.runUntil(cluster.scheduler.nowMs + 2000);
    assert.ok(isStopped);
    assert.equal(leader.up, false);
    assert.ok(cluster.nodes.some((node) => cluster.leads(node)));
    cluster.start(leader);
    assert.ok(commits(cluster, 1000), String(cluster.violation));
  });
});
