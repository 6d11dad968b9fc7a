import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AppendEntries, Entry } from '@quorate/schema';
import { Cluster, electionTimeoutMs } from './support/cluster.ts';

const entry = (index: number, term: number, text = ''): Entry => ({
  index,
  term,
  kind: 0,
  timestampMicros: index,
  data: new TextEncoder().encode(text),
});

const append = (
  from: number,
  to: number,
  term: number,
  prev: [index: number, term: number],
  entries: readonly Entry[],
  commitIndex = 0,
): AppendEntries => ({
  type: 'AppendEntries',
  from,
  to,
  term,
  prevLogIndex: prev[0],
  prevLogTerm: prev[1],
  commitIndex,
  entries,
});

describe('3.5 log replication', () => {
  it('applies the same commands in the same order everywhere', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect().nodeId;
    for (const text of ['a', 'b', 'c']) cluster.propose(leader, text);
    cluster.settle();
    for (const id of [1, 2, 3]) assert.deepEqual(cluster.appliedTexts(id), ['a', 'b', 'c']);
  });

  it('an acknowledgement leaves only when the entries are durable', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect().nodeId;
    const others = [1, 2, 3].filter((id) => id !== leader);
    for (const id of others) cluster.get(id).autoPersist = false;
    const before = cluster.raft(leader).commitIndex;
    cluster.propose(leader, 'a');
    cluster.settle();
    assert.equal(cluster.raft(leader).commitIndex, before);
    cluster.get(others[0] as number).persistNext(cluster.nowMs);
    cluster.settle();
    assert.equal(cluster.raft(leader).commitIndex, before + 1);
  });

  it('commits without its own disk when a quorum of followers has it, and applies later', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect().nodeId;
    cluster.get(leader).autoPersist = false;
    const before = cluster.raft(leader).commitIndex;
    cluster.propose(leader, 'a');
    cluster.settle();
    assert.equal(cluster.raft(leader).commitIndex, before + 1);
    assert.deepEqual(cluster.appliedTexts(leader), []);
    cluster.get(leader).persistNext(cluster.nowMs);
    cluster.settle();
    assert.deepEqual(cluster.appliedTexts(leader), ['a']);
  });

  it('the only node acknowledges nothing before its own disk has it (bug 7)', () => {
    const cluster = new Cluster(1);
    cluster.elect();
    const member = cluster.get(1);
    member.autoPersist = false;
    const before = member.raft.commitIndex;
    cluster.propose(1, 'a');
    cluster.settle();
    assert.equal(member.raft.commitIndex, before);
    member.persistNext(cluster.nowMs);
    assert.equal(member.raft.commitIndex, before + 1);
  });

  it('overwrites what an old leader could not commit', () => {
    const cluster = new Cluster(3);
    const old = cluster.elect().nodeId;
    cluster.partition(
      [old],
      [1, 2, 3].filter((id) => id !== old),
    );
    cluster.propose(old, 'lost');
    cluster.pass(4 * electionTimeoutMs);
    const leader = cluster.leaders()[0]?.nodeId ?? 0;
    cluster.propose(leader, 'kept');
    cluster.settle();
    cluster.heal();
    cluster.pass(electionTimeoutMs);
    for (const id of [1, 2, 3]) assert.deepEqual(cluster.appliedTexts(id), ['kept']);
  });

  it('a delayed AppendEntries removes nothing that a later one brought (bug 25)', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const raft = cluster.raft(2);
    raft.step(append(1, 2, 1, [0, 0], [entry(1, 1), entry(2, 1), entry(3, 1)]), 0);
    cluster.turn(2);
    raft.step(append(1, 2, 1, [0, 0], [entry(1, 1)]), 0);
    cluster.turn(2);
    assert.equal(raft.lastIndex, 3);
  });

  it('a write that was truncated and replaced counts for nothing when it completes (bug 6)', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const member = cluster.get(2);
    member.autoPersist = false;
    member.raft.step(append(1, 2, 1, [0, 0], [entry(1, 1), entry(2, 1)]), 0);
    cluster.turn(2);
    member.raft.step(append(3, 2, 2, [0, 0], [entry(1, 2), entry(2, 2)]), 0);
    cluster.turn(2);
    member.persistNext(0);
    assert.equal(member.raft.durableIndex, 0);
    assert.deepEqual(cluster.turn(2).messages, []);
    member.persistNext(0);
    assert.equal(member.raft.durableIndex, 2);
  });

  it('backs up by whole terms, not entry by entry (bug 32)', () => {
    const cluster = new Cluster(2);
    cluster.settle();
    const long = Array.from({ length: 500 }, (_, i) => entry(i + 1, i < 100 ? 1 : 2));
    const other = Array.from({ length: 400 }, (_, i) => entry(i + 1, i < 100 ? 1 : 3));
    const logs: [number, Entry[], number][] = [
      [1, long, 9],
      [2, other, 9],
    ];
    for (const [id, entries, term] of logs) {
      const disk = cluster.get(id).disk;
      cluster.get(id).disk = {
        ...disk,
        hardState: { term, votedFor: 0, commitIndex: 0 },
        entries,
      };
      cluster.restart(id);
    }
    const leader = cluster.elect();
    assert.equal(leader.nodeId, 2);
    cluster.pass(200);
    assert.equal(cluster.raft(1).lastIndex, leader.lastIndex);
    const refusals = cluster.sent.filter(
      (message) => message.type === 'AppendEntriesResponse' && !message.success,
    );
    assert.ok(refusals.length <= 3, `${refusals.length} refusals`);
  });

  it('resumes after lost messages without another proposal (bug 31)', () => {
    const cluster = new Cluster(3, { maxInflightMessages: 2 });
    const leader = cluster.elect().nodeId;
    for (let i = 0; i < 10; i++) {
      cluster.propose(leader, `x${i}`);
      cluster.turn(leader);
    }
    cluster.deliver((message) => message.type !== 'AppendEntries');
    cluster.pass(1000);
    for (const id of [1, 2, 3]) assert.equal(cluster.appliedTexts(id).length, 10);
  });

  it('resumes with a snapshot when the log was cut behind a lost message (bug 31)', () => {
    const cluster = new Cluster(3, { maxInflightMessages: 1 });
    const leader = cluster.elect().nodeId;
    const late = leader === 1 ? 2 : 1;
    cluster.partition([late], [leader]);
    cluster.propose(leader, 'lost on its way');
    cluster.settle();
    cluster.propose(leader, 'not sent, because the window is full');
    cluster.settle();
    const raft = cluster.raft(leader);
    raft.compact(raft.snapshotMeta(raft.commitIndex), 0);
    cluster.heal();
    cluster.pass(500);
    assert.equal(cluster.get(leader).snapshotsToSend.at(-1)?.to, late);
  });

  it('refuses proposals while too much is uncommitted, and takes them again afterwards', () => {
    const cluster = new Cluster(3, { maxUncommittedBytes: 1000 });
    const leader = cluster.elect().nodeId;
    const others = [1, 2, 3].filter((id) => id !== leader);
    for (const id of others) cluster.get(id).autoPersist = false;
    assert.equal(cluster.propose(leader, 'x'.repeat(900)).outcome, 'appended');
    assert.equal(cluster.propose(leader, 'x'.repeat(100)).outcome, 'overloaded');
    cluster.settle();
    for (const id of others) cluster.get(id).autoPersist = true;
    cluster.settle();
    assert.equal(cluster.propose(leader, 'x'.repeat(100)).outcome, 'appended');
  });

  it('gives entries times that strictly increase, whatever the wall clock does', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect().nodeId;
    const raft = cluster.raft(leader);
    const data = new Uint8Array(1);
    raft.propose([data, data], cluster.nowMs, 5_000_000);
    raft.propose([data], cluster.nowMs, 1);
    cluster.settle();
    const times = cluster.get(leader).applied.map((applied) => applied.timestampMicros);
    for (let i = 1; i < times.length; i++) {
      assert.ok((times[i] as number) > (times[i - 1] as number));
    }
  });
});

