import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Configuration, type Member, majorityConfiguration } from '@quorate/schema';
import { checkConfiguration } from '../../src/membership/check-configuration.ts';

const nothing = { locality: '', address: '', priority: 0, witness: false, promote: false };

function member(id: number, attributes: Partial<Member> = {}): Member {
  return { id, incarnation: 0, ...nothing, ...attributes };
}

const simple = majorityConfiguration([1, 2, 3], [7]);
const joint: Configuration = {
  ...simple,
  votersOutgoing: [2, 3, 4],
  learnersNext: [4],
  autoLeave: true,
};

describe('a configuration from outside is accepted', () => {
  for (const [name, configuration] of [
    ['as a group begins', simple],
    ['while joint', joint],
    ['joint with equal halves', { ...simple, votersOutgoing: [1, 2, 3] }],
    ['with sizes', { ...simple, quorum: { commit: 2, election: 2 } }],
    ['with sizes of one half', { ...joint, quorumOutgoing: { commit: 3, election: 2 } }],
    [
      'with as many nodes as there may be',
      majorityConfiguration(Array.from({ length: 1024 }, (_, at) => at + 1)),
    ],
    ['with a durability class', { ...simple, durability: { depth: 2, domains: 3 } }],
    [
      'with members of every kind',
      {
        ...joint,
        members: [
          member(1, { incarnation: 2 ** 48, address: 'a'.repeat(255), priority: 255 }),
          member(2, { witness: true, locality: 'eu/de/fra1' }),
          member(4, { promote: true }),
          member(7, { promote: true, locality: 'é'.repeat(127) }),
        ],
      },
    ],
  ] as const) {
    it(name, () => assert.equal(checkConfiguration(configuration), null));
  }
});

describe('a configuration from outside is refused', () => {
  const long = Array.from({ length: 1025 }, (_, at) => at + 1);
  for (const [configuration, problem] of [
    [{ ...simple, voters: [] }, /voters is empty/],
    [{ ...joint, voters: [] }, /voters is empty/],
    [{ ...simple, voters: [1, 3, 2] }, /voters has 2 after 3/],
    [{ ...simple, voters: [1, 1] }, /voters has 1 after 1/],
    [{ ...simple, voters: [0, 1] }, /voters has 0 after 0/],
    [{ ...simple, voters: [1, 2.5] }, /voters has 2.5/],
    [{ ...simple, voters: [2 ** 53] }, /safe integers/],
    [{ ...simple, voters: long, learners: [] }, /voters has 1025 nodes, more than 1024/],
    [{ ...joint, votersOutgoing: [4, 3] }, /votersOutgoing has 3 after 4/],
    [{ ...simple, learners: [8, 7] }, /learners has 7 after 8/],
    [{ ...joint, learnersNext: [4, 4] }, /learnersNext has 4 after 4/],
    [{ ...simple, learners: [3] }, /node 3 is both a voter and a learner/],
    [{ ...joint, learners: [4] }, /node 4 is both/],
    [{ ...joint, learnersNext: [3] }, /node 3 of learnersNext/],
    [{ ...joint, learnersNext: [9] }, /node 9 of learnersNext/],
    [{ ...simple, learnersNext: [3] }, /node 3 of learnersNext/],
    [{ ...simple, autoLeave: true }, /without an outgoing half/],
    [{ ...simple, quorumOutgoing: { commit: 2, election: 2 } }, /without an outgoing half/],
    [{ ...simple, members: [member(9)] }, /members has node 9, which has no part/],
    [{ ...simple, members: [member(2), member(1)] }, /members has 1 after 2/],
    [{ ...simple, members: [member(1, { incarnation: -1 })] }, /incarnation of node 1 is -1/],
    [{ ...simple, members: [member(1, { incarnation: 2 ** 53 })] }, /incarnation/],
    [{ ...simple, members: [member(1, { priority: 256 })] }, /priority of node 1 is 256/],
    [{ ...simple, members: [member(1, { priority: 0.5 })] }, /priority/],
    [{ ...simple, members: [member(1, { locality: 'é'.repeat(128) })] }, /locality of node 1/],
    [{ ...simple, members: [member(1, { address: 'a'.repeat(256) })] }, /address of node 1/],
    [{ ...simple, members: [member(1, { address: '\ud800' })] }, /address of node 1 is not text/],
    [{ ...simple, members: [member(1, { locality: 'eu//fra1' })] }, /has an empty part/],
    [{ ...simple, members: [member(1, { locality: '/eu' })] }, /has an empty part/],
    [{ ...simple, members: [member(1, { promote: true })] }, /node 1 is to be promoted/],
    [{ ...simple, quorum: { commit: 1, election: 3 } }, /at least 2 that hold data/],
    [{ ...simple, quorum: { commit: 2, election: 1 } }, /more than 3/],
    [{ ...joint, quorumOutgoing: { commit: 4, election: 3 } }, /of 3 voters: a size/],
    [
      { ...simple, members: [member(1, { witness: true }), member(2, { witness: true })] },
      /2 of them witnesses: a commit must be on at least 1/,
    ],
    [
      { ...joint, members: [member(3, { witness: true }), member(4, { witness: true })] },
      /2 of them witnesses/,
    ],
    [{ ...simple, durability: { depth: 0, domains: 1 } }, /1 domains at depth 0/],
    [{ ...simple, durability: { depth: 1, domains: 1025 } }, /1025 domains/],
  ] as const) {
    it(`with ${problem.source}`, () =>
      assert.match(checkConfiguration(configuration) ?? '', problem));
  }
});
