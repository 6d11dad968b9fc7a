import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration, Member } from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';
import type { MembershipChange } from '../../src/membership/membership-change.ts';
import {
  dropDeparted,
  leaveOffice,
  proposeLeaveJoint,
  proposeMembership,
  settleMembership,
} from '../../src/membership/reconfiguration.ts';
import { electionTimeoutMs } from '../support/cluster.ts';
import { configurationOf, entry } from '../support/messages.ts';
import {
  hasEverything,
  persistAll,
  progressOf,
  type SettledLeader,
  settledLeader,
} from '../support/settled-leader.ts';

function described(id: number, what: Partial<Member> = {}): Member {
  const unknown = { incarnation: 0, locality: '', address: '', priority: 0 };
  return { ...unknown, id, witness: false, promote: false, ...what };
}

const addLearner: MembershipChange = { steps: [{ kind: 'addLearner', id: 9 }] };
const removeThree: MembershipChange = { steps: [{ kind: 'remove', id: 3 }] };

/** Why the change is refused; `none` when it is not. */
function reasonOf({ replica, role }: SettledLeader, change: MembershipChange): string {
  const proposed = proposeMembership(replica, role, change);
  if (proposed.outcome !== 'refused') return 'none';
  assert.match(proposed.refusal.message, /^[A-Z].*\.$/s);
  return proposed.refusal.reason;
}

/** What was appended is committed, as the others have it too. */
function commitAll({ replica, role }: SettledLeader): void {
  persistAll(replica);
  for (const progress of role.progress.values()) hasEverything(replica, progress);
  replica.commitTo(replica.log.lastIndex);
}

describe('no change can be proposed', () => {
  const table: Record<string, (it: SettledLeader) => void> = {
    transferring: ({ role }) => {
      role.transfer = { to: 2, deadlineMs: 9, sentInRound: null };
    },
    tooEarly: ({ replica }) => {
      replica.commitIndex = 0;
    },
    changePending: (it) => assert.equal(reasonOf(it, addLearner), 'none'),
  };
  for (const [reason, arrange] of Object.entries(table)) {
    it(`with good reason: ${reason}`, () => {
      const it = settledLeader();
      arrange(it);
      const { lastIndex } = it.replica.log;
      assert.equal(reasonOf(it, { steps: [{ kind: 'addLearner', id: 8 }] }), reason);
      const left = proposeLeaveJoint(it.replica, it.role);
      assert.ok(left.outcome === 'refused' && left.refusal.reason === reason);
      assert.match(left.refusal.message, /^[A-Z].*[a-z]\.$/);
      assert.equal(it.replica.log.lastIndex, lastIndex);
    });
  }

  it('that is none, or is refused for what it is', () => {
    const it = settledLeader();
    const same = proposeMembership(it.replica, it.role, { steps: [] });
    assert.deepEqual(same, { outcome: 'unchanged' });
    assert.equal(reasonOf(it, { steps: [{ kind: 'addLearner', id: 0 }] }), 'invalid');
    const left = proposeLeaveJoint(it.replica, it.role);
    assert.ok(left.outcome === 'refused' && left.refusal.reason === 'notJoint');
    assert.equal(it.replica.log.lastIndex, 1);
  });
});

