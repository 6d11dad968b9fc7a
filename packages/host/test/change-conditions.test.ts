import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { GroupHandle } from '@quorate/runtime';
import { type Configuration, majorityConfiguration } from '@quorate/schema';
import { unmetCondition } from '../src/enquiries/change-conditions.ts';
import type { ClusterRequest } from '../src/enquiries/messages.ts';

type Change = Extract<ClusterRequest, { kind: 'change' }>;

interface Situation {
  readonly role?: 'leader' | 'follower';
  readonly learners?: readonly number[];
  /** Learners that are to be promoted once they have caught up. */
  readonly waiting?: readonly number[];
  readonly progress?: ReadonlyMap<number, number>;
  /** Voters that the leader, node 1, has heard. */
  readonly heard?: readonly number[];
}

function codeOf(change: Omit<Change, 'kind' | 'group'>, situation: Situation): string | null {
  const { role = 'leader', learners = [], waiting = [], progress = new Map() } = situation;
  const { heard = [] } = situation;
  const configuration: Configuration = {
    ...majorityConfiguration([1, 2, 3]),
    learners: [...learners, ...waiting],
    members: waiting.map((id) => {
      return {
        id,
        incarnation: 0,
        address: '',
        locality: '',
        priority: 0,
        witness: false,
        promote: true,
      };
    }),
  };
  const group = {
    status: () => ({ role, node: 1, lastIndex: 100, configuration }),
    heardMs: (id: number) => (heard.includes(id) ? 50 : null),
    progressOf: (id: number) => progress.get(id) ?? null,
  } as unknown as GroupHandle<unknown>;
  const answer = unmetCondition({ kind: 'change', group: 1, ...change }, group);
  return answer === null ? null : (answer as { code: string }).code;
}

const addsLearner = (id: number) =>
  ({ kind: 'addLearner', id, member: { address: 'a:1', promote: false } }) as const;

it('there may be so many learners and no more; those on their way to a vote do not count', () => {
  const change = { steps: [addsLearner(4)], conditions: { mostLearners: 1 } };
  assert.equal(codeOf(change, {}), null);
  assert.equal(codeOf(change, { waiting: [5, 6] }), null);
  assert.equal(codeOf(change, { learners: [5] }), 'TOO_MANY_LEARNERS');
  // Asked for again, after the answer was lost.
  assert.equal(codeOf(change, { learners: [4] }), null);
  const two = { ...change, steps: [addsLearner(4), addsLearner(5)] };
  assert.equal(codeOf(two, {}), 'TOO_MANY_LEARNERS');
  assert.equal(codeOf({ steps: change.steps }, { learners: [5] }), null, 'nobody asked for it');
});

it('who is promoted has nine tenths of the log, and is known to the leader', () => {
  const change = { steps: [{ kind: 'addVoter', id: 4 } as const], conditions: { caughtUp: 4 } };
  const at = (index: number) => ({ learners: [4], progress: new Map([[4, index]]) });
  assert.equal(codeOf(change, at(89)), 'LEARNER_BEHIND');
  assert.equal(codeOf(change, at(90)), null);
  // It was removed meanwhile: it must not become a voter of which nothing is known.
  assert.equal(codeOf(change, {}), 'LEARNER_BEHIND');
});

it('only a leader judges', () => {
  const role = 'follower' as const;
  const conditions = { mostLearners: 1, caughtUp: 4 };
  assert.equal(codeOf({ steps: [addsLearner(4)], conditions }, { role, learners: [5] }), null);
});

it('who is removed leaves voters of whom a majority has been heard', () => {
  const steps = [{ kind: 'remove', id: 3 } as const];
  const change = { steps, conditions: { majorityHeard: true } };
  assert.equal(codeOf(change, { heard: [2] }), null);
  assert.equal(codeOf(change, { heard: [3] }), 'VOTERS_SILENT');
  assert.equal(codeOf(change, { heard: [] }), 'VOTERS_SILENT');
  assert.equal(codeOf({ steps }, { heard: [] }), null, 'nobody asked for it');
  const both = { ...change, steps: [...steps, { kind: 'remove', id: 2 } as const] };
  assert.equal(codeOf(both, { heard: [] }), null, 'the leader alone remains');
});