describe('3.6.2 figure 8: entries of earlier terms', () => {
  it('are not committed by counting replicas (bug 1)', () => {
    const cluster = new Cluster(3, { maxMessageBytes: 1 });
    cluster.settle();
    for (const id of [1, 2]) {
      const disk = cluster.get(id).disk;
      cluster.get(id).disk = {
        ...disk,
        hardState: { term: 2, votedFor: 0, commitIndex: 0 },
        entries: id === 1 ? [entry(1, 2, 'old')] : [],
      };
      cluster.restart(id);
    }
    cluster.partition([3], [1, 2]);
    cluster.nowMs = 5000;
    const one = cluster.raft(1);
    one.tick(cluster.nowMs);
    // Everything arrives but the leader's own empty entry.
    for (let i = 0; i < 10; i++) {
      cluster.turn(1);
      cluster.turn(2);
      cluster.network = cluster.network.map((message) =>
        message.type === 'AppendEntries'
          ? { ...message, entries: message.entries.filter((sent) => sent.term < message.term) }
          : message,
      );
      cluster.deliver();
    }
    assert.equal(one.role, 'leader');
    assert.equal(cluster.raft(2).lastIndex, 1, 'the old entry is on a majority');
    assert.equal(one.commitIndex, 0, 'and yet not committed');
  });
});