describe('a change that is appended', () => {
  it('is in force at once, and the support it needs is looked at', () => {
    const { replica, role } = settledLeader();
    replica.nowMs = 500;
    role.supportCheckMs = 900;
    const proposed = proposeMembership(replica, role, addLearner);
    assert.deepEqual(proposed, { outcome: 'appended', index: 2, term: 1 });
    assert.deepEqual(replica.configuration.learners, [9]);
    assert.equal(role.supportCheckMs, 500);
    const [first, second] = [replica.log.entryAt(1), replica.log.entryAt(2)];
    assert.equal(second?.kind, 2);
    assert.equal(second.timestampMicros, (first?.timestampMicros ?? 0) + 1);
  });

  it('is sent to the nodes that it adds', () => {
    const { replica, role } = settledLeader();
    proposeMembership(replica, role, addLearner);
    assert.equal(progressOf(role, 9).nextIndex, 2);
    assert.equal(progressOf(role, 9).departsAt, null);
  });

  it('leaves a node that it removes its progress until it knows', () => {
    const { replica, role } = settledLeader();
    proposeMembership(replica, role, removeThree);
    assert.equal(progressOf(role, 3).departsAt, 2);
    assert.equal(progressOf(role, 2).departsAt, null);
    const progress = progressOf(role, 3);
    commitAll({ replica, role });
    progress.sentCommitIndex = 1;
    proposeMembership(replica, role, addLearner);
    assert.equal(progressOf(role, 3), progress);
    assert.equal(progress.departsAt, 2, 'it departs by the first that has no part for it');
  });

  it('begins anew with a node that was removed and comes back', () => {
    const { replica, role } = settledLeader();
    proposeMembership(replica, role, removeThree);
    const before = progressOf(role, 3);
    commitAll({ replica, role });
    proposeMembership(replica, role, { steps: [{ kind: 'addLearner', id: 3 }] });
    const now = progressOf(role, 3);
    assert.notEqual(now, before);
    assert.deepEqual([now.matchIndex, now.departsAt], [0, null]);
  });
});

describe('a change whose commit is in doubt', () => {
  /** What keeps node 2 from counting; node 3 is silent. */
  const table: Record<string, (it: SettledLeader) => void> = {
    'too few answer': ({ role }) => {
      progressOf(role, 2).supportedAtMs = 0;
    },
    'one of them repairs its log': ({ role }) => {
      progressOf(role, 2).repairing = true;
    },
    'one of them has lost its data': ({ replica }) => {
      for (const incarnation of [10, 11]) replica.memberships.peerIncarnation(2, incarnation);
    },
  };
  const silent = (): SettledLeader => {
    const it = settledLeader();
    it.replica.nowMs = electionTimeoutMs;
    progressOf(it.role, 2).supportedAtMs = 1;
    progressOf(it.role, 3).supportedAtMs = 0;
    return it;
  };

  it('is appended when just enough answer', () => {
    assert.equal(reasonOf(silent(), addLearner), 'none');
  });

  for (const [what, arrange] of Object.entries(table)) {
    it(`is refused when ${what}`, () => {
      const it = silent();
      arrange(it);
      assert.equal(reasonOf(it, addLearner), 'quorumAtRisk');
      assert.equal(reasonOf(it, removeThree), 'quorumAtRisk');
    });
  }

  it('is appended when it makes do with who answers, or with who is new', () => {
    const one = silent();
    progressOf(one.role, 2).supportedAtMs = 0;
    const two = silent();
    const both: MembershipChange = {
      steps: [
        { kind: 'addVoter', id: 8 },
        { kind: 'addVoter', id: 9 },
      ],
    };
    assert.equal(reasonOf(two, both), 'none');
    assert.equal(reasonOf(one, both), 'quorumAtRisk', 'the half before must commit it too');
  });
});

