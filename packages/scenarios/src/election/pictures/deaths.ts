import type { SimulatedNode } from '@quorate/sim';
import type { Picture } from './picture.ts';

export const oneOfThreeDead: Picture = {
  name: 'one-of-three-dead',
  shows: 'one of three is dead for good: the leader leads on, without one more election',
  setting: { nodes: 3 },
  catches: ['full-majority-of-the-others'],
  play(stage) {
    const leader = stage.beginWithLeader();
    const [dead] = stage.others(leader) as [SimulatedNode];
    stage.losePower(dead);
    stage.run(120_000);
    stage.expect(stage.elections === 1, 'there is no election in two minutes');
    return `node ${dead.id} was dead for 120 s, elections: 0`;
  },
};

export const leaderKilled: Picture = {
  name: 'leader-killed',
  shows: 'the leader’s process ends without a word, and another leads',
  setting: { nodes: 3 },
  catches: ['everyone-has-to-vote'],
  play(stage) {
    const old = stage.beginWithLeader();
    stage.kill(old);
    const next = stage.awaitLeader(old);
    stage.run(3000);
    stage.start(old);
    stage.run(3000);
    stage.expect(stage.elections === 2 && stage.leader === next, 'the next one leads on');
    return `node ${old.id} was killed, node ${next.id} was elected`;
  },
};

export const restartOfAMajority: Picture = {
  name: 'restart-of-a-majority',
  shows: 'all lose power, and a bare majority comes back: it does not wait for the others',
  setting: { nodes: 5 },
  catches: ['everyone-has-to-vote'],
  play(stage) {
    stage.beginWithLeader();
    for (const node of stage.nodes) stage.losePower(node);
    stage.run(1000);
    const back = stage.nodes.slice(0, 3);
    for (const node of back) stage.start(node);
    const startedMs = stage.nowMs;
    const next = stage.awaitLeader();
    const waitedMs = Math.round(stage.nowMs - startedMs);
    for (const node of stage.others(...back)) stage.start(node);
    stage.run(5000);
    stage.expect(stage.elections === 2, 'who comes later changes nothing');
    return `three of five came back, and after ${waitedMs} ms node ${next.id} led`;
  },
};

export const pausedLeader: Picture = {
  name: 'paused-leader',
  shows: 'the leader’s process stands still until another leads: it wakes up as none',
  setting: { nodes: 3 },
  catches: ['leader-by-its-role'],
  play(stage) {
    const old = stage.beginWithLeader();
    stage.cluster.pause(old);
    const pausedMs = stage.nowMs;
    const next = stage.awaitLeader(old);
    stage.run(2 * stage.timing.electionTimeoutMs);
    const stoodMs = Math.round(stage.nowMs - pausedMs);
    stage.cluster.resume(old);
    stage.expect(!stage.candidate(old).isLeader(), `node ${old.id} wakes up as no leader`);
    stage.run(3000);
    stage.expect(stage.elections === 2 && stage.leader === next, 'the next one leads on');
    return `node ${old.id} stood still for ${stoodMs} ms, node ${next.id} was elected`;
  },
};

export const brieflyPausedLeader: Picture = {
  name: 'briefly-paused-leader',
  shows: 'the leader stands still for just its lease: nobody else leads, and yet that lead is over',
  setting: { nodes: 3 },
  catches: ['token-is-the-term'],
  play(stage) {
    const leader = stage.beginWithLeader();
    const candidate = stage.candidate(leader);
    const leftMs = (): number => candidate.deadlineMs - leader.world.clock.monotonicMs();
    const leaseMs = 0.85 * stage.timing.electionTimeoutMs;
    stage.until('a round was just answered', () => leftMs() > leaseMs);
    stage.cluster.pause(leader);
    stage.run(leftMs() + 5);
    stage.cluster.resume(leader);
    stage.expect(!candidate.isLeader(), `node ${leader.id} wakes up as no leader`);
    stage.run(3000);
    const [one, other] = stage.checker.history;
    stage.expect(other?.node === leader.id && stage.elections === 2, 'the same node leads again');
    stage.expect(one?.reason === 'expired', 'the first lead has expired');
    return `node ${leader.id} leads again, under a larger token`;
  },
};
