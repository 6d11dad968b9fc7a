import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Configuration, type Member, majorityConfiguration } from '@quorate/schema';
import { changeConfiguration, leaveJoint } from '../../src/membership/change.ts';
import type { MembershipChange, MembershipStep } from '../../src/membership/membership-change.ts';

const three = majorityConfiguration([1, 2, 3]);
const nothing = { locality: '', address: '', priority: 0, witness: false, promote: false };

function member(id: number, attributes: Partial<Member> = {}): Member {
  return { id, incarnation: 0, ...nothing, ...attributes };
}

function addVoter(id: number): MembershipStep {
  return { kind: 'addVoter', id };
}

function addLearner(id: number): MembershipStep {
  return { kind: 'addLearner', id };
}

function remove(id: number): MembershipStep {
  return { kind: 'remove', id };
}

function changed(from: Configuration, change: MembershipChange): Configuration {
  const result = changeConfiguration(from, change);
  if ('refused' in result) assert.fail(result.refused.message);
  return result.configuration;
}

function left(from: Configuration): Configuration {
  const result = leaveJoint(from);
  if ('refused' in result) assert.fail(result.refused.message);
  return result.configuration;
}

function reasonOf(from: Configuration, change: MembershipChange): string {
  const result = changeConfiguration(from, change);
  if (!('refused' in result)) return 'none';
  assert.match(result.refused.message, /^[A-Z].*\.$/s);
  return result.refused.reason;
}

describe('a change by itself', () => {
  it('takes a single step when at most one voter changes', () => {
    assert.deepEqual(
      changed(three, { steps: [addVoter(4), addLearner(9), addLearner(8)] }),
      majorityConfiguration([1, 2, 3, 4], [8, 9]),
    );
    assert.deepEqual(
      changed(three, { steps: [addLearner(3)] }),
      majorityConfiguration([1, 2], [3]),
    );
  });

  it('goes over a joint configuration that leaves by itself when more do', () => {
    const joint = changed(three, { steps: [remove(1), addVoter(4), addLearner(2)] });
    assert.deepEqual(joint, {
      ...majorityConfiguration([3, 4]),
      votersOutgoing: [1, 2, 3],
      learnersNext: [2],
      autoLeave: true,
    });
    assert.deepEqual(left(joint), majorityConfiguration([3, 4], [2]));
  });

  it('goes over a joint one when sizes make the single step unsafe (rule 6)', () => {
    const five = { ...majorityConfiguration([1, 2, 3, 4, 5]), quorum: { commit: 2, election: 4 } };
    const change = { steps: [addVoter(6)], quorum: { commit: 2, election: 5 } };
    const joint = changed(five, change);
    assert.deepEqual(joint, {
      ...majorityConfiguration([1, 2, 3, 4, 5, 6]),
      votersOutgoing: [1, 2, 3, 4, 5],
      autoLeave: true,
      quorum: { commit: 2, election: 5 },
      quorumOutgoing: { commit: 2, election: 4 },
    });
    assert.equal(reasonOf(five, { ...change, mode: 'simple' }), 'unsafeStep');
    assert.deepEqual(left(joint).quorum, { commit: 2, election: 5 });
    assert.equal(left(joint).quorumOutgoing, null);
  });

  it('goes over a joint one for any change of sizes (rule 5)', () => {
    const change = { steps: [], quorum: { commit: 2, election: 2 } };
    assert.deepEqual(changed(three, change).votersOutgoing, [1, 2, 3]);
    assert.equal(reasonOf(three, { ...change, mode: 'simple' }), 'unsafeStep');
    const chosen = { ...three, quorum: { commit: 2, election: 2 } };
    const back = changed(chosen, { steps: [], quorum: null });
    assert.deepEqual([back.quorum, back.quorumOutgoing], [null, { commit: 2, election: 2 }]);
  });

  it('keeps sizes that stay valid and safe, in a single step', () => {
    const five = { ...majorityConfiguration([1, 2, 3, 4, 5]), quorum: { commit: 3, election: 4 } };
    const six = changed(five, { steps: [addVoter(6)] });
    assert.deepEqual(six, { ...majorityConfiguration([1, 2, 3, 4, 5, 6]), quorum: five.quorum });
  });

  it('is refused when the sizes would not be valid for the new voters', () => {
    const sized = { ...three, quorum: { commit: 2, election: 2 } };
    assert.equal(reasonOf(sized, { steps: [addVoter(4)] }), 'quorumInvalid');
    assert.equal(reasonOf(sized, { steps: [addVoter(4), addVoter(5)] }), 'quorumInvalid');
    assert.equal(
      reasonOf(three, { steps: [], quorum: { commit: 1, election: 3 } }),
      'quorumInvalid',
    );
    const better = { steps: [addVoter(4)], quorum: { commit: 2, election: 3 } };
    assert.deepEqual(changed(sized, better).quorum, better.quorum);
  });

  it('goes over a joint one that leaves by itself when that is asked for', () => {
    const joint = changed(three, { steps: [addVoter(4)], mode: 'jointAutoLeave' });
    assert.deepEqual([joint.votersOutgoing, joint.autoLeave], [[1, 2, 3], true]);
    const result = leaveJoint(joint);
    assert.ok('unchanged' in result && !result.unchanged);
  });

  it('that changes nothing says so, and gives the configuration there was', () => {
    const from = {
      ...majorityConfiguration([1, 2, 3], [4]),
      members: [member(4, { priority: 9 })],
    };
    for (const change of [
      { steps: [] },
      { steps: [addVoter(1), addLearner(4), remove(7)] },
      { steps: [addVoter(9), remove(9)] },
      { steps: [{ kind: 'describe', id: 4, priority: 9 }], quorum: null, durability: null },
    ] satisfies MembershipChange[]) {
      assert.deepEqual(changeConfiguration(from, change), { configuration: from, unchanged: true });
      const result = changeConfiguration(from, change);
      assert.ok('configuration' in result && result.configuration === from);
    }
    const other = changeConfiguration(from, { steps: [addLearner(5)] });
    assert.ok('unchanged' in other && !other.unchanged);
  });

  it('leaves what it was given as it was', () => {
    const before = structuredClone(three);
    changed(three, { steps: [addVoter(4), addVoter(5), remove(1)] });
    assert.deepEqual(three, before);
  });
});

