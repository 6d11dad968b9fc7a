import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import { mendLostNodes, type SimulatedCluster, type SimulatedNode } from '../../src/index.ts';
import { repairDisk, replaceMachine } from '../../src/nemesis/mending-nemeses.ts';
import { commits, countingCluster, electsLeader } from '../counting-cluster.ts';

/** A cluster in which a follower has found its disk damaged. */
function damagedCluster(file: 'log' | 'identity'): {
  readonly cluster: SimulatedCluster;
  readonly node: SimulatedNode;
} {
  const cluster = countingCluster();
  cluster.startAll();
  assert.ok(electsLeader(cluster, 3000));
  for (let command = 0; command < 20; command++) assert.ok(commits(cluster, 100));
  const node = cluster.nodes.find((one) => !cluster.leads(one)) as SimulatedNode;
  cluster.crash(node, true);
  node.mayBeDamaged = true;
  const { disk } = node;
  const [oldest = ''] = disk.blocking.list('data/wal').filter((name) => name.endsWith('.seg'));
  const path = file === 'log' ? `data/wal/${oldest}` : 'data/identity';
  // Behind the first batch, and not in the last: what follows proves that it was whole once.
  assert.notEqual(disk.flipBit(path, file === 'log' ? 700 : 20, 3), null);
  cluster.start(node);
  cluster.runUntil(cluster.scheduler.nowMs + 10);
  assert.equal(node.lost?.isUnnoticed, false);
  return { cluster, node };
}

function hasAll(cluster: SimulatedCluster, node: SimulatedNode): boolean {
  const last = Math.max(...cluster.nodes.map(({ host }) => host?.group(1).status().lastIndex ?? 0));
  return node.host?.group(1).status().appliedIndex === last;
}

describe('a node whose log was damaged', () => {
  it('is back after a repair, with everything', () => {
    const { cluster, node } = damagedCluster('log');
    assert.ok(repairDisk.strike(cluster, new Prng(5)));
    cluster.runUntil(cluster.scheduler.nowMs + 3000);
    assert.equal(node.lost, null);
    assert.ok(hasAll(cluster, node), String(cluster.violation));
    assert.equal(replaceMachine.strike(cluster, new Prng(1)), false, 'nothing is lost any more');
  });

  it('can be repaired after a repair during which the power failed, wherever', () => {
    for (let changes = 1; changes <= 12; changes++) {
      const { cluster, node } = damagedCluster('log');
      cluster.repair(node, changes, () => undefined);
      cluster.runUntil(cluster.scheduler.nowMs + 50);
      cluster.repair(node, Number.POSITIVE_INFINITY, () => undefined);
      cluster.runUntil(cluster.scheduler.nowMs + 3000);
      assert.equal(cluster.violation, null);
      assert.equal(node.lost, null, `after ${changes} changes`);
      assert.ok(hasAll(cluster, node));
    }
  });

  it('is replaced by another machine, which becomes a voter', () => {
    for (const seed of [1, 2, 3, 4]) {
      const { cluster, node } = damagedCluster('log');
      assert.ok(replaceMachine.strike(cluster, new Prng(seed)));
      cluster.runUntil(cluster.scheduler.nowMs + 6000);
      assert.equal(node.isBeingMended, false);
      assert.equal(node.mayBeDamaged, false, 'so the next disk may fail');
      const [leader] = cluster.nodes.filter((one) => cluster.leads(one));
      const { voters } = leader?.host?.group(1).status().configuration ?? { voters: [] };
      assert.deepEqual(
        [...voters].sort((a, b) => a - b),
        [1, 2, 3],
      );
      assert.ok(hasAll(cluster, node), String(cluster.violation));
    }
  });

  it('is replaced when it cannot be repaired', () => {
    const { cluster, node } = damagedCluster('identity');
    mendLostNodes(cluster, new Prng(1));
    cluster.runUntil(cluster.scheduler.nowMs + 6000);
    assert.deepEqual([node.lost, node.isBeingMended], [null, false]);
    assert.ok(hasAll(cluster, node), String(cluster.violation));
  });
});