describe('5 snapshots', () => {
  it('a follower that is too far behind gets a snapshot, then the rest of the log', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect().nodeId;
    const late = leader === 1 ? 2 : 1;
    cluster.partition(
      [late],
      [1, 2, 3].filter((id) => id !== late),
    );
    for (let i = 0; i < 5; i++) cluster.propose(leader, `s${i}`);
    cluster.settle();
    const raft = cluster.raft(leader);
    raft.compact(raft.snapshotMeta(raft.commitIndex), 0);
    cluster.settle();
    cluster.heal();
    cluster.pass(300);
    const request = cluster.get(leader).snapshotsToSend.at(-1);
    assert.equal(request?.to, late);
    const { snapshot } = request;
    cluster
      .raft(late)
      .step(
        { type: 'InstallSnapshot', from: leader, to: late, term: raft.currentTerm, snapshot },
        cluster.nowMs,
      );
    cluster.settle();
    raft.snapshotSent(late);
    cluster.propose(leader, 'after');
    cluster.settle();
    assert.equal(cluster.get(late).restored?.index, snapshot.index);
    assert.deepEqual(cluster.appliedTexts(late), ['after']);
    const restarted = cluster.restart(late);
    assert.equal(restarted.raft.snapshot.index, snapshot.index);
    assert.equal(restarted.raft.lastIndex, raft.lastIndex);
  });

  it('a second snapshot before the first is durable replaces it (bug 27)', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const member = cluster.get(2);
    member.autoPersist = false;
    const { configuration } = member.raft;
    for (const index of [10, 20]) {
      const snapshot = { index, term: 1, timestampMicros: index, configuration, withheld: false };
      member.raft.step({ type: 'InstallSnapshot', from: 1, to: 2, term: 1, snapshot }, 0);
      cluster.turn(2);
    }
    assert.equal(member.disk.snapshot.index, 0);
    member.autoPersist = true;
    cluster.settle();
    assert.equal(member.restored?.index, 20);
    assert.equal(member.disk.snapshot.index, 20);
    const answer = cluster.sent
      .filter((message) => message.type === 'AppendEntriesResponse')
      .at(-1);
    assert.equal(answer?.matchIndex, 20);
  });

  it('keeps entries that agree with a snapshot instead of installing it', () => {
    const cluster = new Cluster(3);
    cluster.settle();
    const member = cluster.get(2);
    member.raft.step(append(1, 2, 1, [0, 0], [entry(1, 1), entry(2, 1), entry(3, 1)]), 0);
    cluster.settle();
    const { configuration } = member.raft;
    const snapshot = { index: 2, term: 1, timestampMicros: 2, configuration, withheld: false };
    member.raft.step({ type: 'InstallSnapshot', from: 1, to: 2, term: 1, snapshot }, 0);
    cluster.settle();
    assert.equal(member.restored, null);
    assert.equal(member.raft.commitIndex, 2);
    assert.equal(member.raft.lastIndex, 3);
  });
});

describe('6.4 linearizable reads', () => {
  it('waits for the first commit of the term (bug 33)', () => {
    const cluster = new Cluster(3);
    const old = cluster.elect().nodeId;
    cluster.propose(old, 'a');
    cluster.settle();
    const others = [1, 2, 3].filter((id) => id !== old);
    cluster.partition([old], others);
    for (const id of others) cluster.get(id).autoPersist = true;
    cluster.pass(4 * electionTimeoutMs);
    const leader = cluster.leaders()[0];
    assert.ok(leader !== undefined);
    leader.readIndex(1, cluster.nowMs);
    cluster.settle();
    const [read] = cluster.get(leader.nodeId).reads;
    assert.ok(read !== undefined && read.index >= leader.commitIndex);
  });

  it('a leader that was replaced answers no read', () => {
    const cluster = new Cluster(3);
    const old = cluster.elect();
    cluster.partition(
      [old.nodeId],
      [1, 2, 3].filter((id) => id !== old.nodeId),
    );
    old.readIndex(7, cluster.nowMs);
    cluster.pass(4 * electionTimeoutMs);
    assert.deepEqual(cluster.get(old.nodeId).reads, []);
    assert.deepEqual(cluster.get(old.nodeId).failedReads, [7]);
  });

  it('a delayed heartbeat answer does not confirm a later read (bug 34)', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    cluster.pass(100);
    cluster.nowMs += 100;
    cluster.turn(leader.nodeId);
    const others = [1, 2, 3].filter((id) => id !== leader.nodeId);
    cluster.deliver();
    for (const id of others) cluster.turn(id);
    const delayed = cluster.network;
    cluster.network = [];
    leader.readIndex(3, cluster.nowMs);
    cluster.turn(leader.nodeId);
    cluster.network = [];
    for (const message of delayed) leader.step(message, cluster.nowMs);
    cluster.turn(leader.nodeId);
    assert.deepEqual(cluster.get(leader.nodeId).reads, []);
  });

  it('a follower reads through its leader', () => {
    const cluster = new Cluster(3);
    const leader = cluster.elect();
    const follower = leader.nodeId === 2 ? 3 : 2;
    cluster.propose(leader.nodeId, 'a');
    cluster.settle();
    assert.equal(cluster.raft(follower).readIndex(11, cluster.nowMs), true);
    cluster.settle();
    assert.deepEqual(cluster.get(follower).reads, [{ context: 11, index: leader.commitIndex }]);
  });
});
