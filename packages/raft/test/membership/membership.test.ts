import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration, Member as MemberAttributes } from '@quorate/schema';
import { Membership } from '../../src/membership/membership.ts';
import { configurationOf } from '../support/messages.ts';

function known(id: number, what: Partial<MemberAttributes>): MemberAttributes {
  const unknown = { incarnation: 0, locality: '', address: '', priority: 0 };
  return { ...unknown, id, witness: false, promote: false, ...what };
}

/** Voters 1, 2, 3 and a witness 4; node 5 leaves; learners 6, which is to be a voter, and 7. */
const mixed: Configuration = {
  ...configurationOf([1, 2, 3, 4], [1, 5]),
  learners: [6, 7],
  members: [
    known(1, { priority: 3 }),
    known(2, { priority: 9 }),
    known(3, { priority: 3 }),
    known(4, { witness: true, priority: 50 }),
    known(6, { promote: true }),
    known(7, { address: 'g:1' }),
  ],
};

const of = (nodeId: number): Membership => new Membership(nodeId, 12, mixed);

describe('what a configuration means for a node', () => {
  it('is who the others are', () => {
    assert.deepEqual(of(1).others, [2, 3, 4, 5, 6, 7]);
    assert.deepEqual(of(1).otherVoters, [2, 3, 4, 5]);
    assert.deepEqual(of(7).otherVoters, [1, 2, 3, 4, 5]);
    assert.equal(of(1).index, 12);
  });

  it('is its own part', () => {
    const parts = [1, 4, 5, 6, 8].map((id) => {
      const { isMember, isVoter, isWitness, ownPriority } = of(id);
      return [isMember, isVoter, isWitness, ownPriority];
    });
    assert.deepEqual(parts, [
      [true, true, false, 3],
      [true, true, true, 50],
      [true, true, false, 0],
      [true, false, false, 0],
      [false, false, false, 0],
    ]);
  });

  it('is who of its learners is to become a voter', () => {
    assert.deepEqual(of(1).promotable, [6]);
  });

  it('is which priorities those have that may lead, highest first', () => {
    assert.deepEqual(of(1).priorities, [9, 3]);
  });

  it('is what is known of each', () => {
    assert.equal(of(1).member(7)?.address, 'g:1');
    assert.equal(of(1).member(5), undefined);
    assert.deepEqual(
      [4, 1, 5].map((id) => of(1).witness(id)),
      [true, false, false],
    );
  });

  it('is whether it is joint', () => {
    assert.equal(of(1).isJoint, true);
    assert.equal(new Membership(1, 0, configurationOf([1])).isJoint, false);
  });
});
