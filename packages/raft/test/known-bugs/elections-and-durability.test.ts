import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RaftMessage } from '@quorate/schema';
import { Cluster, electionTimeoutMs } from '../support/cluster.ts';
import { giveLog } from '../support/given-log.ts';
import { append, entries, entry, heartbeat, requestVote } from '../support/messages.ts';
import { applyDurably } from '../support/strict-disk.ts';

function granted(message: RaftMessage | undefined): boolean {
  return message?.type === 'RequestVoteResponse' && message.granted;
}

describe('known bugs: elections and durability', () => {
  it('bug 1: an entry of an earlier term is not committed by counting replicas (figure 8)', () => {
    const cluster = new Cluster(5, { maxMessageBytes: 1 });
    cluster.settle();
    // (c) of the figure: 1 has led term 2 and leads again in term 4, 5 has led term 3 meanwhile.
    giveLog(cluster, 1, [entry(1, 1), entry(2, 2)], { term: 3 });
    giveLog(cluster, 2, [entry(1, 1), entry(2, 2)], { term: 3 });
    for (const id of [3, 4]) giveLog(cluster, id, [entry(1, 1)], { term: 3 });
    giveLog(cluster, 5, [entry(1, 1), entry(2, 3)], { term: 3, votedFor: 5 });
    cluster.partition([5], [1, 2, 3, 4]);
    cluster.settle();
    cluster.nowMs += 2 * electionTimeoutMs;
    cluster.raft(1).tick(cluster.nowMs);
    // The entry of term 4 reaches nobody.
    for (let exchange = 0; exchange < 12; exchange++) {
      for (const id of [1, 2, 3, 4]) cluster.turn(id);
      cluster.network = cluster.network.map((message) =>
        message.type === 'AppendEntries'
          ? { ...message, entries: message.entries.filter(({ term }) => term < 4) }
          : message,
      );
      cluster.deliver();
    }
    assert.equal(cluster.raft(1).role, 'leader');
    assert.equal(cluster.raft(3).termAt(2), 2, 'the entry of term 2 is on a majority');
    assert.equal(cluster.raft(1).commitIndex, 0, 'and not committed: node 5 may yet overwrite it');
    // (d): node 5 leads and does.
    cluster.heal();
    cluster.partition([1], [2, 3, 4, 5]);
    cluster.nowMs += 2 * electionTimeoutMs;
    cluster.raft(5).tick(cluster.nowMs);
    cluster.settle();
    // Now it knows of term 4.
    cluster.lead(5);
    assert.equal(cluster.raft(3).termAt(2), 3);
  });

  it('bug 2: RequestVote leaves only when the term and the vote it speaks of are durable', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const member = cluster.get(1);
    member.autoPersist = false;
    cluster.nowMs += 2 * electionTimeoutMs;
    member.raft.tick(cluster.nowMs);
    cluster.turn(1);
    cluster.deliver();
    for (const id of [2, 3]) cluster.turn(id);
    cluster.deliver();
    const asked = (): number => cluster.sent.filter(({ type }) => type === 'RequestVote').length;
    cluster.turn(1);
    assert.equal(member.raft.role, 'candidate');
    assert.equal(asked(), 0);
    const write = member.persistNext(cluster.nowMs);
    assert.deepEqual(write.hardState, { term: 1, votedFor: 1, commitIndex: 0 });
    cluster.turn(1);
    assert.equal(asked(), 2);
  });

  it('bug 3: a vote whose write never succeeds is never granted, so there is no second one', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const voter = cluster.get(3);
    voter.autoPersist = false;
    cluster.nowMs = 2 * electionTimeoutMs;
    voter.raft.step(requestVote(1, 3, 5), cluster.nowMs);
    cluster.turn(3);
    cluster.nowMs += 60_000;
    assert.deepEqual(cluster.turn(3).messages, [], 'the write failed: nobody hears of the vote');
    // The process starts again without it, and may vote for another.
    cluster.restart(3);
    cluster.turn(3);
    cluster.nowMs += 2 * electionTimeoutMs;
    cluster.raft(3).step(requestVote(2, 3, 5), cluster.nowMs);
    cluster.turn(3);
    assert.ok(granted(cluster.turn(3).messages[0]));
    // That one is durable: it holds after the next restart.
    cluster.restart(3);
    cluster.nowMs += 2 * electionTimeoutMs;
    cluster.raft(3).step(requestVote(1, 3, 5), cluster.nowMs);
    const [answer] = cluster.turn(3).messages;
    assert.equal(answer?.type, 'RequestVoteResponse');
    assert.ok(!granted(answer));
  });

  it('bug 4: an entry becomes durable in one write with its term, never before it', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const member = cluster.get(2);
    member.autoPersist = false;
    // A new term and its first entry, in one turn and in two.
    member.raft.step(append({ from: 1, to: 2, term: 5 }, [0, 0], [entry(1, 5)]), 0);
    cluster.turn(2);
    member.raft.step(heartbeat(3, 2, 6), 0);
    member.raft.step(append({ from: 3, to: 2, term: 7 }, [0, 0], [entry(1, 6), entry(2, 7)]), 0);
    cluster.turn(2);
    assert.equal(member.writes.length, 2);
    let { disk } = member;
    // Throws where an entry is of a term that is not durable.
    for (const write of member.writes) disk = applyDurably(disk, write);
    assert.equal(disk.hardState.term, 7);
  });

  it('bug 5: writes complete in order, and a stale refusal strands nobody', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const member = cluster.get(2);
    member.autoPersist = false;
    member.raft.step(append({ from: 1, to: 2, term: 1 }, [0, 0], entries(1, 2, 1)), 0);
    cluster.turn(2);
    member.raft.step(append({ from: 1, to: 2, term: 1 }, [2, 1], entries(3, 4, 1)), 0);
    cluster.turn(2);
    const [first, second] = member.writes;
    assert.ok(first !== undefined && second !== undefined);
    assert.throws(() => member.raft.persisted(second.id, 0), /order/);

    const group = new Cluster(3);
    const leader = group.lead(1);
    for (const text of ['a', 'b', 'c']) group.propose(1, text);
    group.settle();
    const before = leader.peers;
    const refusal = {
      type: 'AppendEntriesResponse',
      from: 2,
      to: 1,
      term: leader.currentTerm,
      success: false,
      matchIndex: 0,
      repairing: false,
      rejectedIndex: 1,
      hintIndex: 0,
      hintTerm: 0,
      life: 0,
    } as const;
    leader.step(refusal, group.nowMs);
    assert.deepEqual(leader.peers, before, 'it is older than what node 2 has acknowledged since');
    group.propose(1, 'd');
    group.settle();
    assert.deepEqual(group.appliedTexts(2), ['a', 'b', 'c', 'd']);
  });

  it('bug 6: the completion of a write that was truncated and rewritten counts for nothing', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const member = cluster.get(2);
    member.autoPersist = false;
    member.raft.step(append({ from: 1, to: 2, term: 1 }, [0, 0], entries(1, 2, 1)), 0);
    cluster.turn(2);
    member.raft.step(append({ from: 3, to: 2, term: 2 }, [0, 0], entries(1, 2, 2)), 0);
    cluster.turn(2);
    member.persistNext(0);
    assert.equal(member.raft.durableIndex, 0, 'what is durable is not what the log holds');
    assert.deepEqual(cluster.turn(2).messages, []);
    member.persistNext(0);
    assert.equal(member.raft.durableIndex, 2);
    const answers = cluster.turn(2).messages;
    assert.ok(answers.some((message) => 'matchIndex' in message && message.matchIndex === 2));
  });

  it('bug 7: the only node acknowledges nothing that a crash could take back', () => {
    const cluster = new Cluster(1);
    cluster.lead(1);
    const member = cluster.get(1);
    member.autoPersist = false;
    const before = member.raft.commitIndex;
    for (const text of ['a', 'b']) {
      cluster.propose(1, text);
      cluster.turn(1);
    }
    assert.equal(member.raft.commitIndex, before);
    member.persistNext(cluster.nowMs);
    cluster.turn(1);
    assert.equal(member.raft.commitIndex, before + 1, 'b is not durable yet');
    assert.deepEqual(cluster.appliedTexts(1), ['a']);
    const again = cluster.restart(1);
    assert.equal(again.raft.entryAt(before + 1)?.kind, 0);
  });

  it('bug 9: a follower that has lost what it acknowledged is named, not asked for ever', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    for (const text of ['a', 'b', 'c', 'd']) cluster.propose(1, text);
    cluster.settle();
    const broken = cluster.get(3);
    broken.disk = {
      ...broken.disk,
      entries: broken.disk.entries.slice(0, 2),
      hardState: { ...broken.disk.hardState, commitIndex: 0 },
    };
    cluster.restart(3);
    leader.unreachable(3);
    cluster.sent.length = 0;
    // Many exchanges of messages in no time, then a while.
    for (let exchange = 0; exchange < 50; exchange++) {
      for (const id of cluster.members.keys()) cluster.turn(id);
      cluster.deliver();
    }
    const refusals = (): number =>
      cluster.sent.filter((m) => m.type === 'AppendEntriesResponse' && !m.success).length;
    assert.ok(refusals() <= 3, `${refusals()} refusals in no time`);
    cluster.pass(1000);
    assert.ok(refusals() <= 20, `${refusals()} refusals in a second`);
    const peer = leader.peers.find(({ id }) => id === 3);
    assert.equal(peer?.regressed, true);
    // The others go on, and nothing is lost.
    cluster.propose(1, 'e');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(2), ['a', 'b', 'c', 'd', 'e']);
  });

  it('bug 9: a follower that has lost what it acknowledged commits nothing in its place', () => {
    const cluster = new Cluster(5);
    cluster.lead(1);
    cluster.settle();
    cluster.partition([1, 2], [3, 4, 5]);
    cluster.propose(1, 'never committed');
    cluster.settle();
    const { disk } = cluster.get(2);
    cluster.heal();
    cluster.partition([1], [2, 3, 4, 5]);
    cluster.network = [];
    cluster.nowMs += 2 * electionTimeoutMs;
    const leader = cluster.lead(3);
    for (const text of ['b', 'c']) cluster.propose(3, text);
    cluster.settle();
    cluster.pass(300);
    assert.deepEqual(cluster.appliedTexts(2), ['b', 'c']);
    // Its disk said that it had synced, and had not.
    cluster.get(2).disk = disk;
    cluster.restart(2);
    leader.unreachable(2);
    cluster.pass(1000);
    assert.deepEqual(cluster.appliedTexts(2), []);
    assert.ok(leader.peers.some(({ id, regressed }) => id === 2 && regressed));
  });

  it('bug 10: no write says what is applied: after a crash it is applied again', () => {
    const cluster = new Cluster(3);
    cluster.lead(1);
    cluster.propose(1, 'a');
    cluster.propose(1, 'b');
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(2), ['a', 'b']);
    // The state machine was in memory and is gone with the process.
    const { raft } = cluster.restart(2);
    assert.equal(raft.appliedIndex, 0);
    cluster.pass(300);
    assert.deepEqual(cluster.appliedTexts(2), ['a', 'b']);
  });

  it('bug 11: a low term with a long log and a high term with a short one still elect', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    giveLog(cluster, 1, entries(1, 5, 2), { term: 2 });
    giveLog(cluster, 2, entries(1, 2, 2), { term: 9 });
    cluster.partition([3], [1, 2]);
    for (let time = 0; time < 20 && cluster.leaders().length === 0; time++) {
      cluster.pass(electionTimeoutMs / 2);
    }
    assert.deepEqual(
      cluster.leaders().map(({ nodeId }) => nodeId),
      [1],
    );
    assert.ok(cluster.raft(1).currentTerm > 9);
  });

  it('bug 11: one node that campaigns without a pre-vote keeps nobody else from leading', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    const term = leader.currentTerm;
    // As a node of another version would, in term after term.
    for (let round = 1; round <= 10; round++) {
      for (const to of [1, 2]) {
        cluster.raft(to).step(requestVote(3, to, term + round, [99, 99]), cluster.nowMs);
      }
      cluster.pass(100);
    }
    assert.equal(leader.role, 'leader');
    assert.equal(leader.currentTerm, term);
  });

  it('bug 12: a pre-vote that comes late changes nothing for who has won or asks anew', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    const term = leader.currentTerm;
    const late = { type: 'PreVoteResponse', from: 3, to: 1, term, granted: true } as const;
    leader.step(late, cluster.nowMs);
    leader.step({ ...late, granted: false }, cluster.nowMs);
    assert.equal(leader.role, 'leader');
    assert.equal(leader.currentTerm, term);
    cluster.partition([1], [2, 3]);
    cluster.pass(electionTimeoutMs + 50);
    leader.tick(cluster.nowMs + 2 * electionTimeoutMs);
    assert.equal(leader.role, 'preCandidate');
    leader.step(late, cluster.nowMs);
    assert.equal(leader.role, 'preCandidate', 'it was granted for an earlier term');
  });

  it('bug 12: pre-vote does not stand in the way of a transfer', () => {
    const cluster = new Cluster(3);
    cluster.lead(1);
    cluster.pass(200);
    cluster.raft(1).transferLeadership(2, cluster.nowMs);
    cluster.settle();
    assert.equal(cluster.raft(2).role, 'leader', 'although all have just heard from node 1');
    assert.ok(!cluster.sent.some(({ type, from }) => type === 'PreVote' && from === 2));
  });

  for (const [from, to] of [
    [1, 3],
    [3, 1],
    [2, 3],
  ] as const) {
    it(`bug 13: a link that is dead from ${from} to ${to} alone causes no election`, () => {
      const cluster = new Cluster(3);
      const leader = cluster.lead(1);
      const term = leader.currentTerm;
      cluster.cut.add(`${from}>${to}`);
      cluster.pass(15 * electionTimeoutMs, 100);
      assert.equal(leader.role, 'leader');
      cluster.heal();
      cluster.pass(2 * electionTimeoutMs, 100);
      assert.equal(leader.role, 'leader');
      assert.equal(leader.currentTerm, term, 'nor when it comes back');
    });
  }

  it('bug 13: a leader that nobody can answer gives up, and another takes over for good', () => {
    const cluster = new Cluster(3);
    const deaf = cluster.lead(1);
    cluster.cut.add('2>1').add('3>1');
    cluster.pass(6 * electionTimeoutMs, 100);
    assert.notEqual(deaf.role, 'leader');
    const [leader] = cluster.leaders();
    const term = leader?.currentTerm;
    cluster.pass(10 * electionTimeoutMs, 100);
    assert.deepEqual(cluster.leaders(), [leader]);
    assert.equal(leader?.currentTerm, term, 'the deaf node disturbs nobody');
  });

  it('bug 14: a group that sleeps elects when its leader is cut off', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.pass(300);
    const heardMs = cluster.nowMs;
    const contacts = { heardMs: () => heardMs, supportedAtMs: () => heardMs };
    assert.ok(leader.sleep(contacts, cluster.nowMs));
    for (const id of [2, 3]) {
      const { currentTerm, lastIndex } = leader;
      assert.ok(cluster.raft(id).sleepUnder(1, currentTerm, lastIndex, contacts, cluster.nowMs));
    }
    cluster.partition([1], [2, 3]);
    cluster.nowMs += electionTimeoutMs;
    // The drivers find the nodes silent.
    for (const id of [1, 2, 3]) cluster.raft(id).wake(cluster.nowMs);
    cluster.pass(2 * electionTimeoutMs, 20);
    assert.notEqual(leader.role, 'leader');
    assert.equal(cluster.leaders().length, 1);
  });

  it('bug 15: a leader whose disk stands still steps down, though its followers answer', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.get(1).autoPersist = false;
    cluster.propose(1, 'stuck');
    cluster.pass(electionTimeoutMs - 50);
    assert.equal(leader.role, 'leader');
    cluster.pass(100);
    assert.notEqual(leader.role, 'leader');
    cluster.pass(3 * electionTimeoutMs);
    const [next] = cluster.leaders();
    assert.ok(next !== undefined && next.nodeId !== 1);
    assert.deepEqual(cluster.appliedTexts(next.nodeId), ['stuck']);
  });

  it('bug 15: a leader whose ticker stood still finds out before it does anything', () => {
    const cluster = new Cluster(3);
    const leader = cluster.lead(1);
    cluster.nowMs += 10 * electionTimeoutMs;
    leader.tick(cluster.nowMs);
    assert.equal(leader.role, 'follower');
    assert.equal(cluster.propose(1, 'late').outcome, 'notLeader');
  });
});
