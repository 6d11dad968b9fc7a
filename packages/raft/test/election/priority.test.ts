import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration } from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';
import { yieldsToHigherPriority } from '../../src/election/priority.ts';
import { newReplica } from '../support/settled-leader.ts';

/** Voters 1, 2, ... of these priorities; the replica is node 1. */
function priorities(...of: number[]): Configuration {
  const unknown = { incarnation: 0, locality: '', address: '', witness: false, promote: false };
  return {
    ...majorityConfiguration(of.map((_, at) => at + 1)),
    members: of.map((priority, at) => ({ ...unknown, id: at + 1, priority })),
  };
}

/** How often node 1 yields before it campaigns. */
const table: [priorities: number[], yields: number][] = [
  [[0, 0, 0], 0],
  [[9, 9, 2], 0],
  [[2, 9, 9], 1],
  [[2, 5, 9], 2],
  [[0, 5, 5, 9, 7], 3],
  [[5, 2, 9], 1],
];

describe('a node whose time has come', () => {
  for (const [of, yields] of table) {
    it(`of priority ${of[0]} lets ${of.slice(1)} go first ${yields} times`, () => {
      const replica = newReplica(priorities(...of));
      for (let time = 0; time < yields; time++) {
        assert.equal(yieldsToHigherPriority(replica), true, `time ${time}`);
      }
      assert.equal(yieldsToHigherPriority(replica), false);
    });
  }

  it('begins anew when a leader was heard of', () => {
    const replica = newReplica(priorities(2, 9, 9));
    yieldsToHigherPriority(replica);
    replica.setRole(replica.role, 3);
    assert.equal(yieldsToHigherPriority(replica), true);
  });
});