describe('a change where durability in two regions is promised', () => {
  const regions = (...of: string[]): Configuration => ({
    ...majorityConfiguration(of.map((_, at) => at + 1)),
    members: of.map((locality, at) => described(at + 1, { locality })),
    durability: { depth: 1, domains: 2 },
  });

  it('is refused when it would break the promise', () => {
    assert.equal(
      reasonOf(settledLeader(regions('eu', 'eu', 'us')), removeThree),
      'durabilityAtRisk',
    );
    assert.equal(reasonOf(settledLeader(regions('eu', 'us', 'us')), removeThree), 'none');
  });

  it('is refused when the one that is left there lags behind what is committed', () => {
    const it = settledLeader(regions('eu', 'eu', 'us', 'us'));
    it.replica.append([entry(2, 1)]);
    persistAll(it.replica);
    it.replica.commitTo(2);
    for (const id of [2, 3]) hasEverything(it.replica, progressOf(it.role, id));
    assert.equal(reasonOf(it, removeThree), 'durabilityAtRisk');
    const removeFour: MembershipChange = { steps: [{ kind: 'remove', id: 4 }] };
    assert.equal(reasonOf(it, removeFour), 'none');
  });

  it('is let through when what is committed stays where it was promised', () => {
    const it = settledLeader(regions('eu', 'eu', 'us', 'us'));
    it.replica.append([entry(2, 1)]);
    persistAll(it.replica);
    hasEverything(it.replica, progressOf(it.role, 3));
    assert.equal(reasonOf(it, removeThree), 'none', 'node 4 has entry 1, and 2 is not committed');
  });

  it('is let through when it takes nothing from a promise that is broken', () => {
    const it = settledLeader(regions('eu', 'eu', 'us', 'us'));
    it.replica.append([entry(2, 1)]);
    persistAll(it.replica);
    it.replica.commitTo(2);
    assert.equal(reasonOf(it, removeThree), 'none', 'nodes 3 and 4 lack entry 2');
  });

  it('is let through when the promise is broken already and no more so by it', () => {
    assert.equal(reasonOf(settledLeader(regions('eu', 'eu', 'eu')), removeThree), 'none');
    const free = { ...regions('eu', 'eu', 'us'), durability: null };
    assert.equal(reasonOf(settledLeader(free), removeThree), 'none');
  });
});

describe('a removed node', () => {
  const removed = (): SettledLeader => {
    const it = settledLeader();
    proposeMembership(it.replica, it.role, removeThree);
    return it;
  };

  it('is let go of once it knows that its removal is committed', () => {
    const { replica, role } = removed();
    progressOf(role, 3).sentCommitIndex = 2;
    dropDeparted(replica, role);
    assert.ok(role.progress.has(3), 'it is not committed');
    replica.commitIndex = 2;
    progressOf(role, 3).sentCommitIndex = 1;
    dropDeparted(replica, role);
    assert.ok(role.progress.has(3), 'it does not know');
    progressOf(role, 3).sentCommitIndex = 2;
    dropDeparted(replica, role);
    assert.deepEqual([...role.progress.keys()], [2]);
  });

  it('is let go of when it cannot be told for two election timeouts', () => {
    const { replica, role } = removed();
    replica.commitIndex = 2;
    progressOf(role, 3).supportedAtMs = 100;
    replica.nowMs = 100 + 2 * electionTimeoutMs - 1;
    dropDeparted(replica, role);
    assert.ok(role.progress.has(3));
    replica.nowMs += 1;
    dropDeparted(replica, role);
    assert.deepEqual([...role.progress.keys()], [2]);
  });
});

describe('what a leader does by itself', () => {
  const joint: Configuration = { ...configurationOf([1, 2, 4], [1, 2, 3]), autoLeave: true };

  it('is to leave a joint configuration that is to be left, once it is committed', () => {
    const it = settledLeader(joint);
    assert.equal(settleMembership(it.replica, it.role), true);
    assert.deepEqual(it.replica.configuration.votersOutgoing, []);
    assert.equal(it.replica.log.lastIndex, 2);
    assert.equal(settleMembership(it.replica, it.role), true);
    assert.equal(it.replica.log.lastIndex, 2, 'and once');
  });

  it('is not to leave one that stays until it is left by command', () => {
    const it = settledLeader({ ...joint, autoLeave: false });
    assert.equal(settleMembership(it.replica, it.role), true);
    assert.equal(it.replica.log.lastIndex, 1);
    const left = proposeLeaveJoint(it.replica, it.role);
    assert.deepEqual(left, { outcome: 'appended', index: 2, term: 1 });
  });

  it('is nothing before it knows what is committed', () => {
    const it = settledLeader(joint);
    it.replica.commitIndex = 0;
    assert.equal(settleMembership(it.replica, it.role), true);
    assert.equal(it.replica.log.lastIndex, 1);
  });

  it('is not to go before it knows that it is no voter', () => {
    const it = settledLeader(configurationOf([2, 3]));
    it.replica.commitIndex = 0;
    assert.equal(settleMembership(it.replica, it.role), true);
  });

  it('is to go, when it is no voter any more and that is committed', () => {
    const it = settledLeader();
    proposeMembership(it.replica, it.role, { steps: [{ kind: 'remove', id: 1 }] });
    assert.equal(settleMembership(it.replica, it.role), true);
    it.replica.commitIndex = 2;
    assert.equal(settleMembership(it.replica, it.role), false);
  });

  it('is to record who its members are', () => {
    const it = settledLeader();
    it.replica.memberships.peerIncarnation(3, 33);
    it.replica.memberships.peerIncarnation(2, 22);
    settleMembership(it.replica, it.role);
    assert.deepEqual(it.replica.configuration.members, [
      described(2, { incarnation: 22 }),
      described(3, { incarnation: 33 }),
    ]);
    commitAll(it);
    settleMembership(it.replica, it.role);
    assert.equal(it.replica.log.lastIndex, 2, 'and once');
  });
});

