import type { SimulatedNode } from '@quorate/sim';
import type { Picture } from './picture.ts';
import type { PictureStage } from './picture-stage.ts';

const rule = { afterMs: 2000, floor: 3 };

function names(voters: readonly number[]): string {
  return voters.join('-');
}

function awaitVoters(stage: PictureStage, count: number, withinMs = 15_000): void {
  stage.until(
    `there are ${count} voters`,
    () => stage.leader !== null && stage.voters(stage.leader).length === count,
    withinMs,
  );
}

export const shrinkAndLoseOneMore: Picture = {
  name: 'shrink-and-lose-one-more',
  shows: 'five lose two, shrink to three, lose one more, and still one leads; all come back',
  setting: { nodes: 5, members: rule },
  catches: ['dead-node-stays'],
  play(stage) {
    const leader = stage.beginWithLeader();
    const [a, b, c] = stage.others(leader) as [SimulatedNode, SimulatedNode, SimulatedNode];
    stage.losePower(a);
    stage.losePower(b);
    awaitVoters(stage, 3);
    const shrunk = names(stage.voters(leader));
    stage.losePower(c);
    stage.run(5000);
    stage.expect(stage.voters(leader).length === 3, 'the floor holds');
    stage.expect(stage.elections === 1 && stage.leader === leader, 'the leader leads on');
    for (const node of [a, b, c]) stage.start(node);
    awaitVoters(stage, 5);
    return `nodes ${a.id} and ${b.id} died, then ${c.id}; voters ${shrunk}, at last all five again`;
  },
};

export const oneBadLinkEvictsNobody: Picture = {
  name: 'one-bad-link-evicts-nobody',
  shows: 'the leader does not hear two followers that others hear: they stay members (rule 8)',
  setting: { nodes: 5, members: rule },
  catches: ['one-witness-is-enough'],
  play(stage) {
    const leader = stage.beginWithLeader();
    const [a, b] = stage.others(leader) as [SimulatedNode, SimulatedNode];
    stage.cut([a, b], [leader], { oneWay: true });
    stage.run(15_000);
    stage.expect(stage.voters(leader).length === 5, 'nobody is removed');
    stage.heal();
    stage.run(2000);
    stage.expect(stage.elections === 1, 'the leader leads on');
    return `node ${leader.id} did not hear nodes ${a.id} and ${b.id} for 15 s; all are members`;
  },
};

export const disjointQuorumAfterAShrink: Picture = {
  name: 'disjoint-quorum-after-a-shrink',
  shows: 'both sides of A-B | C-D-E shrink the set to themselves: only the one that elects can',
  setting: { nodes: 5 },
  catches: ['joint-change-counts-one-half'],
  play(stage) {
    const old = stage.beginWithLeader();
    const [friend, ...rest] = stage.others(old) as [SimulatedNode, ...SimulatedNode[]];
    const small = [old, friend];
    stage.cut(small, rest);
    stage.shrinkTo(old, [old, friend]);
    const next = stage.awaitLeader(old);
    stage.shrinkTo(next, rest);
    stage.until('the large side is on its own', () => stage.voters(next).length === 3);
    stage.run(3000);
    stage.heal();
    stage.run(5000);
    stage.expect(stage.leader === next && stage.elections === 2, 'the next one leads on');
    stage.expect(stage.voters(next).length === 3, 'the voters are those of the large side');
    return `${names([old.id, friend.id])} could not, ${names(stage.voters(next))} are the voters`;
  },
};

export const removedNodeAloneLeadsNothing: Picture = {
  name: 'removed-nodes-elect-nobody',
  shows: 'two nodes that were cut off and removed hear each other, and know nothing of it',
  setting: { nodes: 5, members: rule },
  catches: [],
  play(stage) {
    const leader = stage.beginWithLeader();
    const [a, b] = stage.others(leader) as [SimulatedNode, SimulatedNode];
    stage.cut([a, b], stage.others(a, b));
    awaitVoters(stage, 3);
    stage.run(5000);
    stage.expect(stage.elections === 1, 'those that were removed elect nobody');
    stage.heal();
    awaitVoters(stage, 5, 30_000);
    stage.expect(stage.elections === 1, 'they come back without an election');
    return `nodes ${a.id} and ${b.id} were removed, elected nobody, and are members again`;
  },
};
