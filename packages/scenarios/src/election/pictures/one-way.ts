import type { SimulatedNode } from '@quorate/sim';
import type { Picture } from './picture.ts';

export const followerUnheard: Picture = {
  name: 'follower-unheard',
  shows: 'a follower hears the leader, and is not heard',
  setting: { nodes: 3 },
  catches: ['full-majority-of-the-others'],
  play(stage) {
    const leader = stage.beginWithLeader();
    const [unheard] = stage.others(leader) as [SimulatedNode];
    stage.cut([unheard], [leader], { oneWay: true });
    stage.run(10_000);
    stage.heal();
    stage.run(3000);
    stage.expect(stage.elections === 1, 'the leader leads on');
    return `node ${leader.id} did not hear node ${unheard.id} for 10 s, and led on`;
  },
};

export const followerDeaf: Picture = {
  name: 'follower-deaf',
  shows: 'a follower does not hear the leader, though the leader hears it, and so do the others',
  setting: { nodes: 3 },
  catches: ['no-pre-vote'],
  play(stage) {
    const leader = stage.beginWithLeader();
    const [deaf] = stage.others(leader) as [SimulatedNode];
    stage.cut([leader], [deaf], { oneWay: true });
    stage.run(10_000);
    stage.heal();
    stage.run(3000);
    stage.expect(stage.elections === 1, 'the leader leads on');
    return `node ${deaf.id} asked in vain for 10 s, node ${leader.id} led on`;
  },
};

export const leaderUnheard: Picture = {
  name: 'leader-unheard',
  shows: 'nobody hears the leader, and it hears all: another is elected, after it has given up',
  setting: { nodes: 3 },
  catches: [],
  play(stage) {
    const old = stage.beginWithLeader();
    stage.cut([old], stage.others(old), { oneWay: true });
    const next = stage.awaitLeader(old);
    stage.run(3000);
    stage.heal();
    stage.run(3000);
    stage.expect(stage.elections === 2 && stage.leader === next, 'the next one leads on');
    return `node ${old.id} was not heard any more, node ${next.id} was elected`;
  },
};

export const leaderDeaf: Picture = {
  name: 'leader-deaf',
  shows: 'all hear the leader, and it hears nobody: it gives up, and only then do the others elect',
  setting: { nodes: 3 },
  catches: ['leader-leads-on-unanswered'],
  play(stage) {
    const old = stage.beginWithLeader();
    stage.cut(stage.others(old), [old], { oneWay: true });
    const next = stage.awaitLeader(old);
    stage.run(3000);
    stage.heal();
    stage.run(3000);
    stage.expect(stage.elections === 2 && stage.leader === next, 'the next one leads on');
    return `node ${old.id} got no answer any more, node ${next.id} was elected`;
  },
};
