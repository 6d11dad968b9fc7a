import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configurationOf, entries, snapshotOf } from './support/messages.ts';
import { recoveredReplica } from './support/recovered-replica.ts';
import { newReplica, persistAll } from './support/settled-leader.ts';

const three = configurationOf([1, 2, 3]);

describe('what is written', () => {
  it('is only what no write has carried yet', () => {
    const replica = recoveredReplica();
    replica.append(entries(11, 12, 3));
    const first = replica.takeWrite();
    assert.deepEqual(first?.entries, entries(11, 12, 3));
    assert.deepEqual([first.truncateAfter, first.snapshot, first.logStart], [null, null, null]);
    replica.append(entries(13, 13, 3));
    const second = replica.takeWrite();
    assert.deepEqual(second?.entries, entries(13, 13, 3));
    assert.equal(second.id, first.id + 1);
    assert.equal(replica.takeWrite(), null);
  });

  it('says how far the log is committed, and moves nothing by itself', () => {
    const replica = recoveredReplica();
    assert.equal(replica.commitTo(8), true);
    assert.equal(replica.commitTo(8), false);
    assert.equal(replica.commitTo(7), false);
    assert.equal(replica.takeWrite(), null, 'a commit index can be learned again');
    replica.append(entries(11, 11, 3));
    assert.deepEqual(replica.takeWrite()?.hardState, { term: 3, votedFor: 2, commitIndex: 8 });
    assert.throws(() => replica.commitTo(12), /that are there/);
  });

  it('truncates what was written before, and only that', () => {
    const replica = recoveredReplica();
    replica.append(entries(11, 12, 3));
    replica.truncateAfter(10);
    assert.equal(replica.takeWrite(), null, 'no write has carried them');
    replica.append(entries(11, 12, 3));
    replica.truncateAfter(11);
    const unwrittenOnly = replica.takeWrite();
    assert.deepEqual(unwrittenOnly?.entries, entries(11, 11, 3));
    assert.equal(unwrittenOnly.truncateAfter, null);
    replica.truncateAfter(9);
    replica.append(entries(10, 10, 4));
    replica.truncateAfter(8);
    replica.append(entries(9, 9, 5));
    const write = replica.takeWrite();
    assert.equal(write?.truncateAfter, 8);
    assert.deepEqual(write.entries, entries(9, 9, 5));
    assert.throws(() => replica.truncateAfter(5), /never truncated/);
  });

  it('truncates at the lowest point, whatever came after', () => {
    const replica = recoveredReplica();
    replica.truncateAfter(7);
    replica.append(entries(8, 9, 4));
    replica.truncateAfter(8);
    assert.equal(replica.takeWrite()?.truncateAfter, 7);
  });

  it('is truncated also without entries to follow', () => {
    const replica = recoveredReplica();
    replica.truncateAfter(9);
    const write = replica.takeWrite();
    assert.deepEqual([write?.truncateAfter, write?.entries], [9, []]);
  });
});

describe('a snapshot that replaces the log', () => {
  it('is written with the end of the old log, and before what follows it', () => {
    const replica = recoveredReplica();
    replica.truncateAfter(9);
    const snapshot = snapshotOf(20, 3, [1, 2]);
    replica.installSnapshot(snapshot);
    replica.append(entries(21, 22, 3));
    assert.deepEqual([replica.commitIndex, replica.log.lastIndex], [20, 22]);
    assert.deepEqual(replica.configuration.voters, [1, 2]);
    assert.equal(replica.snapshot, snapshot);
    const write = replica.takeWrite();
    assert.deepEqual(write, {
      id: 1,
      hardState: { term: 3, votedFor: 2, commitIndex: 20 },
      truncateAfter: 2,
      entries: [],
      snapshot,
      logStart: { index: 20, term: 3 },
    });
    assert.deepEqual(replica.takeWrite()?.entries, entries(21, 22, 3));
    assert.equal(replica.durability.durableIndex, 6, 'what was committed stays durable');
    assert.equal(replica.durability.persisted(1), snapshot);
    assert.equal(replica.durability.durableIndex, 20);
  });

  it('voids all of the old log, also where nothing was truncated', () => {
    const replica = recoveredReplica();
    replica.installSnapshot(snapshotOf(20, 3, [1, 2]));
    assert.equal(replica.takeWrite()?.truncateAfter, 2);
  });

  it('is applied before anything else is', () => {
    const replica = recoveredReplica();
    replica.installSnapshot(snapshotOf(20, 3, [1, 2]));
    assert.deepEqual(replica.takeCommitted(), []);
  });
});

