import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ReadDone, RuntimeError } from '@quorate/runtime';
import {
  type ElectionError,
  type ElectionTiming,
  encodeElectionCommand,
  leaseTermsOf,
} from '../../src/core/index.ts';
import { bytes, elected, has } from './support/elected.ts';
import { FakeGroup, timing } from './support/fake-group.ts';

describe('Elector that gives up', () => {
  it('has lost first, then waits for the work, then says so in the log, then hands over', () => {
    const group = elected();
    const steps: string[] = [];
    const works: (() => void)[] = [];
    group.elector.resign(
      {
        workEnds: (then) => {
          steps.push(`asked, leads ${group.elector.isLeader()}`);
          works.push(then);
        },
      },
      (error) => steps.push(`done ${error}`),
    );
    assert.deepEqual(group.told, ['elected 1', 'lost 1 resigned']);
    assert.deepEqual(steps, ['asked, leads false']);
    group.runWithLease(100);
    assert.equal(group.machine.record?.held, true);
    for (const then of works) {
      then();
      then();
    }
    group.runWithLease(10);
    assert.equal(group.machine.record?.held, false);
    assert.deepEqual(
      group.transfers.map(({ to }) => to),
      [null],
    );
    assert.equal(steps.length, 1);
    group.failTransfer();
    assert.deepEqual(steps.slice(1), ['done null']);
    group.runWithLease(1000);
    assert.deepEqual(group.told, ['elected 1', 'lost 1 resigned']);
  });

  it('campaigns on after a transfer, and is told when that came to nothing', () => {
    const group = elected();
    let outcome: Error | null | undefined;
    group.elector.transfer({ to: 2 }, (error) => {
      outcome = error;
    });
    group.runWithLease(10);
    assert.equal(group.transfers[0]?.to, 2);
    assert.deepEqual(group.told, ['elected 1', 'lost 1 transferred']);
    group.failTransfer();
    assert.equal(outcome?.message, 'too slow');
    group.runWithLease(20);
    assert.deepEqual(group.told, ['elected 1', 'lost 1 transferred', 'elected 2']);
  });

  it('answers everyone who asked, once', () => {
    const group = elected();
    const heard: string[] = [];
    group.elector.transfer({}, () => heard.push('first'));
    group.elector.resign({}, () => heard.push('second'));
    group.runWithLease(10);
    group.transfers[0]?.done(null);
    group.runWithLease(500);
    assert.deepEqual(heard, ['first', 'second']);
    assert.equal(group.transfers.length, 1);
  });

  it('needs no hand-over when another leads by the time the work has ended', () => {
    const group = elected();
    const works: (() => void)[] = [];
    let isDone = false;
    group.elector.resign({ workEnds: (then) => void works.push(then) }, () => {
      isDone = true;
    });
    group.follow(2, 3);
    works[0]?.();
    assert.equal(isDone, true);
    assert.deepEqual(group.transfers, []);
  });

  it('without a leadership ends only its campaign', () => {
    const group = new FakeGroup();
    group.elector.campaign(bytes(''));
    let isDone = false;
    group.elector.resign({}, () => {
      isDone = true;
    });
    group.run(0);
    assert.equal(isDone, true);
    group.lead(1);
    group.run(100);
    assert.deepEqual(group.told, []);
  });

  it('hands the lead of the group over where it has no other', () => {
    const group = new FakeGroup();
    group.lead(1);
    group.elector.transfer({ to: 3 }, () => undefined);
    assert.equal(group.transfers[0]?.to, 3);
  });

  it('when closed answers whoever waits', () => {
    const group = elected();
    const outcomes: (Error | null)[] = [];
    group.elector.transfer({ workEnds: () => undefined }, (error) => outcomes.push(error));
    group.elector.close();
    assert.ok(has('ELECTION_CLOSED')(outcomes[0]));
  });
});

