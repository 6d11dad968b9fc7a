import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Configuration,
  decodeConfiguration,
  encodeConfiguration,
  majorityConfiguration,
  type NodeId,
} from '@quorate/schema';
import fc from 'fast-check';
import { changeConfiguration, leaveJoint } from '../../src/membership/change.ts';
import { checkConfiguration } from '../../src/membership/check-configuration.ts';
import { illegalStep } from '../../src/membership/legal-step.ts';
import { membersOf } from '../../src/membership/members.ts';
import type { MembershipChange, MembershipStep } from '../../src/membership/membership-change.ts';
import { areSafeTogether } from './electorates.ts';

const nodes = 7;
const id = fc.integer({ min: 1, max: nodes });
const attributes = fc.record(
  {
    incarnation: fc.constantFrom(0, 0, 1, 2),
    locality: fc.constantFrom('', 'eu/de', 'us'),
    priority: fc.nat(3),
    promote: fc.boolean(),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const witness = fc.constantFrom({}, {}, { witness: true });

const step: fc.Arbitrary<MembershipStep> = fc.oneof(
  fc
    .record({ id, known: attributes, witness })
    .map(({ id, known: { promote: _promote, ...known }, witness }) => ({
      kind: 'addVoter' as const,
      id,
      member: { ...known, ...witness },
    })),
  fc.record({ id, known: attributes, witness }).map(({ id, known, witness }) => ({
    kind: 'addLearner' as const,
    id,
    member: { ...known, ...witness },
  })),
  id.map((id) => ({ kind: 'addVoter' as const, id })),
  id.map((id) => ({ kind: 'addLearner' as const, id })),
  id.map((id) => ({ kind: 'remove' as const, id })),
  fc.record({ id, known: attributes }).map(({ id, known }) => ({
    kind: 'describe' as const,
    id,
    ...known,
  })),
);

/** Comparisons tell objects without a prototype apart. */
function plain<T>(fields: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> {
  return fc.record<T>(fields, { noNullPrototype: true });
}

const size = fc.integer({ min: 1, max: nodes });
const quorum = fc.option(plain({ commit: size, election: size }), { nil: null });
const durability = fc.option(plain({ depth: fc.constant(1), domains: size }), { nil: null });

const steps = fc.array(step, { maxLength: 5 });
const mode = fc.constantFrom('auto', 'simple', 'joint', 'jointAutoLeave');

/** Few keys at a time: most changes with all of them would be refused. */
const change: fc.Arbitrary<MembershipChange> = fc.oneof(
  plain({ steps }),
  plain({ steps, mode }),
  plain({ steps: fc.array(step, { minLength: 1, maxLength: 1 }), mode }),
  fc.record(
    { steps, mode, quorum, durability },
    { requiredKeys: ['steps'], noNullPrototype: true },
  ),
);

const action = fc.oneof(
  { weight: 3, arbitrary: change },
  { weight: 1, arbitrary: fc.constant('leave' as const) },
);

function next(from: Configuration, doing: MembershipChange | 'leave'): Configuration | null {
  const result = doing === 'leave' ? leaveJoint(from) : changeConfiguration(from, doing);
  return 'refused' in result ? null : result.configuration;
}

/** Everything a sequence of changes goes through, from a group of three. */
function passedThrough(actions: readonly (MembershipChange | 'leave')[]): Configuration[] {
  const all = [majorityConfiguration([1, 2, 3])];
  for (const doing of actions) {
    const reached = next(all.at(-1) as Configuration, doing);
    if (reached !== null) all.push(reached);
  }
  return all;
}

const runs = { numRuns: 1000 };

describe('whatever changes are asked for, of those that are not refused', () => {
  it('each configuration is sound, can be stored, and follows legally on the one before', () => {
    let changes = 0;
    fc.assert(
      fc.property(fc.array(action, { minLength: 5, maxLength: 12 }), (actions) => {
        const all = passedThrough(actions);
        for (const [at, to] of all.entries()) {
          assert.equal(checkConfiguration(to), null);
          assert.deepEqual(decodeConfiguration(encodeConfiguration(to)), to);
          const from = all[at - 1];
          if (from === undefined) continue;
          assert.equal(illegalStep(from, to), null);
          changes += from === to ? 0 : 1;
        }
      }),
      runs,
    );
    assert.ok(changes > 1000, `only ${changes} changes were accepted`);
  });

  it('what is decided by one configuration is seen by the next (enumerated)', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 8 }), (actions) => {
        const all = passedThrough(actions);
        for (const [at, to] of all.entries()) {
          assert.ok(areSafeTogether(to, to, nodes));
          assert.ok(areSafeTogether(all[at - 1] ?? to, to, nodes), `${at}`);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('it ends with the part that was asked for each node, joint on the way or not', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 6 }), change, (actions, last) => {
        const before = passedThrough(actions).at(-1) as Configuration;
        const reached = next(before, last);
        if (reached === null) return;
        const wasJoint = before.votersOutgoing.length > 0;
        const end =
          wasJoint || reached.votersOutgoing.length === 0 ? reached : next(reached, 'leave');
        assert.ok(end !== null);
        const wanted = partsAfter(before, last.steps);
        for (const id of membersOf(end)) assert.ok(wanted.has(id));
        for (const [id, part] of wanted) {
          if (!wasJoint) assert.equal(partOf(end, id), part, `node ${id}`);
        }
        if (last.quorum !== undefined) assert.deepEqual(end.quorum, last.quorum);
        if (last.durability !== undefined) assert.deepEqual(end.durability, last.durability);
        const ids = membersOf(end);
        for (const { id, witness } of end.members) assert.ok(witness || ids.includes(id));
      }),
      runs,
    );
  });

  it('a joint configuration can always be left', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 8 }), (actions) => {
        for (const configuration of passedThrough(actions)) {
          const left = leaveJoint(configuration);
          assert.equal('refused' in left, configuration.votersOutgoing.length === 0);
          if ('refused' in left) continue;
          assert.deepEqual(left.configuration.voters, configuration.voters);
          assert.equal(checkConfiguration(left.configuration), null);
        }
      }),
      runs,
    );
  });
});

type Part = 'voter' | 'learner';

function partOf(configuration: Configuration, id: NodeId): Part | null {
  if (configuration.voters.includes(id)) return 'voter';
  return configuration.learners.includes(id) ? 'learner' : null;
}

/** Node by node what the steps say, the last one of each node. */
function partsAfter(
  configuration: Configuration,
  steps: readonly MembershipStep[],
): Map<NodeId, Part> {
  const parts = new Map<NodeId, Part>();
  for (const id of membersOf(configuration)) parts.set(id, partOf(configuration, id) ?? 'learner');
  for (const { kind, id } of steps) {
    if (kind === 'addVoter') parts.set(id, 'voter');
    else if (kind === 'addLearner') parts.set(id, 'learner');
    else if (kind === 'remove') parts.delete(id);
  }
  return parts;
}