describe('a change is refused', () => {
  const joint = changed(three, { steps: [addVoter(4)], mode: 'joint' });
  for (const [reason, from, change] of [
    ['noVoters', three, { steps: [remove(1), remove(2), remove(3)] }],
    ['noVoters', three, { steps: [addLearner(1), addLearner(2), addLearner(3)], mode: 'joint' }],
    ['manyVoters', three, { steps: [addVoter(4), addVoter(5)], mode: 'simple' }],
    [
      'quorumInvalid',
      { ...three, quorum: { commit: 2, election: 2 } },
      { steps: [addVoter(4)], mode: 'simple' },
    ],
    ['manyVoters', three, { steps: [addVoter(4), remove(1)], mode: 'simple' }],
    ['joint', joint, { steps: [addVoter(5)] }],
    ['joint', joint, { steps: [], mode: 'simple' }],
    ['joint', joint, { steps: [], mode: 'joint' }],
    ['joint', joint, { steps: [], durability: { depth: 1, domains: 1 } }],
    ['joint', joint, { steps: [], quorum: null }],
    ['empty', majorityConfiguration([]), { steps: [addVoter(1)], mode: 'joint' }],
    ['invalid', three, { steps: [addVoter(0)] }],
    ['invalid', three, { steps: [addLearner(1.5)] }],
    ['invalid', three, { steps: [remove(-1)] }],
    ['invalid', three, { steps: [{ kind: 'describe', id: 1, priority: 256 }] }],
    ['invalid', three, { steps: [{ kind: 'describe', id: 1, locality: 'eu/' }] }],
    ['invalid', three, { steps: [{ kind: 'addVoter', id: 4, member: { incarnation: -4 } }] }],
    ['invalid', three, { steps: [{ kind: 'describe', id: 1, promote: true }] }],
    ['invalid', three, { steps: [], durability: { depth: 0, domains: 3 } }],
    ['unknownNode', three, { steps: [{ kind: 'describe', id: 4, priority: 1 }] }],
    ['unknownNode', three, { steps: [remove(3), { kind: 'describe', id: 3, priority: 1 }] }],
    ['quorumInvalid', three, { steps: [], quorum: { commit: 2, election: 1 }, mode: 'joint' }],
  ] satisfies [string, Configuration, MembershipChange][]) {
    it(`${reason}: ${JSON.stringify(change)}`, () => assert.equal(reasonOf(from, change), reason));
  }

  it('tooManyNodes: beyond 1024', () => {
    const most = Array.from({ length: 1021 }, (_, at) => addLearner(at + 4));
    assert.equal(changed(three, { steps: most }).learners.length, 1021);
    assert.equal(reasonOf(three, { steps: [...most, addLearner(2000)] }), 'tooManyNodes');
  });

  it('leaving what is not joint', () => {
    const result = leaveJoint(three);
    assert.ok('refused' in result && result.refused.reason === 'notJoint');
    assert.match(result.refused.message, /^The configuration is not joint/);
  });
});

