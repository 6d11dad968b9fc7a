import type { SimulatedNode } from '@quorate/sim';
import type { Picture } from './picture.ts';
import type { PictureStage } from './picture-stage.ts';

/** The leader with one other, and the rest of five. */
function smallSide(stage: PictureStage, leader: SimulatedNode): [SimulatedNode[], SimulatedNode[]] {
  const [friend, ...rest] = stage.others(leader) as [SimulatedNode, ...SimulatedNode[]];
  return [[leader, friend], rest];
}

function ids(nodes: readonly SimulatedNode[]): string {
  return nodes.map(({ id }) => id).join('-');
}

export const leaderOnTheSmallSide: Picture = {
  name: 'leader-on-the-small-side',
  shows: 'A-B | C-D-E, and the leader is A: it gives up, then the large side elects',
  setting: { nodes: 5 },
  catches: ['leader-leads-on-unanswered'],
  play(stage) {
    const old = stage.beginWithLeader();
    const [small, large] = smallSide(stage, old);
    stage.cut(small, large);
    const next = stage.awaitLeader(old);
    stage.expect(large.includes(next), 'the next leader is on the large side');
    stage.run(5000);
    stage.expect(stage.elections === 2, 'nobody else leads while they are apart');
    return `${ids(small)} | ${ids(large)}, node ${old.id} gave up, node ${next.id} was elected`;
  },
};

export const leaderOnTheLargeSide: Picture = {
  name: 'leader-on-the-large-side',
  shows: 'A-B | C-D-E, and the leader is C: it leads on, also when they meet again',
  setting: { nodes: 5 },
  catches: ['no-pre-vote'],
  play(stage) {
    const leader = stage.beginWithLeader();
    const [a, b, c, d] = stage.others(leader) as SimulatedNode[] as [
      SimulatedNode,
      SimulatedNode,
      SimulatedNode,
      SimulatedNode,
    ];
    stage.cut([leader, a, b], [c, d]);
    stage.run(5000);
    stage.heal();
    stage.run(5000);
    stage.expect(stage.elections === 1, 'the leader of before leads on');
    return `${ids([c, d])} | ${ids([leader, a, b])} for 5 s: node ${leader.id} leads all the time`;
  },
};

export const partitionHeals: Picture = {
  name: 'partition-heals',
  shows: 'the old leader comes back to find another, and follows it',
  setting: { nodes: 5 },
  catches: ['no-pre-vote'],
  play(stage) {
    const old = stage.beginWithLeader();
    const [small, large] = smallSide(stage, old);
    stage.cut(small, large);
    const next = stage.awaitLeader(old);
    stage.run(3000);
    stage.heal();
    stage.run(5000);
    stage.expect(stage.elections === 2 && stage.leader === next, 'the new leader leads on');
    stage.expect(
      stage.candidate(old).knownLeader === next.id,
      `node ${old.id} knows that node ${next.id} leads`,
    );
    return `node ${old.id} came back after 3 s and follows node ${next.id}`;
  },
};

export const flipFlop: Picture = {
  name: 'flip-flop',
  shows: 'a node was cut off for long and comes back: the leader is not deposed',
  setting: { nodes: 3 },
  catches: ['no-pre-vote'],
  play(stage) {
    const leader = stage.beginWithLeader();
    const [lonely] = stage.others(leader) as [SimulatedNode];
    for (let times = 0; times < 5; times++) {
      stage.cut([lonely], stage.others(lonely));
      stage.run(3000);
      stage.heal();
      stage.run(3000);
    }
    stage.expect(stage.elections === 1, 'the leader leads on');
    return `node ${lonely.id} was cut off five times for 3 s; node ${leader.id} leads all the time`;
  },
};