describe('a learner that is to become a voter', () => {
  const learning = (): SettledLeader =>
    settledLeader({
      ...majorityConfiguration([1, 2], [3, 4]),
      members: [described(3, { promote: true })],
    });

  it('becomes one when a round of catching up was short', () => {
    const it = learning();
    settleMembership(it.replica, it.role);
    assert.deepEqual(it.replica.configuration.voters, [1, 2], 'the first round begins');
    it.replica.nowMs = electionTimeoutMs - 1;
    for (const progress of it.role.progress.values()) progress.supportedAtMs = it.replica.nowMs;
    settleMembership(it.replica, it.role);
    assert.deepEqual(it.replica.configuration.voters, [1, 2, 3]);
  });

  it('becomes one where sizes were chosen, and they grow with the voters', () => {
    const it = settledLeader({
      ...majorityConfiguration([1, 2, 5], [3]),
      quorum: { commit: 2, election: 2 },
      members: [described(3, { promote: true })],
    });
    settleMembership(it.replica, it.role);
    settleMembership(it.replica, it.role);
    const { voters, votersOutgoing, quorum, quorumOutgoing } = it.replica.configuration;
    assert.deepEqual([voters, quorum], [[1, 2, 3, 5], { commit: 2, election: 3 }]);
    assert.deepEqual([votersOutgoing, quorumOutgoing], [[1, 2, 5], { commit: 2, election: 2 }]);
  });

  it('stays one when the round was long, or while it repairs its log', () => {
    const it = learning();
    settleMembership(it.replica, it.role);
    it.replica.nowMs = electionTimeoutMs;
    settleMembership(it.replica, it.role);
    assert.deepEqual(it.replica.configuration.voters, [1, 2]);
    progressOf(it.role, 3).repairing = true;
    settleMembership(it.replica, it.role);
    assert.deepEqual(it.replica.configuration.voters, [1, 2]);
  });

  it('stays one while the leader has just heard of it', () => {
    const it = learning();
    it.role.progress.delete(3);
    settleMembership(it.replica, it.role);
    assert.deepEqual(it.replica.configuration.voters, [1, 2]);
  });
});

describe('a leader that leaves office', () => {
  it('hands over to the most complete voter, in the life that it knows of it', () => {
    const { replica, role } = settledLeader();
    role.round = 5;
    leaveOffice(replica, role);
    const [message, ...others] = replica.outbox.take();
    assert.deepEqual(message, { type: 'TimeoutNow', from: 1, to: 2, term: 1, round: 5, life: 7 });
    assert.deepEqual(others, []);
    assert.equal(replica.role.kind, 'follower');
  });

  it('only steps down when nobody is fit', () => {
    const { replica, role } = settledLeader(majorityConfiguration([1]));
    leaveOffice(replica, role);
    assert.deepEqual(replica.outbox.take(), []);
    assert.equal(replica.role.kind, 'follower');
  });
});
