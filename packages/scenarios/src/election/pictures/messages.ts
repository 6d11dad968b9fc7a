import type { SimulatedNode } from '@quorate/sim';
import type { Picture } from './picture.ts';

export const heartbeatOfAnOlderTerm: Picture = {
  name: 'heartbeat-of-an-older-term',
  shows: 'what the leader before had sent comes to the present one: it leads on',
  setting: { nodes: 3 },
  catches: ['stale-heartbeat-is-obeyed'],
  play(stage) {
    const old = stage.beginWithLeader();
    const late = stage.gate.hold(({ from }) => from === old.id);
    const next = stage.awaitLeader(old);
    const stale = late.letters.filter(({ to, message }) => {
      return to === next.id && message.type === 'Heartbeat';
    });
    stage.expect(stale.length > 0, 'some heartbeats are late');
    for (const { deliver } of stale) deliver();
    stage.run(100);
    late.forget();
    late.open();
    stage.run(3000);
    stage.expect(stage.elections === 2 && stage.leader === next, 'the present one leads on');
    const came = `${stale.length} heartbeats of node ${old.id} came`;
    return `node ${next.id} led when ${came}, and leads on`;
  },
};

export const leaderHearsOfANewerTerm: Picture = {
  name: 'leader-hears-of-a-newer-term',
  shows: 'who still leads the group hears another, of a newer term: it follows, and goes on',
  setting: { nodes: 3 },
  catches: ['newer-leader-is-ignored'],
  play(stage) {
    const old = stage.beginWithLeader();
    const [next] = stage.others(old) as [SimulatedNode];
    // Else it would hear of the newer term before there is a leader.
    const asked = stage.gate.hold(({ to, message }) => {
      return to === old.id && message.type === 'RequestVote';
    });
    stage.candidate(old).transferTo(next.id);
    stage.until(`node ${next.id} leads`, () => stage.leader === next);
    asked.forget();
    asked.open();
    stage.run(50);
    stage.expect(
      stage.candidate(old).knownLeader === next.id,
      `node ${old.id} follows node ${next.id} at once`,
    );
    stage.run(3000);
    stage.expect(stage.elections === 2 && stage.leader === next, 'the newer one leads on');
    return `node ${old.id} heard of node ${next.id} while it led the group, and follows it`;
  },
};

export const lateHandOver: Picture = {
  name: 'late-hand-over',
  shows: 'a lead is offered, the offer comes late, when the leader has long taken it back',
  setting: { nodes: 3 },
  catches: ['late-offer-is-taken'],
  play(stage) {
    const old = stage.beginWithLeader();
    const [next] = stage.others(old) as [SimulatedNode];
    const offers = stage.gate.hold(({ message }) => message.type === 'TimeoutNow');
    stage.candidate(old).transferTo(next.id);
    stage.until('the lead is offered', () => offers.letters.length > 0);
    stage.expect(stage.leader === null, 'who has offered it leads no more');
    stage.until('the offer is taken back', () => stage.leader === old);
    stage.run(500);
    offers.open();
    stage.run(3000);
    const isKept = stage.checker.history.every(({ node }) => node === old.id);
    stage.expect(isKept && stage.leader === old, 'the late offer is not taken');
    return `node ${next.id} was offered the lead too late; node ${old.id} leads, by a new token`;
  },
};

/** So that there is room between the lease and the next heartbeat for answers that are late. */
const slowTiming = { heartbeatIntervalMs: 100, electionTimeoutMs: 1000 };

export const lateAnswers: Picture = {
  name: 'late-answers',
  shows: 'answers come 700 ms late, then nothing that the leader says arrives',
  setting: { nodes: 3, timing: slowTiming },
  catches: ['leader-counts-from-the-answer'],
  play(stage) {
    const old = stage.beginWithLeader();
    stage.gate.delay(({ to }) => to === old.id, 700);
    stage.run(5000);
    stage.expect(stage.elections === 1, 'late answers are answers');
    stage.cut([old], stage.others(old), { oneWay: true });
    const next = stage.awaitLeader(old, 10_000);
    stage.run(3000);
    stage.expect(stage.elections === 2, 'never two');
    return `node ${old.id} counted its lease from when it had asked; node ${next.id} was elected`;
  },
};

export const roundTripsAboveATick: Picture = {
  name: 'round-trips-above-a-tick',
  shows: 'round trips of 200 ms, two heartbeats long: no election in a minute',
  setting: { nodes: 3, timing: slowTiming },
  catches: ['only-the-last-round-counts'],
  play(stage) {
    const far = { minLatencyMs: 100, maxLatencyMs: 110, spikeProbability: 0 };
    stage.cluster.network.setConditions(far);
    const leader = stage.beginWithLeader();
    stage.run(60_000);
    stage.expect(stage.elections === 1, 'the leader leads on');
    return `node ${leader.id} led for 60 s`;
  },
};
