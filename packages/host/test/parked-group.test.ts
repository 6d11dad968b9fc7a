import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import { codeOf, group, type Outcome, ReachingCluster } from './support/reaching-cluster.ts';

/** Three hold the group, and one more can. */
function createCluster(): ReachingCluster {
  const cluster = new ReachingCluster([1, 2, 3, 4], [1, 2, 3]);
  for (let at = 0; at < 20; at++) assert.equal(codeOf(cluster.propose(4, `c${at}`)), 'done');
  return cluster;
}

function change(cluster: ReachingCluster, step: 'remove' | 'add', id: number): void {
  const asked = cluster.leader;
  const member = { address: `node${id}:7000`, promote: true };
  const steps =
    step === 'remove'
      ? [{ kind: 'remove', id } as const]
      : [{ kind: 'addLearner', id, member } as const];
  const changed: Outcome = cluster.asked((done) =>
    cluster.host(asked).changeMembers(group, steps, 20_000, done),
  );
  assert.equal(codeOf(changed), 'done');
}

const isEmpty = (cluster: ReachingCluster, id: number): boolean =>
  cluster.lists.get(id)?.commands.length === 0;

/** A follower: what happens to it does not depend on who leads then. */
const leavingOf = ({ leader }: ReachingCluster): number => (leader === 1 ? 2 : 1);

/** Back among the members it has all of it, and what was written since. */
function checkComesBack(cluster: ReachingCluster, id: number): void {
  assert.equal(codeOf(cluster.propose(4, 'meanwhile')), 'done');
  change(cluster, 'add', id);
  assert.equal(codeOf(cluster.propose(id, 'after')), 'done');
  cluster.room.run(5000);
  assert.equal(cluster.host(id).reach(group).place, 'here');
  const expected = [...Array.from({ length: 20 }, (_, at) => `c${at}`), 'meanwhile', 'after'];
  assert.deepEqual(cluster.commands(), expected);
  assert.deepEqual(cluster.lists.get(id)?.commands, expected);
  assert.equal(cluster.query(id).answer, expected.join(' '));
}

describe('a group that was taken away from a node', () => {
  it('leaves its memory and its log, and comes back with all it had', () => {
    const cluster = createCluster();
    const leaving = leavingOf(cluster);
    cluster.room.run(5000);
    assert.ok(!isEmpty(cluster, leaving), 'a member keeps its state');
    change(cluster, 'remove', leaving);
    cluster.room.run(10_000);
    assert.ok(isEmpty(cluster, leaving), 'the state is not in memory');
    assert.equal(cluster.host(leaving).group(group).status().appliedIndex, 0);
    const { changes } = cluster.machine(leaving);
    cluster.room.run(60_000);
    assert.equal(cluster.machine(leaving).changes, changes, 'and it is left alone');
    assert.ok(cluster.query(leaving).answer?.endsWith('c19'), 'others answer for it');
    checkComesBack(cluster, leaving);
  });

  it('is not read into memory again when the node starts anew', () => {
    const cluster = createCluster();
    const leaving = leavingOf(cluster);
    change(cluster, 'remove', leaving);
    cluster.room.run(10_000);
    cluster.close(leaving);
    cluster.open(leaving);
    cluster.room.run(10_000);
    assert.ok(isEmpty(cluster, leaving));
    checkComesBack(cluster, leaving);
  });

  it('is there when the power failed at any step of it', () => {
    let isParked = false;
    let cuts = 0;
    while (!isParked) {
      const cluster = createCluster();
      const leaving = leavingOf(cluster);
      change(cluster, 'remove', leaving);
      const machine = cluster.machine(leaving);
      const untilChanges = machine.changes + cuts;
      for (let steps = 0; machine.changes < untilChanges && steps < 2000; steps++) {
        cluster.room.run(1);
      }
      isParked = machine.changes < untilChanges;
      // Within the operation, after it, or a little later.
      cluster.room.run(cuts % 3);
      cluster.crash(leaving);
      cluster.open(leaving);
      cluster.room.run(10_000);
      assert.ok(isEmpty(cluster, leaving), `cut ${cuts}: parked in the end`);
      checkComesBack(cluster, leaving);
      cuts += 1;
    }
    assert.ok(cuts > 5, `${cuts} steps`);
  });

  it('loses nothing while it comes and goes, crashes, and its log is cut', () => {
    let parked = 0;
    for (let seed = 1; seed <= 10; seed++) parked += wander(seed);
    assert.ok(parked >= 10, `it was parked ${parked} times`);
  });
});

/** @returns how often a node that held the group once was found with nothing of it in memory */
function wander(seed: number): number {
  const prng = new Prng(seed);
  const ids = [1, 2, 3, 4];
  // A snapshot every few commands: who comes back after long needs one of the leader's.
  const cluster = new ReachingCluster(ids, [1, 2, 3], {
    snapshotLogBytes: 400,
    snapshotTailEntries: 3,
  });
  const acknowledged: string[] = [];
  const held = new Set([1, 2, 3]);
  let parked = 0;
  for (let round = 0; round < 14; round++) {
    for (let left = prng.below(20); left > 0; left--) {
      const command = `s${seed}c${round}-${left}`;
      if (codeOf(cluster.propose(prng.pick(ids), command)) === 'done') acknowledged.push(command);
    }
    const { leader } = cluster;
    const { voters } = cluster.host(leader).group(group).status().configuration;
    const moved = prng.pick(ids);
    if (moved !== leader && voters.includes(moved) && voters.length > 2) {
      change(cluster, 'remove', moved);
    } else if (!voters.includes(moved)) {
      change(cluster, 'add', moved);
      held.add(moved);
    }
    cluster.room.run(prng.below(4000));
    for (const id of held) {
      const { role, appliedIndex } = cluster.host(id).group(group).status();
      if (role !== 'leader' && appliedIndex === 0 && isEmpty(cluster, id)) parked += 1;
    }
    if (prng.below(3) === 0) {
      const crashed = prng.pick(ids);
      cluster.crash(crashed);
      cluster.open(crashed);
      cluster.room.run(3000);
    }
  }
  cluster.room.run(5000);
  const kept = cluster.commands();
  assert.equal(new Set(kept).size, kept.length, `seed ${seed}: nothing twice`);
  const lost = acknowledged.filter((command) => !kept.includes(command));
  assert.deepEqual(lost, [], `seed ${seed}: nothing is lost`);
  return parked;
}
