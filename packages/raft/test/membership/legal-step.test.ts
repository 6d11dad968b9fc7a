import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Configuration, type Member, majorityConfiguration } from '@quorate/schema';
import { illegalStep } from '../../src/membership/legal-step.ts';

const nothing = { locality: '', address: '', priority: 0, witness: false, promote: false };

function member(id: number, attributes: Partial<Member> = {}): Member {
  return { id, incarnation: 0, ...nothing, ...attributes };
}

const three = majorityConfiguration([1, 2, 3]);
const joint: Configuration = {
  ...majorityConfiguration([3, 4, 5], [7]),
  votersOutgoing: [1, 2, 3],
  learnersNext: [2],
  autoLeave: true,
};
const after = majorityConfiguration([3, 4, 5], [2, 7]);

describe('one configuration may follow another', () => {
  for (const [name, from, to] of [
    ['that is the same', three, three],
    ['by one voter more', three, majorityConfiguration([1, 2, 3, 4])],
    ['by one voter less', three, majorityConfiguration([1, 2])],
    ['by learners', three, majorityConfiguration([1, 2, 3], [4, 5, 6])],
    ['into a joint one', majorityConfiguration([1, 2, 3], [7]), joint],
    ['out of a joint one', joint, after],
    [
      'within a joint one, by what is known of a node',
      joint,
      { ...joint, members: [member(4, { incarnation: 3 })] },
    ],
    [
      'by an incarnation that becomes known, or goes with its node',
      { ...three, members: [member(1, { incarnation: 3 })] },
      { ...majorityConfiguration([2, 3]), members: [member(2, { incarnation: 4 })] },
    ],
    ['by sizes whose quorums meet', three, { ...three, quorum: { commit: 2, election: 3 } }],
    [
      'by two voters when quorums meet all the same',
      majorityConfiguration([1, 2, 3, 4]),
      majorityConfiguration([1, 2, 3, 4, 5, 6]),
    ],
  ] satisfies [string, Configuration, Configuration][]) {
    it(name, () => assert.equal(illegalStep(from, to), null));
  }
});

describe('one configuration may not follow another', () => {
  const witness = (id: number): Member => member(id, { witness: true });
  for (const [problem, from, to] of [
    [/no quorum/, three, majorityConfiguration([])],
    [/no quorum/, three, { ...majorityConfiguration([]), quorum: { commit: 0, election: 0 } }],
    [/no quorum/, three, { ...three, quorum: { commit: 4, election: 3 } }],
    [/no quorum/, three, { ...three, quorum: { commit: 2, election: 4 } }],
    [/miss what was committed/, three, { ...three, quorum: { commit: 1, election: 2 } }],
    [/two leaders/, three, { ...three, quorum: { commit: 3, election: 1 } }],
    [/witnesses alone/, three, { ...three, members: [witness(1), witness(2)] }],
    [/a voter as well/, three, { ...three, learners: [3] }],
    [/a voter as well/, joint, { ...joint, learners: [1] }],
    [/to be a learner/, joint, { ...joint, learnersNext: [9] }],
    [/to be a learner/, joint, { ...joint, learnersNext: [3] }],
    [/to be a learner/, three, { ...three, learnersNext: [3] }],
    [/need not meet/, three, majorityConfiguration([1, 4, 5])],
    [/need not meet/, three, majorityConfiguration([1, 2, 3, 4, 5])],
    [/need not meet/, three, majorityConfiguration([1])],
    [
      /need not meet/,
      { ...majorityConfiguration([2, 3, 4, 5, 6]), quorum: { commit: 2, election: 4 } },
      { ...majorityConfiguration([1, 2, 3, 4, 5, 6]), quorum: { commit: 2, election: 5 } },
    ],
    [/outgoing half is not/, majorityConfiguration([1, 2]), joint],
    [/outgoing half is not/, { ...three, quorum: { commit: 2, election: 2 } }, joint],
    [/incoming half changed/, joint, majorityConfiguration([3, 4, 5, 6], [2, 7])],
    [/incoming half changed/, joint, { ...after, quorum: { commit: 2, election: 2 } }],
    [
      /incoming half changed/,
      { ...joint, quorum: { commit: 3, election: 2 } },
      { ...after, quorum: { commit: 2, election: 2 } },
    ],
    [
      /incoming half changed/,
      { ...joint, quorum: { commit: 2, election: 3 } },
      { ...after, quorum: { commit: 2, election: 2 } },
    ],
    [/incoming half changed/, joint, three],
    [/in the joint configuration/, joint, { ...joint, votersOutgoing: [2, 3] }],
    [/in the joint configuration/, joint, { ...joint, learners: [7, 8] }],
    [/in the joint configuration/, joint, { ...joint, learnersNext: [] }],
    [/in the joint configuration/, joint, { ...joint, quorumOutgoing: { commit: 2, election: 2 } }],
    [/learners are not those/, joint, { ...after, learners: [7] }],
    [/learners are not those/, joint, { ...after, learners: [2, 8] }],
    [
      /another incarnation/,
      { ...three, members: [member(1, { incarnation: 3 })] },
      { ...three, members: [member(1, { incarnation: 4 })] },
    ],
    [/another incarnation/, { ...three, members: [member(1, { incarnation: 3 })] }, three],
    [/held data in one/, three, { ...three, members: [witness(2)] }],
    [/held data in one/, { ...after, members: [witness(7)] }, after],
  ] satisfies [RegExp, Configuration, Configuration][]) {
    it(`because ${problem.source}: ${JSON.stringify(to)}`, () =>
      assert.match(illegalStep(from, to) ?? 'legal', problem));
  }
});
