import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration, Member } from '@quorate/schema';
import { EntryKind, majorityConfiguration } from '@quorate/schema';
import { bootstrapState, type MembershipChange, type Raft } from '../../src/index.ts';
import { changeConfiguration } from '../../src/membership/change.ts';
import { checkConfiguration } from '../../src/membership/check-configuration.ts';
import { mayFollowAtOnce } from '../../src/membership/quorum-rules.ts';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';

const nothing: Omit<Member, 'id'> = {
  incarnation: 0,
  locality: '',
  address: '',
  priority: 0,
  witness: false,
  promote: false,
};

/** Node 3 is a witness. */
const withWitness: Configuration = {
  ...majorityConfiguration([1, 2, 3]),
  members: [{ ...nothing, id: 3, witness: true }],
};

function outcome(raft: Raft, change: MembershipChange, nowMs: number): string {
  const proposed = raft.proposeMembership(change, nowMs);
  return proposed.outcome === 'refused' ? proposed.refusal.reason : proposed.outcome;
}

describe('safety rules: quorums and membership', () => {
  it('rule 5: sizes that let a commit or a leader be missed are no configuration', () => {
    const voters = [1, 2, 3, 4, 5];
    const problem = (commit: number, election: number): string | null =>
      checkConfiguration({ ...majorityConfiguration(voters), quorum: { commit, election } });
    assert.equal(problem(2, 4), null);
    assert.equal(problem(3, 3), null);
    assert.match(problem(2, 3) ?? '', /together must be more than 5/);
    assert.match(problem(4, 2) ?? '', /more than half/);
    assert.match(problem(1, 5) ?? '', /at least 2 that hold data/);
    assert.match(problem(2, 6) ?? '', /from 1 to the number of voters/);
  });

  it('rule 5: sizes change through the log, old and new in force until it is committed', () => {
    const cluster = new Cluster(5);
    const leader = cluster.lead(1);
    cluster.pass(200);
    cluster.partition([1, 2], [3, 4, 5]);
    const { commitIndex } = leader;
    const change = { steps: [], quorum: { commit: 2, election: 4 } };
    assert.equal(outcome(leader, change, cluster.nowMs), 'appended');
    cluster.propose(1, 'a');
    cluster.settle();
    assert.equal(leader.commitIndex, commitIndex, 'two are enough for the new sizes alone');
    cluster.heal();
    cluster.pass(300);
    cluster.partition([1, 2], [3, 4, 5]);
    cluster.propose(1, 'b');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(2), ['a', 'b']);
    // And the others, who are three, elect nobody.
    cluster.pass(5 * electionTimeoutMs, 100);
    assert.deepEqual(cluster.leaders(), [leader]);
  });

  it('rule 6: of the single steps that add a voter just the safe ones are taken', () => {
    // Each by itself valid: sizes of n voters and of n + 1.
    let pairs = 0;
    let unsafe = 0;
    const valid = (n: number): { commit: number; election: number }[] => {
      const sizes = [];
      for (let commit = n > 1 ? 2 : 1; commit <= n; commit++) {
        for (let election = 1; election <= n; election++) {
          if (commit + election > n && 2 * election > n) sizes.push({ commit, election });
        }
      }
      return sizes;
    };
    for (let n = 1; n <= 8; n++) {
      const before = Array.from({ length: n }, (_, at) => at + 1);
      for (const old of valid(n)) {
        for (const next of valid(n + 1)) {
          pairs++;
          const safe = mayFollowAtOnce(
            { voters: before, quorum: old },
            { voters: [...before, n + 1], quorum: next },
          );
          const united = n + 1;
          const meet =
            old.commit + next.election > united &&
            next.commit + old.election > united &&
            old.election + next.election > united;
          assert.equal(safe, meet);
          if (!safe) unsafe++;
        }
      }
    }
    assert.ok(unsafe > 100 && unsafe < pairs, `${unsafe} of ${pairs}`);
  });

  it('rule 6: {2, 4} of five to {2, 5} of six goes by a joint configuration', () => {
    const quorum = { commit: 2, election: 4 };
    const current = { ...majorityConfiguration([1, 2, 3, 4, 5]), quorum };
    const steps = [{ kind: 'addVoter', id: 6 }] as const;
    const next = { commit: 2, election: 5 };
    const simple = changeConfiguration(current, { steps, quorum: next, mode: 'simple' });
    assert.equal('refused' in simple && simple.refused.reason, 'unsafeStep');
    const auto = changeConfiguration(current, { steps, quorum: next });
    assert.ok('configuration' in auto);
    assert.deepEqual(auto.configuration.votersOutgoing, [1, 2, 3, 4, 5]);
    assert.deepEqual(auto.configuration.quorumOutgoing, quorum);
  });

  it('rule 6: promotion and removal too, also where the sizes stay', () => {
    const quorum = { commit: 3, election: 3 };
    const current = { ...majorityConfiguration([1, 2, 3, 4, 5], [6]), quorum };
    for (const step of [
      { kind: 'addVoter', id: 6 },
      { kind: 'addVoter', id: 7 },
    ] as const) {
      const change = { steps: [step], mode: 'simple' } as const;
      const changed = changeConfiguration(current, change);
      assert.ok('refused' in changed, 'three and three of six need not meet');
    }
  });

  it('rule 7: a witness keeps term, vote and log positions, durably, and no data', () => {
    const cluster = new Cluster(withWitness);
    cluster.lead(1);
    cluster.propose(1, 'secret');
    cluster.pass(200);
    const { disk } = cluster.get(3);
    assert.deepEqual(
      disk.entries.map(({ kind, data }) => [kind, data.length]),
      [
        [EntryKind.empty, 0],
        [EntryKind.withheld, 0],
      ],
    );
    assert.equal(disk.hardState.votedFor, 1);
    assert.deepEqual(cluster.get(3).applied, []);
    // With it and without node 2 the group commits.
    cluster.partition([2], [1, 3]);
    cluster.propose(1, 'more');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(1), ['secret', 'more']);
    // What it has acknowledged it remembers: it elects nobody who lacks it.
    cluster.heal();
    cluster.partition([1], [2, 3]);
    cluster.restart(3);
    cluster.pass(5 * electionTimeoutMs, 100);
    assert.deepEqual(
      cluster.leaders().filter(({ nodeId }) => nodeId !== 1),
      [],
    );
  });

  it('rule 7: a witness never leads, and the lead is not handed to it', () => {
    const cluster = new Cluster(withWitness);
    const leader = cluster.lead(1);
    cluster.pass(200);
    assert.equal(leader.transferLeadership(3, cluster.nowMs), 'unfit');
    assert.equal(cluster.raft(3).leaderId, 1);
    cluster.partition([3], [1, 2]);
    cluster.nowMs += 50 * electionTimeoutMs;
    cluster.raft(3).tick(cluster.nowMs);
    assert.equal(cluster.raft(3).role, 'witness');
    // It knows no leader any more, and waits for one to speak.
    assert.equal(cluster.raft(3).leaderId, 0);
    assert.equal(cluster.raft(3).deadlineMs, Number.POSITIVE_INFINITY);
    // Nor does what it acknowledges count where data is what matters.
    const domains = new Cluster({
      ...withWitness,
      members: [
        { ...nothing, id: 1, locality: 'a' },
        { ...nothing, id: 2, locality: 'a' },
        { ...nothing, id: 3, locality: 'b', witness: true },
      ],
    });
    domains.lead(1);
    domains.propose(1, 'x');
    domains.pass(200);
    const { raft } = domains.get(1);
    raft.awaitDurability(1, raft.commitIndex, { depth: 1, domains: 2 }, domains.nowMs);
    assert.deepEqual(raft.takeEffects().durability, [{ context: 1, reached: false }]);
  });

  it('rule 7: witnesses alone commit nothing', () => {
    const members = [2, 3].map((id) => ({ ...nothing, id, witness: true }));
    const configuration = { ...majorityConfiguration([1, 2, 3]), members };
    assert.match(checkConfiguration(configuration) ?? '', /that hold data/);
  });

  it('rule 7: a witness is not sent what no holder of data has on its disk', () => {
    const cluster = new Cluster(withWitness);
    cluster.lead(1);
    for (const id of [1, 2]) cluster.get(id).autoPersist = false;
    cluster.propose(1, 'a');
    cluster.settle();
    assert.equal(cluster.raft(3).lastIndex, 1);
    cluster.get(1).persistNext(cluster.nowMs);
    cluster.settle();
    assert.equal(cluster.raft(3).lastIndex, 2);
  });

  it('rule 9: a group begins with one set of members, durable before anything is promised', () => {
    const cluster = new Cluster(3);
    const { raft, disk } = cluster.start(1, bootstrapState(majorityConfiguration([1, 2, 3])));
    assert.ok(disk.bootstrap);
    const { write } = raft.takeEffects();
    assert.deepEqual(write?.snapshot?.configuration.voters, [1, 2, 3]);
    assert.equal(write?.snapshot?.index, 0);
    cluster.nowMs += 2 * electionTimeoutMs;
    const asked = { from: 2, to: 1, term: 1, lastLogIndex: 0, lastLogTerm: 0 };
    const request = { type: 'RequestVote', leadershipTransfer: false, ...asked } as const;
    raft.step(request, cluster.nowMs);
    assert.deepEqual(raft.takeEffects().messages, []);
  });

  it('rule 10: locality and incarnation change by entries of the log, and by nothing else', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    const before = leader.configuration;
    cluster.raft(2).peerIncarnation(3, 33, cluster.nowMs);
    cluster.settle();
    assert.deepEqual(cluster.raft(2).configuration, before, 'a follower records nothing');
    leader.peerIncarnation(3, 33, cluster.nowMs);
    assert.deepEqual(leader.configuration, before);
    const { lastIndex } = leader;
    cluster.pass(300);
    assert.equal(leader.configurationIndex, lastIndex + 1, 'an entry says so');
    const describe = { kind: 'describe', id: 3, locality: 'eu/de' } as const;
    assert.equal(outcome(leader, { steps: [describe] }, cluster.nowMs), 'appended');
    cluster.pass(300);
    for (const id of [1, 2, 3]) {
      const member = cluster.raft(id).configuration.members.find((one) => one.id === 3);
      assert.deepEqual([member?.incarnation, member?.locality], [33, 'eu/de']);
    }
    const other = { kind: 'describe', id: 3, incarnation: 34 } as const;
    assert.equal(outcome(leader, { steps: [other] }, cluster.nowMs), 'incarnationFixed');
  });

  it('rule 10: what a log says survives a restart and a truncation takes it back', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.partition([1], [2, 3]);
    const describe = { kind: 'describe', id: 3, locality: 'eu/de' } as const;
    assert.equal(outcome(leader, { steps: [describe] }, cluster.nowMs), 'appended');
    cluster.settle();
    assert.equal(cluster.restart(1).raft.configuration.members.length, 1);
    cluster.lead(2);
    cluster.heal();
    cluster.pass(300);
    assert.deepEqual(cluster.raft(1).configuration.members, []);
  });
});
