import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide, type Round } from '../../src/raftify/decision.ts';
import { digestOf, type FoundingSet, planOf } from '../../src/raftify/founding-plan.ts';
import type { Hello } from '../../src/raftify/hello.ts';
import { nodeIdOf } from '../../src/raftify/node-id.ts';
import { Seekers } from './seekers.ts';

const peers = ['a', 'b', 'c'].map((host) => ({ host, port: 1 }));
const all = ['a:1', 'b:1', 'c:1'];

const shape = {
  id: 'na',
  maxNodes: 3,
  expect: 3,
  performance: 1,
  logLevel: 'warn',
  bind: { host: 'a', port: 1 },
  peers,
} as const;

const plan = planOf(shape, { host: 'a', port: 1 });
const set: FoundingSet = {
  founders: all.map((address) => ({ address, id: `n${address[0]}` })),
  all,
  expect: 3,
  maxNodes: 3,
};
const digest = digestOf(set);

function hello(host: string, more: Partial<Hello> = {}): Hello {
  return {
    id: `n${host}`,
    address: `${host}:1`,
    all,
    expect: 3,
    maxNodes: 3,
    performance: 1,
    phase: 'gathering',
    accepted: null,
    isLost: false,
    members: [],
    ...more,
  };
}

function round(...hellos: readonly Hello[]): Round {
  return {
    answers: new Map(hellos.map((one) => [one.address, one])),
    silent: new Map([['c:1', 'nothing listens there']]),
  };
}

const seeker = { id: 'na', plan, accepted: null };
const bound = { ...seeker, accepted: set };

/** The one problem of a node that waits. */
function problemOf(decision: ReturnType<typeof decide>): string {
  assert.equal(decision.kind, 'wait');
  const [problem = ''] = decision.kind === 'wait' ? decision.problems.values() : [];
  return problem;
}

describe('a node without a group', () => {
  it('waits for each founder, and says for whom and why', () => {
    const decision = decide(seeker, round(hello('b')));
    assert.ok(decision.kind === 'wait');
    assert.equal(decision.present, 2);
    assert.equal(decision.expected, 3);
    assert.deepEqual([...decision.problems], [['c:1', 'has not answered (nothing listens there)']]);
  });

  it('accepts the founders once all are there with the same configuration', () => {
    const decision = decide(seeker, round(hello('b'), hello('c')));
    assert.deepEqual(decision, { kind: 'accept', set });
  });

  it('founds the group only once all have accepted the same', () => {
    const accepted = { phase: 'accepted', accepted: digest } as const;
    const some = decide(bound, round(hello('b', accepted), hello('c')));
    assert.match(problemOf(some), /has not accepted the founders yet/);
    const every = decide(bound, round(hello('b', accepted), hello('c', accepted)));
    assert.deepEqual(every, { kind: 'found', set });
    const other = decide(
      bound,
      round(hello('b', accepted), hello('c', { phase: 'accepted', accepted: 'x' })),
    );
    assert.match(problemOf(other), /has accepted other founders: .*remove their data dir/);
  });

  const differences: readonly (readonly [string, Partial<Hello>, RegExp])[] = [
    ['expect', { expect: 2 }, /has expect 2, and it is 3 here: make them the same/],
    ['max_nodes', { maxNodes: 5 }, /has max_nodes 5, and it is 3 here/],
    ['performance', { performance: 2 }, /has performance 2, and it is 1 here/],
    ['peer_list', { all: ['a:1', 'b:1'] }, /has peer_list a:1 b:1, and it is a:1 b:1 c:1 here/],
    ['the same id', { id: 'na' }, /has the id 'na', as a:1 has: give each node/],
    ['the id of a third', { id: 'nc' }, /has the id 'nc', as c:1 has/],
  ];
  for (const [what, more, problem] of differences) {
    it(`accepts nobody with another configuration: ${what}`, () => {
      const decision = decide(seeker, round(hello('b', more), hello('c')));
      assert.match(problemOf(decision), problem);
    });
  }

  it('that is no founder waits until there is a group', () => {
    const two = planOf({ ...shape, expect: 2 }, { host: 'c', port: 1 });
    const late = { id: 'nc', plan: two, accepted: null };
    assert.match(problemOf(decide(late, round(hello('a'), hello('b')))), /has founded no group/);
    const members = ['na', 'nb'].map((id) => ({ node: nodeIdOf(id), id, address: 'x:1' }));
    const member = hello('a', { phase: 'member', expect: 2, members });
    assert.deepEqual(decide(late, round(member)), { kind: 'join', contacts: ['a:1'] });
  });

  it('never founds one where anybody tells of a group', () => {
    const members = [{ node: nodeIdOf('nb'), id: 'nb', address: 'b:1' }];
    const member = hello('b', { phase: 'member', accepted: digest, members });
    assert.equal(decide(seeker, round(member, hello('c'))).kind, 'join');
    const back = decide(seeker, round({ ...member, members: [] }, hello('c')));
    assert.match(problemOf(back), /does not know its members yet/);
  });

  it('takes its part in a group that was founded with it', () => {
    const members = ['na', 'nb', 'nc'].map((id) => ({ node: nodeIdOf(id), id, address: '' }));
    const member = hello('b', { phase: 'member', accepted: digest, members });
    assert.deepEqual(decide(bound, round(member)), { kind: 'found', set });
    const without = { ...member, members: members.slice(1) };
    assert.equal(decide(bound, round(without)).kind, 'join');
  });

  it('asks no full group, none of other times, and none with its id, to take it in', () => {
    const members = ['nb', 'nc', 'nd'].map((id) => ({ node: nodeIdOf(id), id, address: 'x:1' }));
    const full = hello('b', { phase: 'member', members });
    assert.match(problemOf(decide(seeker, round(full))), /of 3 nodes, and max_nodes is 3/);
    const slow = hello('b', { phase: 'member', performance: 5, members });
    assert.match(problemOf(decide(seeker, round(slow))), /has performance 5, and it is 1 here/);
    const namesake = [{ node: nodeIdOf('na'), id: 'na', address: 'z:1' }];
    const taken = hello('b', { phase: 'member', members: namesake });
    assert.match(problemOf(decide(seeker, round(taken))), /this node's id already, z:1/);
    const self = [{ node: nodeIdOf('na'), id: 'na', address: 'a:1' }];
    const lost = decide(seeker, round(hello('b', { phase: 'member', members: self })));
    assert.match(problemOf(lost), /whose votes its directory has lost/);
    assert.ok(lost.kind === 'wait' && lost.isLost);
  });
});

/** How many of so many runs founded two groups, and how many nodes found one. */
function run(options: { maxNodes: number; leastExpect: number }, seeds: number) {
  let twice = 0;
  let joined = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const seekers = new Seekers({ ...options, seed });
    for (let step = 0; step < 600; step++) seekers.step();
    if (seekers.founded.size > 1) twice += 1;
    joined += seekers.joined;
  }
  return { twice, joined };
}

describe('nodes that look for each other, with configurations that differ and change', () => {
  for (const [maxNodes, leastExpect] of [
    [3, 2],
    [4, 3],
    [5, 3],
  ] as const) {
    it(`never found two groups: at most ${maxNodes} nodes, at least ${leastExpect}`, () => {
      const { twice, joined } = run({ maxNodes, leastExpect }, 400);
      assert.equal(twice, 0);
      assert.ok(joined > 400, `${joined} nodes found a group`);
    });
  }

  it('would, were fewer than half of max_nodes enough', () => {
    assert.ok(run({ maxNodes: 4, leastExpect: 2 }, 400).twice > 0);
  });
});
