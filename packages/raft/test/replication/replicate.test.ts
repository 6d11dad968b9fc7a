import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration, Entry, RaftMessage } from '@quorate/schema';
import { EntryKind, majorityConfiguration } from '@quorate/schema';
import type { RaftOptions } from '../../src/options.ts';
import { advanceCommit } from '../../src/replication/commit.ts';
import { nudge, replicateToAll, sendHeartbeats } from '../../src/replication/replicate.ts';
import { electionTimeoutMs, heartbeatIntervalMs } from '../support/cluster.ts';
import { entries, entry } from '../support/messages.ts';
import {
  persistAll,
  progressOf,
  type SettledLeader,
  settledLeader,
} from '../support/settled-leader.ts';

/** Node 3 of four voters is a witness; node 2 and 4 hold data. */
const withWitness: Configuration = {
  ...majorityConfiguration([1, 2, 3, 4]),
  members: [
    {
      id: 3,
      incarnation: 0,
      locality: '',
      address: '',
      priority: 0,
      witness: true,
      promote: false,
    },
  ],
};

/** Entries 2 to 6 are appended and on no disk yet. */
function leaderOfSix(configuration?: Configuration, own?: Partial<RaftOptions>): SettledLeader {
  const it = settledLeader(configuration, own);
  it.replica.append(entries(2, 6, 1));
  return it;
}

/** What the leader sends in a turn, to whom: indexes of entries, or the kind of message. */
function sent({ replica }: SettledLeader): [to: number, what: number[] | string][] {
  replicateToAll(replica);
  return replica.outbox
    .take()
    .map((message) => [
      message.to,
      message.type === 'AppendEntries' ? message.entries.map(({ index }) => index) : message.type,
    ]);
}

describe('a turn of the leader', () => {
  it('sends all that a follower may have, in as many messages as it takes', () => {
    const it = leaderOfSix(majorityConfiguration([1, 2]), { maxMessageBytes: 70 });
    assert.deepEqual(sent(it), [
      [2, [2, 3]],
      [2, [4, 5]],
      [2, [6]],
    ]);
    assert.deepEqual(sent(it), []);
  });

  it('sends a probe one message, empty if need be, and then waits', () => {
    const it = leaderOfSix(majorityConfiguration([1, 2]), { maxMessageBytes: 70 });
    progressOf(it.role, 2).becomeProbe();
    assert.deepEqual(sent(it), [[2, [2, 3]]]);
    assert.deepEqual(sent(it), []);
    const nothing = settledLeader(majorityConfiguration([1, 2]));
    progressOf(nothing.role, 2).becomeProbe();
    assert.deepEqual(sent(nothing), [[2, []]]);
    assert.deepEqual(sent(nothing), []);
  });

  it('sends a commit index that moved to those that have nothing else to learn it by', () => {
    const it = settledLeader();
    progressOf(it.role, 2).sentCommitIndex = 0;
    assert.deepEqual(sent(it), [[2, 'CommitNotice']]);
    assert.deepEqual(sent(it), []);
  });

  it('has a snapshot sent, once, where the entries are gone', () => {
    const it = leaderOfSix();
    progressOf(it.role, 2).matchIndex = 0;
    progressOf(it.role, 2).becomeProbe();
    it.replica.log.compactTo(1);
    sent(it);
    sent(it);
    const { snapshotsToSend, snapshot } = it.replica;
    assert.deepEqual(snapshotsToSend, [{ to: 2, snapshot }]);
    assert.equal(progressOf(it.role, 2).state, 'snapshot');
  });

  it('sends nothing to one that has lost its data (bug 20)', () => {
    const it = leaderOfSix();
    for (const incarnation of [10, 11]) it.replica.memberships.peerIncarnation(2, incarnation);
    assert.deepEqual(
      sent(it).map(([to]) => to),
      [3],
    );
  });
});

describe('a witness', () => {
  const toWitness = (it: SettledLeader): number[] =>
    sent(it).flatMap(([to, what]) => (to === 3 && Array.isArray(what) ? what : []));

  it('is sent what this node has on its disk', () => {
    const it = leaderOfSix(withWitness);
    assert.deepEqual(toWitness(it), []);
    persistAll(it.replica);
    assert.deepEqual(toWitness(it), [2, 3, 4, 5, 6]);
  });

  it('is sent what another voter with data has on its disk', () => {
    const it = leaderOfSix(withWitness);
    progressOf(it.role, 4).matchIndex = 3;
    assert.deepEqual(toWitness(it), [2, 3]);
    progressOf(it.role, 2).matchIndex = 5;
    assert.deepEqual(toWitness(it), [4, 5]);
  });

  it('is sent nothing that only itself or a log under repair has', () => {
    const it = leaderOfSix(withWitness);
    progressOf(it.role, 3).matchIndex = 3;
    progressOf(it.role, 4).matchIndex = 5;
    progressOf(it.role, 4).repairing = true;
    assert.deepEqual(toWitness(it), []);
  });

  it('is sent commands without their data, and all else whole', () => {
    const it = settledLeader(withWitness);
    const other: Entry = { ...entry(3, 1, 'whole'), kind: EntryKind.empty };
    it.replica.append([entry(2, 1, 'secret'), other]);
    persistAll(it.replica);
    replicateToAll(it.replica);
    const found = it.replica.outbox.take().find(({ to }) => to === 3);
    assert.ok(found?.type === 'AppendEntries');
    const withheld = { ...entry(2, 1), kind: EntryKind.withheld };
    assert.deepEqual(found.entries, [withheld, other]);
  });
});

