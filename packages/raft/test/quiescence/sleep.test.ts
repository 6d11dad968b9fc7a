import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration, RaftMessage } from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';
import type { NodeContacts } from '../../src/contract/node-contacts.ts';
import { becomeFollower } from '../../src/election/transitions.ts';
import { isEcho, mayFollowerSleep, mayLeaderSleep, wake } from '../../src/quiescence/sleep.ts';
import type { Replica } from '../../src/replica.ts';
import type { LeaderState } from '../../src/role.ts';
import { electionTimeoutMs } from '../support/cluster.ts';
import { configurationOf, entry } from '../support/messages.ts';
import {
  hasEverything,
  newReplica,
  persistAll,
  progressOf,
  settledLeader,
} from '../support/settled-leader.ts';

/** What lacks, each of it alone, in a group that could sleep otherwise. */
const lacking: Record<string, (replica: Replica, role: LeaderState) => void> = {
  'an entry is not committed': (replica, role) => {
    replica.append([entry(2, 1)]);
    persistAll(replica);
    for (const progress of role.progress.values()) hasEverything(replica, progress);
    replica.appliedIndex = 2;
  },
  'an entry is not durable here': (replica, role) => {
    replica.append([entry(2, 1)]);
    for (const progress of role.progress.values()) hasEverything(replica, progress);
    replica.commitTo(2);
    replica.appliedIndex = 2;
  },
  'an entry is not applied': (replica) => {
    replica.appliedIndex = 0;
  },
  'a write is under way': ({ durability, nowMs }) => {
    durability.submitted(null, null, nowMs);
  },
  'the lead is being handed over': (_, role) => {
    role.transfer = { to: 2, deadlineMs: 1, sentInRound: null };
  },
  'a transfer that was given up may still be acted on': (_, role) => {
    role.fences.set(2, 0);
  },
  'somebody waits for durability': (_, { durabilityWaits }) => {
    const durability = { depth: 1, domains: 1 };
    durabilityWaits.add({ from: 2, context: 1, index: 1, durability, askedMs: 0 });
  },
  'a read waits': (_, { reads }) => {
    reads.add({ from: 1, context: 1 });
  },
  'a read waits for its round': (_, { reads }) => {
    reads.add({ from: 1, context: 1 });
    reads.startRound(1, 1);
  },
  'an incarnation is not recorded': ({ memberships }) => {
    memberships.peerIncarnation(2, 77);
  },
  'a follower is probed': (_, role) => {
    progressOf(role, 3).becomeProbe();
  },
  'a follower lacks an entry': (_, role) => {
    progressOf(role, 3).matchIndex = 0;
  },
  'a follower does not know what is committed': (_, role) => {
    progressOf(role, 3).sentCommitIndex = 0;
  },
  'a follower that was removed has not been told': (_, role) => {
    progressOf(role, 3).departsAt = 1;
  },
  'a follower repairs its log': (_, role) => {
    progressOf(role, 3).repairing = true;
  },
};

/** Configurations in which there is still something to do. */
const unsettled: Record<string, Configuration> = {
  'this node has no vote': configurationOf([2, 3]),
  'a change is half done': configurationOf([1, 2, 3], [1, 2]),
  'a learner is to become a voter': {
    ...majorityConfiguration([1, 2]),
    learners: [3],
    members: [
      {
        id: 3,
        incarnation: 0,
        locality: '',
        address: '',
        priority: 0,
        witness: false,
        promote: true,
      },
    ],
  },
};

describe('a leader', () => {
  it('may sleep when everyone has everything and knows it', () => {
    const { replica, role } = settledLeader();
    assert.equal(mayLeaderSleep(replica, role), true);
  });

  for (const [what, change] of Object.entries(lacking)) {
    it(`may not sleep while ${what}`, () => {
      const { replica, role } = settledLeader();
      change(replica, role);
      assert.equal(mayLeaderSleep(replica, role), false);
    });
  }

  for (const [what, configuration] of Object.entries(unsettled)) {
    it(`may not sleep while ${what}`, () => {
      const { replica, role } = settledLeader(configuration);
      assert.equal(mayLeaderSleep(replica, role), false);
    });
  }

  it('may not sleep while a member is not who it was', () => {
    const known = [2, 3].map((id) => ({
      id,
      incarnation: id,
      locality: '',
      address: '',
      priority: 0,
      witness: false,
      promote: false,
    }));
    const { replica, role } = settledLeader({
      ...majorityConfiguration([1, 2, 3]),
      members: known,
    });
    assert.equal(mayLeaderSleep(replica, role), true);
    replica.memberships.peerIncarnation(2, 99);
    assert.equal(mayLeaderSleep(replica, role), false);
  });
});

