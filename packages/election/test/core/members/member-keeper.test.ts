import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { afterMs, electionTimeoutMs, FakeVoters } from './fake-voters.ts';

const soon = 3 * electionTimeoutMs;

describe('a leader that removes dead voters', () => {
  it('removes one after the other, each once the one before is committed', () => {
    const group = new FakeVoters(5);
    group.run(1000);
    group.kill(4, 5);
    group.run(afterMs - electionTimeoutMs);
    assert.deepEqual(group.removed, []);
    group.commits = false;
    group.run(electionTimeoutMs + soon);
    assert.equal(group.removed.length, 1);
    group.run(10 * afterMs);
    assert.equal(group.removed.length, 1);
    assert.deepEqual(group.told, []);
    group.commit();
    group.commits = true;
    group.run(soon);
    assert.deepEqual(group.voters, [1, 2, 3]);
    assert.deepEqual(group.told, ['4 of 1 2 3 5', '5 of 1 2 3']);
    group.kill(3);
    group.run(10 * afterMs);
    assert.deepEqual(group.voters, [1, 2, 3]);
  });

  it('removes nobody who is heard now and then', () => {
    const group = new FakeVoters(5);
    for (let at = 0; at < 10; at++) {
      group.kill(4, 5);
      group.run(afterMs - electionTimeoutMs);
      group.revive(4, 5);
      group.run(electionTimeoutMs);
    }
    assert.deepEqual(group.removed, []);
    assert.deepEqual(group.asked, []);
  });

  it('removes nobody whom the others reach: its own link may be what is broken', () => {
    const group = new FakeVoters(5);
    group.heard.delete(4);
    group.heard.delete(5);
    group.run(10 * afterMs);
    assert.deepEqual(group.removed, []);
    assert.ok(group.asked.length > 0);
  });

  it('removes the dead although another one is only out of its own reach', () => {
    const group = new FakeVoters(7);
    group.heard.delete(5);
    group.run(electionTimeoutMs);
    group.kill(6, 7);
    group.run(5 * afterMs);
    assert.deepEqual(group.removed, [6, 7]);
  });

  it('asks no more often than it has to', () => {
    const group = new FakeVoters(5);
    group.heard.delete(4);
    group.heard.delete(5);
    group.run(afterMs);
    const before = group.asked.length;
    group.run(50 * electionTimeoutMs);
    // That others reach one is good for a whole wait.
    assert.ok(group.asked.length - before <= 2 * 6);
  });

  it('removes nobody when those it asks do not say', () => {
    const group = new FakeVoters(5);
    group.answersAtOnce = false;
    group.kill(4, 5);
    group.run(afterMs + soon);
    assert.deepEqual(
      group.asked.map(({ voter, about }) => [voter, about]),
      [
        [2, 4],
        [3, 4],
      ],
    );
    for (const { answer } of group.asked.splice(0)) answer(null);
    group.run(electionTimeoutMs);
    assert.deepEqual(group.removed, []);
    group.run(10 * electionTimeoutMs);
    const [first, second] = group.asked.splice(0);
    first?.answer(false);
    group.run(soon);
    assert.deepEqual(group.removed, []);
    second?.answer(true);
    group.run(afterMs + electionTimeoutMs);
    for (const { answer } of group.asked.splice(0)) answer(false);
    assert.deepEqual(group.removed, [5]);
  });

  it('removes nobody who was heard while others were asked', () => {
    const group = new FakeVoters(5);
    group.answersAtOnce = false;
    group.kill(4, 5);
    group.run(afterMs + soon);
    group.revive(4);
    group.run(electionTimeoutMs);
    for (const { answer } of group.asked.splice(0)) answer(false);
    group.run(electionTimeoutMs);
    assert.deepEqual(group.removed, []);
  });

  it('removes nobody by answers to what it asked in an earlier leadership', () => {
    const group = new FakeVoters(5);
    group.answersAtOnce = false;
    group.kill(4, 5);
    group.run(afterMs + soon);
    const asked = group.asked.splice(0);
    group.follow();
    group.lead();
    group.run(2 * afterMs);
    for (const { answer } of asked) answer(false);
    group.run(electionTimeoutMs);
    assert.deepEqual(group.removed, []);
  });

  it('waits anew with each leadership', () => {
    const group = new FakeVoters(5);
    group.kill(4, 5);
    for (let at = 0; at < 10; at++) {
      group.run(afterMs - electionTimeoutMs);
      group.follow();
      group.run(electionTimeoutMs);
      group.lead();
    }
    assert.deepEqual(group.removed, []);
    group.run(afterMs + soon);
    assert.deepEqual(group.removed, [4, 5]);
  });

  it('does nothing while it does not lead, has no lease, or its configuration is in flux', () => {
    const cases: ((group: FakeVoters) => void)[] = [
      (group) => group.follow(),
      (group) => {
        group.hasLease = false;
      },
      (group) => group.append(),
      (group) => {
        group.votersOutgoing = [1, 2, 3, 4, 5, 6];
      },
      (group) => {
        group.hasSizes = true;
      },
    ];
    for (const prepare of cases) {
      const group = new FakeVoters(5);
      prepare(group);
      group.kill(4, 5);
      group.run(5 * afterMs);
      assert.deepEqual(group.removed, []);
      assert.deepEqual(group.asked, []);
    }
  });

  it('does not count learners, and does not remove them', () => {
    const group = new FakeVoters(3, { floor: 3 });
    group.learners = [4, 5, 6];
    group.kill(3, 4, 5);
    group.run(5 * afterMs);
    assert.deepEqual(group.removed, []);
  });

  it('tries again after it was refused', () => {
    const group = new FakeVoters(4);
    group.commits = false;
    group.kill(4);
    group.run(afterMs + soon);
    assert.deepEqual(group.removed, [4]);
    group.refuse('transferring');
    group.run(2 * electionTimeoutMs);
    assert.deepEqual(group.removed, [4]);
    group.commits = true;
    group.run(10 * electionTimeoutMs);
    assert.deepEqual(group.removed, [4, 4]);
    assert.deepEqual(group.told, ['4 of 1 2 3']);
  });

  it('does nothing once it is closed', () => {
    const group = new FakeVoters(5);
    group.answersAtOnce = false;
    group.kill(4, 5);
    group.run(afterMs + soon);
    group.keeper.close();
    for (const { answer } of group.asked.splice(0)) answer(false);
    group.lead();
    group.run(5 * afterMs);
    assert.deepEqual(group.removed, []);
    assert.deepEqual(group.asked, []);
  });

  it('needs no timer of its own but about one for each wait while all are heard', () => {
    const group = new FakeVoters(5);
    const before = group.scheduler.executed;
    group.run(10 * afterMs);
    const heartbeats = (10 * afterMs) / 40;
    assert.ok(group.scheduler.executed - before - heartbeats < 15);
  });
});