describe('what is known of a node', () => {
  const locality = 'eu/de';
  const known = {
    ...three,
    members: [member(1, { incarnation: 71, locality }), member(3, { priority: 4 })],
  };

  it('comes with it, is changed by description, and goes with it', () => {
    const added = changed(known, {
      steps: [{ kind: 'addVoter', id: 4, member: { incarnation: 9, address: 'd:1' } }],
    });
    assert.deepEqual(added.members, [
      ...known.members,
      member(4, { incarnation: 9, address: 'd:1' }),
    ]);
    const described = changed(added, {
      steps: [
        { kind: 'describe', id: 4, address: 'd:2', priority: 7 },
        { kind: 'describe', id: 1, locality: 'eu/fr' },
      ],
    });
    assert.deepEqual(described.members, [
      member(1, { incarnation: 71, locality: 'eu/fr' }),
      member(3, { priority: 4 }),
      member(4, { incarnation: 9, address: 'd:2', priority: 7 }),
    ]);
    assert.deepEqual(described.voters, [1, 2, 3, 4]);
    assert.deepEqual(
      changed(described, { steps: [remove(4)] }).members,
      described.members.slice(0, 2),
    );
  });

  it('is not kept when it is nothing', () => {
    const described = changed(known, { steps: [{ kind: 'describe', id: 3, priority: 0 }] });
    assert.deepEqual(described.members, [known.members[0]]);
  });

  it('is kept when it is an address alone', () => {
    const steps: MembershipStep[] = [{ kind: 'describe', id: 2, address: 'b:1' }];
    assert.deepEqual(changed(three, { steps }).members, [member(2, { address: 'b:1' })]);
  });

  it('says that a node is to be promoted of a learner, present or to be, alone', () => {
    const promote = (id: number, so: boolean): MembershipChange => ({
      steps: [{ kind: 'describe', id, promote: so }],
    });
    const refused = changeConfiguration(three, promote(1, true));
    assert.ok('refused' in refused);
    assert.equal(refused.refused.message, 'Node 1 is no learner, so it cannot be promoted.');
    assert.deepEqual(changed(three, promote(1, false)), three);
    const promoted = [member(2, { promote: true })];
    const learning = majorityConfiguration([1, 3], [2]);
    assert.deepEqual(changed(learning, promote(2, true)).members, promoted);
    const joint = changed(three, { steps: [addLearner(2)], mode: 'joint' });
    assert.deepEqual(joint.learnersNext, [2]);
    assert.deepEqual(changed(joint, promote(2, true)).members, promoted);
  });

  it('stays while a removed node votes in the outgoing half', () => {
    const joint = changed(known, { steps: [remove(1), addLearner(3)], mode: 'joint' });
    assert.deepEqual(joint.members, known.members);
    assert.deepEqual(left(joint).members, [member(3, { priority: 4 })]);
  });

  it('may be described while the configuration is joint', () => {
    const joint = changed(known, { steps: [remove(1), addVoter(4)] });
    const described = changed(joint, { steps: [{ kind: 'describe', id: 4, incarnation: 12 }] });
    assert.deepEqual(described, {
      ...joint,
      members: [...joint.members, member(4, { incarnation: 12 })],
    });
  });

  it('no longer says that a node is to be promoted once it votes', () => {
    const learning = changed(known, {
      steps: [{ kind: 'addLearner', id: 4, member: { promote: true } }],
    });
    assert.deepEqual(learning.members.at(-1), member(4, { promote: true }));
    assert.deepEqual(changed(learning, { steps: [addVoter(4)] }).members, known.members);
    const cancelled = changed(learning, { steps: [{ kind: 'describe', id: 4, promote: false }] });
    assert.deepEqual(cancelled.members, known.members);
  });

  it('includes which incarnation it is, and that is for good (rule 14)', () => {
    const describe = (id: number, incarnation: number): MembershipChange => ({
      steps: [{ kind: 'describe', id, incarnation }],
    });
    assert.equal(changed(known, describe(2, 5)).members[1]?.incarnation, 5);
    assert.equal(reasonOf(known, describe(1, 72)), 'incarnationFixed');
    assert.equal(reasonOf(known, describe(1, 0)), 'incarnationFixed');
    assert.equal(Object.hasOwn(changeConfiguration(known, describe(1, 71)), 'refused'), false);
    // Not by leaving and coming back within one change either.
    const again: MembershipStep = { kind: 'addVoter', id: 1, member: { incarnation: 72 } };
    assert.equal(reasonOf(known, { steps: [remove(1), again] }), 'incarnationFixed');
    assert.equal(reasonOf(known, { steps: [remove(1), again], mode: 'joint' }), 'incarnationFixed');
    assert.equal(reasonOf(known, { steps: [remove(1), addLearner(1)] }), 'incarnationFixed');
    assert.equal(
      changed(changed(known, { steps: [remove(1)] }), { steps: [again] }).members[0]?.incarnation,
      72,
    );
  });

  it('includes whether it is a witness, and that is for good (rule 7)', () => {
    const asWitness = (
      kind: 'addVoter' | 'addLearner',
      id: number,
      witness: boolean,
    ): MembershipChange => ({
      steps: [{ kind, id, member: { witness } }],
    });
    const withWitness = changed(three, asWitness('addVoter', 4, true));
    assert.deepEqual(withWitness.members, [member(4, { witness: true })]);
    assert.equal(reasonOf(withWitness, asWitness('addVoter', 4, false)), 'witnessFixed');
    assert.equal(reasonOf(withWitness, asWitness('addLearner', 4, false)), 'witnessFixed');
    assert.equal(reasonOf(three, asWitness('addVoter', 3, true)), 'witnessFixed');
    assert.equal(reasonOf(three, asWitness('addLearner', 3, true)), 'witnessFixed');
    assert.deepEqual(changed(withWitness, { steps: [addLearner(4)] }).members, withWitness.members);
  });

  it('keeps witnesses from committing alone', () => {
    const witness = (id: number): MembershipStep => ({
      kind: 'addVoter',
      id,
      member: { witness: true },
    });
    const two = changed(three, { steps: [witness(4), witness(5)] });
    assert.deepEqual(left(two).voters, [1, 2, 3, 4, 5]);
    assert.equal(reasonOf(left(two), { steps: [witness(6)] }), 'none');
    assert.equal(reasonOf(majorityConfiguration([1]), { steps: [witness(2)] }), 'none');
    assert.equal(
      reasonOf(majorityConfiguration([1]), { steps: [witness(2), witness(3)] }),
      'quorumInvalid',
    );
    assert.equal(reasonOf(left(two), { steps: [remove(1), remove(2)] }), 'quorumInvalid');
  });
});