describe('Elector that follows', () => {
  const lead = (leader: number, term: number, its: ElectionTiming = timing): Uint8Array =>
    encodeElectionCommand({
      kind: 'lead',
      leader,
      term,
      generation: 0,
      lease: leaseTermsOf(its),
      value: bytes(''),
    });

  it('waits while the leader of the group leads', () => {
    const group = new FakeGroup();
    group.elector.campaign(bytes(''));
    group.follow(1, 2);
    group.applyOther(lead(2, 1));
    group.run(5000);
    assert.equal(group.asked.length, 0);
    assert.equal(group.elector.presentRecord()?.leader, 2);
  });

  it('asks for the lead when the leader of the group has not led for an election timeout', () => {
    const group = new FakeGroup();
    group.elector.campaign(bytes(''));
    group.follow(1, 2);
    group.run(199);
    assert.equal(group.asked.length, 0);
    group.run(202);
    assert.equal(group.asked.length, 1);
    group.run(5000);
    assert.equal(group.asked.length, 1);
    group.asked[0]?.(new Error('refused'));
    group.run(199);
    assert.equal(group.asked.length, 1);
    group.run(202);
    assert.equal(group.asked.length, 2);
  });

  it('gives every new leader that time, and does not ask without one', () => {
    const group = new FakeGroup();
    group.elector.campaign(bytes(''));
    for (let term = 1; term < 10; term += 1) {
      group.follow(term, 2 + (term % 2));
      group.run(190);
    }
    group.follow(10, 0);
    group.run(5000);
    assert.equal(group.asked.length, 0);
  });

  it('does not ask before it knows all that is committed, nor if somebody leads by that', () => {
    const group = new FakeGroup();
    const barriers: ReadDone[] = [];
    group.barriers = barriers;
    group.elector.campaign(bytes(''));
    group.follow(1, 2);
    group.run(401);
    assert.deepEqual([barriers.length, group.asked.length], [1, 0]);
    barriers[0]?.(new RuntimeError('RUNTIME_READ_TIMEOUT', 'no answer', { timeoutMs: 1 }), 0);
    group.run(401);
    assert.deepEqual([barriers.length, group.asked.length], [2, 0]);
    group.applyOther(lead(2, 1));
    barriers[1]?.(null, 1);
    group.run(5000);
    assert.deepEqual([barriers.length, group.asked.length], [2, 0]);
  });

  it('asks for nothing when it is no candidate', () => {
    const group = new FakeGroup();
    group.follow(1, 2);
    group.run(5000);
    assert.equal(group.asked.length, 0);
  });

  it('closes, and says so, when another leads by other times than its own', () => {
    const differs: bigint[] = [];
    const group = new FakeGroup({ leaseDiffers: ({ token }) => differs.push(token) });
    group.elector.campaign(bytes(''));
    group.follow(1, 2);
    group.applyOther(lead(2, 1));
    assert.deepEqual(differs, []);
    group.follow(2, 3);
    group.applyOther(lead(3, 2, { ...timing, electionTimeoutMs: 400 }));
    group.applyOther(lead(3, 2, { ...timing, maxClockDrift: 0.02 }));
    assert.deepEqual(differs, [2n]);
    assert.throws(() => group.elector.campaign(bytes('')), has('ELECTION_CLOSED'));
  });

  it('does not mind by what times somebody led in an earlier term', () => {
    const differs: bigint[] = [];
    const group = new FakeGroup({ leaseDiffers: ({ token }) => differs.push(token) });
    group.follow(2, 3);
    group.applyOther(lead(3, 2));
    group.follow(3, 0);
    group.elector.campaign(bytes(''));
    group.lead(4);
    group.run(5);
    assert.deepEqual(group.told, ['elected 2']);
    const old = new FakeGroup({ leaseDiffers: ({ token }) => differs.push(token) });
    old.follow(1, 0);
    old.applyOther(lead(2, 1, { ...timing, electionTimeoutMs: 400 }));
    old.follow(2, 2);
    assert.deepEqual(differs, []);
  });

  it('hears of each change of the record, once', () => {
    const group = new FakeGroup();
    const heard: (bigint | undefined)[] = [];
    const stop = group.elector.onRecord((record) => void heard.push(record?.token));
    group.follow(1, 2);
    group.applyOther(lead(2, 1));
    group.applyOther(lead(2, 9));
    group.applyOther(lead(2, 1));
    stop();
    group.applyOther(lead(2, 1));
    assert.deepEqual(heard, [1n, 2n]);
    assert.equal(group.elector.record()?.token, 3n);
  });

  it('does not proclaim', () => {
    const group = new FakeGroup();
    group.follow(1, 2);
    group.applyOther(lead(2, 1));
    let outcome: Error | null = null;
    group.elector.proclaim(bytes(''), (error) => {
      outcome = error;
    });
    group.run(0);
    assert.ok(has('ELECTION_NOT_LEADER')(outcome));
    assert.deepEqual((outcome as ElectionError | null)?.metadata, { leader: 2 });
  });
});
