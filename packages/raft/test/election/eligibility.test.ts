import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mayLead } from '../../src/election/eligibility.ts';
import { becomeFollower } from '../../src/election/transitions.ts';
import type { Replica } from '../../src/replica.ts';
import { entries } from '../support/messages.ts';
import { newReplica } from '../support/settled-leader.ts';

/** Its log ends at index 5 in term 3; node 2 has come back as another, node 3 has not. */
function voter(): Replica {
  const replica = newReplica();
  becomeFollower(replica, 3, 0);
  replica.append([...entries(1, 2, 1), ...entries(3, 5, 3)]);
  for (const incarnation of [10, 11]) replica.memberships.peerIncarnation(2, incarnation);
  return replica;
}

/** A candidate's log, and whether with it node 3 and node 2 may lead. */
const table: [lastLogIndex: number, lastLogTerm: number, anyone: boolean, impostor: boolean][] = [
  [4, 3, false, false],
  [9, 2, false, false],
  [5, 2, false, false],
  [5, 3, true, false],
  [6, 3, true, true],
  [5, 4, true, true],
  [1, 4, true, true],
];

describe('a candidate', () => {
  for (const [lastLogIndex, lastLogTerm, anyone, impostor] of table) {
    it(`whose log ends at ${lastLogIndex}/${lastLogTerm}, for a log that ends at 5/3`, () => {
      const log = { lastLogIndex, lastLogTerm };
      assert.equal(mayLead(voter(), { from: 3, ...log }), anyone, 'known as it is');
      assert.equal(mayLead(voter(), { from: 2, ...log }), impostor, 'back without data (bug 20)');
    });
  }
});