/** Replica 1 follows node 2 in term 1 and has its one entry, durably. */
function follower(): Replica {
  const replica = newReplica();
  becomeFollower(replica, 1, 2);
  replica.append([entry(1, 1)]);
  persistAll(replica);
  return replica;
}

describe('a follower', () => {
  it('may sleep with its leader when it has the same log', () => {
    assert.equal(mayFollowerSleep(follower(), 2, 1, 1), true);
  });

  it('may not under another leader, in another term, or with another log', () => {
    assert.equal(mayFollowerSleep(follower(), 3, 1, 1), false);
    assert.equal(mayFollowerSleep(follower(), 2, 2, 1), false);
    assert.equal(mayFollowerSleep(follower(), 2, 1, 2), false);
    const older = newReplica();
    becomeFollower(older, 1, 2);
    older.append([entry(1, 1)]);
    becomeFollower(older, 2, 2);
    persistAll(older);
    assert.equal(mayFollowerSleep(older, 2, 2, 1), false, 'its last entry is of an earlier term');
    assert.equal(mayFollowerSleep(older, 2, 1, 1), false, 'it is in a later term');
  });

  it('may not while its log is not durable', () => {
    const replica = follower();
    replica.append([entry(2, 1)]);
    assert.equal(mayFollowerSleep(replica, 2, 1, 2), false);
    assert.equal(mayFollowerSleep(replica, 2, 1, 1), false, 'it has more than its leader');
  });

  it('may not while it does not follow', () => {
    const { replica } = settledLeader();
    assert.equal(mayFollowerSleep(replica, 1, 1, 1), false);
  });
});

describe('a message to a sleeper', () => {
  const answer = (type: 'HeartbeatResponse' | 'AppendEntriesResponse', term: number) =>
    ({ type, from: 2, to: 1, term }) as RaftMessage;

  it('is an echo when it answers, in this term, what the leader sent before', () => {
    const { replica } = settledLeader();
    assert.equal(isEcho(replica, answer('HeartbeatResponse', 1)), true);
    assert.equal(isEcho(replica, answer('AppendEntriesResponse', 1)), true);
  });

  it('is news when it is of another term or kind, or for a follower', () => {
    const { replica } = settledLeader();
    assert.equal(isEcho(replica, answer('HeartbeatResponse', 2)), false);
    const read: RaftMessage = { type: 'ReadIndex', from: 2, to: 1, term: 1, context: 1 };
    assert.equal(isEcho(replica, read), false);
    assert.equal(isEcho(follower(), answer('HeartbeatResponse', 1)), false);
  });
});

describe('waking', () => {
  const contacts: NodeContacts = {
    heardMs: (node) => 1000 * node,
    supportedAtMs: (node) => 100 * node,
  };

  it('counts for a leader what its peers’ nodes have answered, and begins a round at once', () => {
    const { replica, role } = settledLeader();
    progressOf(role, 2).supportedAtMs = 150;
    progressOf(role, 3).supportedAtMs = 350;
    replica.asleepUnder = contacts;
    replica.nowMs = 5000;
    wake(replica);
    assert.equal(replica.asleepUnder, null);
    assert.equal(progressOf(role, 2).supportedAtMs, 200);
    assert.equal(progressOf(role, 3).supportedAtMs, 350, 'nothing is taken back');
    assert.deepEqual([role.nextHeartbeatMs, role.supportCheckMs], [5000, 5000]);
  });

  it('makes a follower wait from when its leader’s node was heard', () => {
    const replica = follower();
    replica.asleepUnder = contacts;
    replica.nowMs = 2500;
    wake(replica);
    assert.equal(replica.lastLeaderContactMs, 2000);
    assert.ok(replica.electionDeadlineMs >= 2000 + electionTimeoutMs);
    assert.ok(replica.electionDeadlineMs < 2000 + 2 * electionTimeoutMs);
  });

  it('leaves a follower what it has heard later itself', () => {
    const replica = follower();
    replica.lastLeaderContactMs = 2400;
    replica.asleepUnder = contacts;
    replica.nowMs = 2500;
    wake(replica);
    assert.equal(replica.lastLeaderContactMs, 2400);
  });
});