describe('a follower that answers heartbeats and leaves entries unanswered (bug 31)', () => {
  const nudged = (it: SettledLeader, afterMs: number): RaftMessage[] => {
    sent(it);
    it.replica.nowMs += afterMs;
    nudge(it.replica, 2, progressOf(it.role, 2));
    return [...it.replica.outbox.take()];
  };

  it('is sent an empty message behind them after a heartbeat interval', () => {
    const it = leaderOfSix();
    assert.deepEqual(nudged(it, heartbeatIntervalMs - 1), []);
    assert.deepEqual(nudged(it, 1), [
      {
        type: 'AppendEntries',
        from: 1,
        to: 2,
        term: 1,
        prevLogIndex: 6,
        prevLogTerm: 1,
        commitIndex: 1,
        entries: [],
      },
    ]);
    assert.deepEqual(nudged(it, heartbeatIntervalMs - 1), [], 'and not again at once');
  });

  it('is left alone when it owes no answer, or is sent a snapshot', () => {
    assert.deepEqual(nudged(settledLeader(), 9999), []);
    const it = leaderOfSix();
    const progress = progressOf(it.role, 2);
    sent(it);
    progress.becomeSnapshot(1);
    assert.deepEqual(nudged(it, 9999), []);
    assert.equal(progress.state, 'snapshot');
  });

  it('is probed again when it was probed', () => {
    const it = leaderOfSix();
    progressOf(it.role, 2).becomeProbe();
    assert.deepEqual(nudged(it, 0), []);
    assert.equal(progressOf(it.role, 2).paused, false);
  });

  it('begins anew when the log was cut behind what is unanswered', () => {
    const it = leaderOfSix();
    sent(it);
    it.replica.log.reset({ index: 9, term: 1 });
    it.replica.nowMs += heartbeatIntervalMs;
    nudge(it.replica, 2, progressOf(it.role, 2));
    assert.deepEqual(it.replica.outbox.take(), []);
    assert.equal(progressOf(it.role, 2).state, 'probe');
  });
});

describe('a heartbeat round', () => {
  it('is dated, until it is too old to keep the leader in office', () => {
    const { replica, role } = settledLeader();
    for (const nowMs of [0, 500, electionTimeoutMs, electionTimeoutMs + 1]) {
      replica.nowMs = nowMs;
      sendHeartbeats(replica, role);
      const known = [...role.roundSentMs.values()];
      assert.deepEqual(
        known,
        [0, 500, 1000, 1001].filter((ms) => ms <= nowMs && ms >= nowMs - electionTimeoutMs),
      );
    }
    assert.deepEqual([...role.roundSentMs.keys()], [2, 3, 4]);
  });

  it('tells each no more than it has acknowledged', () => {
    const { replica, role } = settledLeader();
    progressOf(role, 3).matchIndex = 0;
    role.cancelRound = 5;
    sendHeartbeats(replica, role);
    const beat = { type: 'Heartbeat', from: 1, term: 1, round: 1, cancelRound: 5 };
    assert.deepEqual(replica.outbox.take(), [
      { ...beat, to: 2, commitIndex: 1 },
      { ...beat, to: 3, commitIndex: 0 },
    ]);
  });
});

describe('the commit index', () => {
  const committed = (arrange: (it: SettledLeader) => void): number => {
    const it = leaderOfSix();
    persistAll(it.replica);
    arrange(it);
    advanceCommit(it.replica);
    return it.replica.commitIndex;
  };

  it('is what a quorum has on its disks', () => {
    assert.equal(
      committed(() => undefined),
      1,
    );
    assert.equal(
      committed(({ role }) => progressOf(role, 3).acknowledged(4, 0)),
      4,
    );
  });

  it('does not count what a node had before it lost its data (bug 20)', () => {
    assert.equal(
      committed(({ replica, role }) => {
        progressOf(role, 3).acknowledged(4, 0);
        for (const incarnation of [10, 11]) replica.memberships.peerIncarnation(3, incarnation);
      }),
      1,
    );
  });
});

describe('a heartbeat round', () => {
  it('forgets who has not asked again for durability in ten election timeouts', () => {
    const { replica, role } = settledLeader();
    const wait = { context: 1, index: 9, durability: { depth: 1, domains: 2 }, askedMs: 5 };
    for (const from of [1, 2]) role.durabilityWaits.add({ ...wait, from });
    replica.nowMs = 10 * electionTimeoutMs + 5;
    sendHeartbeats(replica, role);
    assert.deepEqual(role.durabilityWaits.contextsOf(2), [1]);
    replica.nowMs += 1;
    sendHeartbeats(replica, role);
    assert.deepEqual(role.durabilityWaits.contextsOf(2), []);
    assert.deepEqual(role.durabilityWaits.contextsOf(1), [1], 'this node knows when it gives up');
  });
});
