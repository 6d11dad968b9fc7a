import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration, Member } from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';
import {
  advanceTransfer,
  bestSuccessor,
  liftFence,
  startTransfer,
} from '../../src/election/leadership-transfer.ts';
import type { Replica } from '../../src/replica.ts';
import type { LeaderState } from '../../src/role.ts';
import { electionTimeoutMs } from '../support/cluster.ts';
import { entry } from '../support/messages.ts';
import { progressOf, settledLeader } from '../support/settled-leader.ts';

function described(id: number, what: Partial<Member>): Member {
  const unknown = { incarnation: 0, locality: '', address: '' };
  return { ...unknown, id, priority: 0, witness: false, promote: false, ...what };
}

/** Voters 1 to 4, of which node 4 is a witness, and learner 5. */
const mixed: Configuration = {
  ...majorityConfiguration([1, 2, 3, 4]),
  learners: [5],
  members: [described(4, { witness: true })],
};

/** What makes node 2 the wrong one, each of it alone, and what is said of it. */
const obstacles: Record<string, ['unfit' | 'notCaughtUp', (it: ToBeHanded) => void]> = {
  'is not known to this leader yet': ['unfit', ({ role }) => role.progress.delete(2)],
  'repairs its log': [
    'unfit',
    ({ role }) => {
      progressOf(role, 2).repairing = true;
    },
  ],
  'has lost its data': [
    'unfit',
    ({ replica }) => {
      replica.memberships.peerIncarnation(2, 10);
      replica.memberships.peerIncarnation(2, 11);
    },
  ],
  'has never answered a heartbeat': [
    'notCaughtUp',
    ({ role }) => {
      progressOf(role, 2).heardOfLife(0, 1);
    },
  ],
  'has not answered for an election timeout': [
    'notCaughtUp',
    ({ replica }) => {
      replica.nowMs = electionTimeoutMs;
    },
  ],
  'is probed for where its log agrees': [
    'notCaughtUp',
    ({ role }) => progressOf(role, 2).becomeProbe(),
  ],
  'is sent a snapshot': ['notCaughtUp', ({ role }) => progressOf(role, 2).becomeSnapshot(9)],
};

interface ToBeHanded {
  readonly replica: Replica;
  readonly role: LeaderState;
}

describe('the lead', () => {
  for (const [what, [refusal, arrange]] of Object.entries(obstacles)) {
    it(`is not handed to a voter that ${what}`, () => {
      const it = settledLeader();
      arrange(it);
      assert.equal(startTransfer(it.replica, it.role, 2), refusal);
      assert.equal(it.role.transfer, null);
    });
  }

  it('is handed to a voter with data only', () => {
    const { replica, role } = settledLeader(mixed);
    for (const to of [1, 4, 5, 6]) assert.equal(startTransfer(replica, role, to), 'unfit', `${to}`);
    assert.equal(startTransfer(replica, role, 2), null);
  });

  it('is handed to one that answered just in time, within an election timeout', () => {
    const { replica, role } = settledLeader();
    replica.nowMs = electionTimeoutMs - 1;
    assert.equal(startTransfer(replica, role, 2), null);
    assert.equal(role.transfer?.deadlineMs, 2 * electionTimeoutMs - 1);
  });
});

