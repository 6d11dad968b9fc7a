import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Leadership, maxValueBytes } from '../../src/core/index.ts';
import { bytes, elected, has } from './support/elected.ts';
import { FakeGroup, usableMs } from './support/fake-group.ts';

const never = Number.NEGATIVE_INFINITY;

describe('Elector', () => {
  it('is elected once its entry is applied, while it leads the term and holds a lease', () => {
    const group = elected();
    const { elector } = group;
    assert.equal(elector.isLeader(), true);
    const { token, term, value, deadlineMs } = elector.leadership() as Leadership;
    assert.deepEqual([token, term, value], [1n, 1, bytes('one')]);
    assert.ok(Math.abs(deadlineMs - usableMs) < 1e-6);
    assert.equal(elector.deadlineMs, deadlineMs);
    assert.equal(elector.presentRecord()?.leader, 1);
  });

  it('does not lead before its entry is applied, nor without a campaign', () => {
    const group = new FakeGroup();
    group.commits = false;
    group.lead(1);
    assert.equal(group.proposals, 0);
    group.elector.campaign(bytes(''));
    assert.equal(group.proposals, 1);
    assert.equal(group.elector.isLeader(), false);
    assert.equal(group.elector.deadlineMs, never);
    group.commit();
    assert.equal(group.elector.isLeader(), true);
  });

  it('waits for a lease with what it was granted, and asks for no other token', () => {
    const group = new FakeGroup();
    group.elector.campaign(bytes(''));
    group.lead(1);
    group.loseLease();
    group.run(50);
    assert.deepEqual(group.told, []);
    group.renew();
    group.run(50);
    assert.deepEqual(group.told, ['elected 1']);
  });

  it('hands the lead of the group on when no lease comes for long, and is elected later', () => {
    const group = new FakeGroup();
    group.elector.campaign(bytes(''));
    group.lead(1);
    group.loseLease();
    group.run(350);
    assert.equal(group.transfers.length, 0);
    group.run(100);
    assert.deepEqual(
      group.transfers.map(({ to }) => to),
      [null],
    );
    group.run(2000);
    assert.equal(group.transfers.length, 1);
    group.failTransfer();
    group.run(500);
    assert.equal(group.transfers.length, 2);
    group.follow(2, 2);
    group.lead(3);
    group.runWithLease(5000);
    assert.deepEqual(group.told, ['elected 2']);
    assert.equal(group.transfers.length, 2);
  });

  it('leads on as long as a quorum answers', () => {
    const group = elected();
    group.runWithLease(3000);
    assert.deepEqual(group.told, ['elected 1']);
    assert.equal(group.elector.isLeader(), true);
  });

  it('ceases to lead at the deadline, by the clock alone, and is told so for good', () => {
    const group = elected();
    group.commits = false;
    const { deadlineMs } = group.elector;
    group.scheduler.schedule(deadlineMs - group.nowMs, () => {
      assert.equal(group.elector.isLeader(), false);
    });
    group.run(usableMs - group.nowMs - 0.01);
    assert.equal(group.elector.isLeader(), true);
    group.run(0.02);
    assert.deepEqual(group.told, ['elected 1', 'lost 1 expired']);
    group.renew();
    assert.equal(group.elector.isLeader(), false);
  });

  it('tells of the loss within a moment, when nobody asks', () => {
    const group = elected();
    group.commits = false;
    group.run(usableMs + 2);
    assert.deepEqual(group.told, ['elected 1', 'lost 1 expired']);
  });

  it('does not take up a leadership whose deadline has passed unseen', () => {
    const group = elected();
    group.commits = false;
    // The process stood still; then an answer is read before any timer comes.
    group.standStill(usableMs + 1);
    group.renew();
    assert.equal(group.elector.deadlineMs, never);
    assert.equal(group.elector.isLeader(), false);
    assert.equal(group.told.at(-1), 'lost 1 expired');
  });

  it('begins another leadership in the same term, with a token of its own', () => {
    const group = elected();
    group.run(usableMs + 2);
    group.renew();
    group.runWithLease(20);
    assert.deepEqual(group.told, ['elected 1', 'lost 1 expired', 'elected 2']);
    assert.equal(group.elector.leadership()?.term, 1);
  });

  it('is deposed when another leads a later term', () => {
    const group = elected();
    group.follow(2, 3);
    assert.deepEqual(group.told, ['elected 1', 'lost 1 deposed']);
    assert.equal(group.elector.isLeader(), false);
  });

  it('has lost when it asks in another term, before anybody has told it', () => {
    const group = elected();
    let isLeader = true;
    const silent = group.elector.onLeadership({
      lost: () => {
        isLeader = group.elector.isLeader();
      },
    });
    group.follow(2, 2);
    assert.equal(isLeader, false);
    silent();
    group.lead(3);
    group.run(2);
    assert.deepEqual(group.told, ['elected 1', 'lost 1 deposed', 'elected 2']);
  });

  it('has lost as soon as another node is told to take over', () => {
    const group = elected();
    group.commits = false;
    group.handOver();
    assert.deepEqual(group.told, ['elected 1', 'lost 1 transferred']);
  });

  it('tells everyone of one event before the next, whatever they do in answer', () => {
    const group = new FakeGroup();
    const heard: string[] = [];
    group.elector.onLeadership({ elected: () => group.elector.resign({}, () => undefined) });
    group.elector.onLeadership({
      elected: () => heard.push('elected'),
      lost: () => heard.push('lost'),
    });
    group.elector.campaign(bytes(''));
    group.lead(1);
    group.run(5);
    assert.deepEqual(heard, ['elected', 'lost']);
  });

  it('goes on when a listener throws, and throws that from the event loop', () => {
    const group = new FakeGroup();
    group.elector.onLeadership({
      elected: () => {
        throw new Error('not ours');
      },
    });
    const heard: bigint[] = [];
    group.elector.onLeadership({ elected: ({ token }) => heard.push(token) });
    group.elector.campaign(bytes(''));
    group.lead(1);
    assert.throws(() => group.run(5), /not ours/);
    assert.deepEqual(heard, [1n]);
    assert.equal(group.elector.isLeader(), true);
  });

  it('asks again for a leadership when its entry was lost', () => {
    const group = new FakeGroup();
    group.commits = false;
    group.elector.campaign(bytes(''));
    group.lead(1);
    group.failProposals();
    assert.equal(group.proposals, 0);
    group.commits = true;
    group.runWithLease(60);
    assert.deepEqual(group.told, ['elected 1']);
  });

  it('takes no notice of a grant for a term that is over', () => {
    const group = new FakeGroup();
    group.commits = false;
    group.elector.campaign(bytes(''));
    group.lead(1);
    group.follow(1, 0);
    group.commit();
    assert.deepEqual(group.told, []);
    assert.equal(group.machine.record?.leader, 1);
    assert.equal(group.elector.presentRecord(), null);
  });

  it('gives back at once what it was granted after it had withdrawn', () => {
    const group = new FakeGroup();
    group.commits = false;
    group.elector.campaign(bytes(''));
    group.lead(1);
    group.elector.cancel();
    group.commits = true;
    group.commit();
    group.run(5);
    assert.deepEqual(group.told, []);
    assert.equal(group.machine.record?.held, false);
  });

  it('leads on after its campaign has ended, and gives the record back when that is over', () => {
    const group = elected();
    group.elector.cancel();
    group.runWithLease(500);
    assert.equal(group.elector.isLeader(), true);
    group.run(usableMs + 50);
    assert.deepEqual(group.told, ['elected 1', 'lost 1 expired']);
    assert.equal(group.machine.record?.held, false);
  });

  it('refuses a value that is too long, and everything once it is closed', () => {
    const group = elected();
    const { elector } = group;
    const tooLong = new Uint8Array(maxValueBytes + 1);
    assert.throws(() => elector.campaign(tooLong), has('ELECTION_VALUE_TOO_LARGE'));
    assert.throws(() => elector.proclaim(tooLong, unheard), has('ELECTION_VALUE_TOO_LARGE'));
    elector.close();
    elector.close();
    assert.deepEqual(group.told, ['elected 1', 'lost 1 closed']);
    assert.throws(() => elector.campaign(bytes('')), has('ELECTION_CLOSED'));
    assert.throws(() => elector.proclaim(bytes(''), unheard), has('ELECTION_CLOSED'));
    assert.throws(() => elector.resign({}, unheard), has('ELECTION_CLOSED'));
    assert.throws(() => elector.transfer({}, unheard), has('ELECTION_CLOSED'));
    group.follow(2, 2);
    group.lead(3);
    group.run(1000);
    assert.deepEqual(group.told, ['elected 1', 'lost 1 closed']);
  });
});

describe('Elector that leads', () => {
  it('proclaims, and shows what it has proclaimed', () => {
    const group = elected();
    let outcome: Error | null | undefined;
    group.elector.proclaim(bytes('two'), (error) => {
      outcome = error;
    });
    group.run(2);
    assert.equal(outcome, null);
    assert.deepEqual(group.elector.leadership()?.value, bytes('two'));
  });

  it('is told when what it proclaims comes too late', () => {
    const group = elected();
    group.commits = false;
    const outcomes: (Error | null)[] = [];
    group.elector.proclaim(bytes('two'), (error) => outcomes.push(error));
    group.follow(2, 2);
    group.commit();
    assert.ok(has('ELECTION_NOT_LEADER')(outcomes[0]));
    assert.deepEqual(group.machine.record?.value, bytes('one'));
  });
});

function unheard(): void {
  assert.fail('it is not called');
}
