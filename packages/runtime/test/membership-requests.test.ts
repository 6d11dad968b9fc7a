import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Configuration, majorityConfiguration } from '@quorate/schema';
import { MembershipRequests } from '../src/membership-requests.ts';

const without3 = majorityConfiguration([1, 2]);
const leaving: Configuration = { ...without3, votersOutgoing: [1, 2, 3], autoLeave: true };

/** What a replica shows, set by the test. */
class ShownRaft {
  readonly terms = new Map<number, number>([[5, 1]]);
  role = 'leader' as const;
  currentTerm = 1;
  leaderId = 1;
  transferring = false;
  commitIndex = 4;
  configuration = without3;
  configurationIndex = 5;

  termAt(index: number): number | null {
    return this.terms.get(index) ?? null;
  }
}

/** A change that was appended at index 5 in term 1. */
function changing(configuration = without3): {
  raft: ShownRaft;
  requests: MembershipRequests;
  answers: unknown[];
} {
  const raft = new ShownRaft();
  raft.configuration = configuration;
  const requests = new MembershipRequests(raft);
  const answers: unknown[] = [];
  requests.changeAppended({ index: 5, term: 1 }, 9000, (error, index) =>
    answers.push(error === null ? index : { code: error.code, ...error.metadata }),
  );
  requests.settle();
  assert.deepEqual(answers, []);
  return { raft, requests, answers };
}

describe('a change of membership that was appended', () => {
  it('is lost once an entry of a later term is committed in front of its place', () => {
    const { raft, requests, answers } = changing();
    raft.terms.clear();
    raft.terms.set(4, 2);
    raft.leaderId = 3;
    requests.settle();
    assert.deepEqual(answers, [{ code: 'RUNTIME_PROPOSAL_LOST', leader: 3 }]);
  });

  it('waits while what is committed in front of it is of no later term', () => {
    const { raft, requests, answers } = changing();
    raft.terms.set(4, 1);
    requests.settle();
    assert.deepEqual(answers, []);
  });

  it('is done once it is committed', () => {
    const { raft, requests, answers } = changing();
    raft.commitIndex = 5;
    requests.settle();
    assert.deepEqual(answers, [5]);
  });

  it('is done when it is committed, though the next one is under way already', () => {
    const { raft, requests, answers } = changing();
    raft.commitIndex = 5;
    raft.configurationIndex = 6;
    requests.settle();
    assert.deepEqual(answers, [5]);
  });

  it('is done, if it leaves its joint configuration by itself, once it has', () => {
    const { raft, requests, answers } = changing(leaving);
    raft.commitIndex = 5;
    requests.settle();
    raft.configuration = without3;
    raft.configurationIndex = 6;
    requests.settle();
    assert.deepEqual(answers, []);
    // Its own entry may have gone into a snapshot by now.
    raft.terms.clear();
    raft.commitIndex = 6;
    requests.settle();
    assert.deepEqual(answers, [6]);
  });

  it('has an unknown outcome when a snapshot has taken its place', () => {
    const { raft, requests, answers } = changing();
    raft.terms.clear();
    raft.commitIndex = 100;
    raft.configurationIndex = 100;
    raft.configuration = majorityConfiguration([1, 2, 3]);
    requests.settle();
    assert.deepEqual(answers, [{ code: 'RUNTIME_OUTCOME_UNKNOWN', reason: 'snapshot' }]);
  });

  it('is lost once another entry is committed in its place', () => {
    const { raft, requests, answers } = changing();
    raft.terms.set(5, 2);
    raft.commitIndex = 5;
    requests.settle();
    assert.deepEqual(answers, [{ code: 'RUNTIME_PROPOSAL_LOST', leader: 1 }]);
  });

  it('is not lost while another entry merely stands in its place: it may come back', () => {
    const { raft, requests, answers } = changing();
    raft.terms.set(5, 2);
    requests.settle();
    assert.deepEqual(answers, []);
    raft.terms.set(5, 1);
    raft.commitIndex = 5;
    requests.settle();
    assert.deepEqual(answers, [5]);
  });
});