describe('the best successor', () => {
  const priorities = (...of: number[]): Configuration => ({
    ...majorityConfiguration([1, 2, 3, 4]),
    members: of.map((priority, at) => described(at + 2, { priority })),
  });
  const chosen = (configuration: Configuration, ...matches: number[]): number | null => {
    const { replica, role } = settledLeader(configuration);
    for (const [at, matchIndex] of matches.entries()) {
      progressOf(role, at + 2).matchIndex = matchIndex;
    }
    return bestSuccessor(replica, role);
  };

  it('is the one with most of the log', () => {
    assert.equal(chosen(priorities(0, 0, 0), 5, 7, 6), 3);
    assert.equal(chosen(priorities(0, 0, 0), 5, 6, 7), 4);
    assert.equal(chosen(priorities(9, 0, 8), 5, 7, 6), 3, 'whatever the priorities');
  });

  it('is the most preferred of those with equally much', () => {
    assert.equal(chosen(priorities(1, 3, 2), 7, 7, 7), 3);
    assert.equal(chosen(priorities(1, 2, 3), 7, 7, 7), 4);
    assert.equal(chosen(priorities(3, 1, 2), 7, 7, 7), 2);
    assert.equal(chosen(priorities(1, 2, 9), 7, 7, 6), 3);
  });

  it('is the first of equals', () => {
    assert.equal(chosen(priorities(2, 2, 2), 7, 7, 7), 2);
  });

  it('is fit', () => {
    const { replica, role } = settledLeader(priorities(9, 5, 1));
    progressOf(role, 2).becomeProbe();
    assert.equal(bestSuccessor(replica, role), 3);
  });

  it('is nobody when none is fit, or there is none', () => {
    const { replica, role } = settledLeader();
    for (const id of [2, 3]) progressOf(role, id).becomeProbe();
    assert.equal(bestSuccessor(replica, role), null);
    const alone = settledLeader(majorityConfiguration([1]));
    assert.equal(bestSuccessor(alone.replica, alone.role), null);
  });
});

describe('a transfer that does not end well', () => {
  const sent = ({ replica }: ToBeHanded): string[] => replica.outbox.take().map(({ type }) => type);

  it('is given up without a trace when the target was never asked', () => {
    const { replica, role } = settledLeader();
    startTransfer(replica, role, 2);
    replica.append([entry(2, 1)]);
    advanceTransfer(replica, role);
    replica.nowMs = electionTimeoutMs;
    role.nextHeartbeatMs = 9999;
    advanceTransfer(replica, role);
    assert.equal(role.transfer, null);
    assert.equal(role.fences.size, 0);
    assert.equal(role.nextHeartbeatMs, 9999);
    assert.deepEqual(sent({ replica, role }), []);
  });

  it('is given up at once when the target is no member any more', () => {
    const { replica, role } = settledLeader();
    startTransfer(replica, role, 2);
    role.progress.delete(2);
    advanceTransfer(replica, role);
    assert.equal(role.transfer, null);
  });

  it('is taken back by the next round, and fenced until that is answered (rule 3)', () => {
    const { replica, role } = settledLeader();
    role.round = 4;
    startTransfer(replica, role, 2);
    advanceTransfer(replica, role);
    assert.deepEqual(sent({ replica, role }), ['TimeoutNow']);
    assert.deepEqual([...role.fences], [[2, Number.POSITIVE_INFINITY]]);
    advanceTransfer(replica, role);
    assert.deepEqual(sent({ replica, role }), [], 'it is asked once');
    role.round = 6;
    replica.nowMs = electionTimeoutMs;
    role.nextHeartbeatMs = 9999;
    advanceTransfer(replica, role);
    assert.equal(role.transfer, null);
    assert.equal(role.cancelRound, 4);
    assert.equal(role.nextHeartbeatMs, electionTimeoutMs);
    assert.deepEqual([...role.fences], [[2, 6]]);
    liftFence(role, 2, 6);
    liftFence(role, 3, 7);
    assert.equal(role.fences.size, 1, 'neither an earlier round nor another node lifts it');
    liftFence(role, 2, 7);
    assert.equal(role.fences.size, 0);
  });

  it('leaves no earlier cancel undone', () => {
    const { replica, role } = settledLeader();
    role.cancelRound = 9;
    role.round = 4;
    startTransfer(replica, role, 2);
    advanceTransfer(replica, role);
    replica.nowMs = electionTimeoutMs;
    advanceTransfer(replica, role);
    assert.equal(role.cancelRound, 9);
  });
});