describe('a witness that was removed', () => {
  /** Removed, and remembered as incarnation 9, or without one. */
  const removed = (incarnation: number): Configuration => ({
    ...three,
    members: [member(4, { incarnation, witness: true })],
  });
  const back = (
    kind: 'addVoter' | 'addLearner',
    attributes: Partial<Omit<Member, 'id' | 'promote'>> = {},
  ): MembershipChange => ({ steps: [{ kind, id: 4, member: attributes }] });

  it('is remembered, and nothing of it but that and who it was', () => {
    const known = { incarnation: 9, address: 'd:1', priority: 3, witness: true };
    const before = changed(three, { steps: [{ kind: 'addVoter', id: 4, member: known }] });
    assert.deepEqual(changed(before, { steps: [remove(4)] }), removed(9));
    const joint = changed(before, { steps: [remove(4)], mode: 'joint' });
    assert.deepEqual(joint.members, before.members);
    assert.deepEqual(left(joint), removed(9));
  });

  it('comes back as a witness, and tells anew who it is', () => {
    for (const incarnation of [0, 9]) {
      const again = changed(removed(incarnation), back('addVoter'));
      assert.deepEqual(again.voters, [1, 2, 3, 4]);
      assert.deepEqual(again.members, [member(4, { witness: true })]);
    }
    const learner = changed(removed(9), back('addLearner', { incarnation: 9 }));
    assert.deepEqual(learner.members, [member(4, { incarnation: 9, witness: true })]);
  });

  it('comes back with data only as another, whoever it was is known (rule 7)', () => {
    const withData = { witness: false };
    const wiped = { witness: false, incarnation: 10 };
    const same = { witness: false, incarnation: 9 };
    for (const kind of ['addVoter', 'addLearner'] as const) {
      assert.equal(reasonOf(removed(9), back(kind, withData)), 'witnessFixed');
      assert.equal(reasonOf(removed(9), back(kind, same)), 'witnessFixed');
      assert.equal(reasonOf(removed(0), back(kind, wiped)), 'witnessFixed');
      assert.equal(reasonOf(removed(9), back(kind, wiped)), 'none');
    }
    const result = changeConfiguration(removed(9), back('addVoter', same));
    assert.ok('refused' in result);
    assert.match(result.refused.message, /^Node 4 was a witness.*give it another id\.$/);
  });

  it('keeps its incarnation while it stays', () => {
    const staying: Configuration = {
      ...majorityConfiguration([1, 2, 3], [4]),
      members: [member(4, { incarnation: 9, witness: true })],
    };
    assert.deepEqual(changed(staying, { steps: [addVoter(4)] }).members, staying.members);
  });
});