describe('a snapshot of its own state', () => {
  it('is written, and with it where the log begins', () => {
    const replica = recoveredReplica();
    const snapshot = snapshotOf(6, 1, [1, 2, 3]);
    replica.compact(snapshot, 6);
    assert.deepEqual(replica.log.start, { index: 5, term: 1 });
    const write = replica.takeWrite();
    assert.equal(write?.snapshot, snapshot);
    assert.deepEqual(write.logStart, { index: 5, term: 1 });
    replica.compact(snapshot, 99);
    const cut = replica.takeWrite();
    assert.deepEqual([cut?.snapshot, cut?.logStart], [null, { index: 6, term: 1 }]);
    replica.compact(snapshot, 7);
    assert.equal(replica.takeWrite(), null, 'there is nothing left to cut');
  });

  it('may leave the log as long as it is', () => {
    const replica = recoveredReplica();
    replica.compact(snapshotOf(6, 1, [1, 2, 3]), 0);
    assert.equal(replica.log.start.index, 2);
    const write = replica.takeWrite();
    assert.deepEqual([write?.snapshot?.index, write?.logStart], [6, null]);
  });
});

describe('what is handed out to be applied', () => {
  it('is committed and durable, one batch at a time', () => {
    const replica = recoveredReplica();
    assert.deepEqual(replica.takeCommitted(), entries(5, 6, 1));
    replica.commitTo(8);
    assert.deepEqual(replica.takeCommitted(), [], 'the last batch is being applied');
    replica.appliedIndex = 6;
    assert.deepEqual(replica.takeCommitted(), entries(7, 8, 1));
    replica.appliedIndex = 8;
    assert.deepEqual(replica.takeCommitted(), []);
    replica.append(entries(11, 11, 3));
    replica.commitTo(11);
    assert.deepEqual(replica.takeCommitted(), entries(9, 10, 3));
    replica.appliedIndex = 10;
    assert.deepEqual(replica.takeCommitted(), [], 'entry 11 is not durable here');
    persistAll(replica);
    assert.deepEqual(replica.takeCommitted(), entries(11, 11, 3));
  });

  it('is no more bytes than may be applied at a time', () => {
    const replica = newReplica(three, { maxApplyBytes: 1 });
    replica.adoptTerm(1);
    replica.append(entries(1, 3, 1));
    persistAll(replica);
    replica.commitTo(3);
    assert.deepEqual(replica.takeCommitted(), entries(1, 1, 1));
    assert.equal(replica.handedIndex, 1);
  });

  it('is nothing at a witness, which skips it', () => {
    const initial = { ...snapshotOf(4, 1, [1, 2, 3]), withheld: true };
    const replica = recoveredReplica({ snapshot: initial });
    assert.equal(replica.holdsData, false);
    assert.deepEqual(replica.takeCommitted(), []);
    assert.deepEqual([replica.handedIndex, replica.appliedIndex], [6, 6]);
  });
});

describe('the time of the last entry', () => {
  it('is that of the snapshot when there is none behind it', () => {
    assert.equal(recoveredReplica().lastTimestampMicros, 10);
    const snapshot = { ...snapshotOf(4, 1, [1]), timestampMicros: 777 };
    const initial = { snapshot, entries: [], logStart: { index: 4, term: 1 } };
    assert.equal(recoveredReplica(initial).lastTimestampMicros, 777);
  });
});
