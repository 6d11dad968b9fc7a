import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration, Entry, Member } from '@quorate/schema';
import { EntryKind, encodeConfiguration } from '@quorate/schema';
import { MembershipState } from '../../src/membership/membership-state.ts';
import { configurationOf, entry } from '../support/messages.ts';

function change(index: number, configuration: Configuration): Entry {
  const data = encodeConfiguration(configuration);
  return { ...entry(index, 1), kind: EntryKind.configuration, data };
}

function known(id: number, incarnation: number): Member {
  const unknown = { locality: '', address: '', priority: 0, witness: false, promote: false };
  return { ...unknown, id, incarnation };
}

function snapshotWith(index: number, configuration: Configuration) {
  return { index, term: 1, timestampMicros: 0, configuration, withheld: false };
}

const three = configurationOf([1, 2, 3]);
const withTwo: Configuration = { ...three, members: [known(2, 22)] };

/** As node 1 sees it; its snapshot is at index 5. */
function stateOf(
  configuration: Configuration = three,
  entries: readonly Entry[] = [],
  incarnation = 0,
): MembershipState {
  return new MembershipState(1, incarnation, snapshotWith(5, configuration), entries);
}

describe('the configuration in force', () => {
  it('is recovered from the snapshot and the entries behind it', () => {
    const old = change(5, configurationOf([7]));
    const state = stateOf(three, [old, entry(6, 1), change(7, configurationOf([1, 2]))]);
    assert.deepEqual(state.inForce.configuration.voters, [1, 2]);
    assert.equal(state.inForce.index, 7);
    assert.deepEqual(state.at(6).voters, [1, 2, 3]);
    assert.deepEqual(stateOf(three, [old]).inForce.configuration.voters, [1, 2, 3]);
  });

  it('changes with entries that are appended, if one of them changes it', () => {
    const state = stateOf();
    assert.equal(state.appended([entry(6, 1)]), false);
    assert.equal(state.appended([change(7, configurationOf([1, 2])), entry(8, 1)]), true);
    assert.deepEqual(state.inForce.configuration.voters, [1, 2]);
  });

  it('reverts when its entry is truncated, and not otherwise', () => {
    const state = stateOf(three, [change(7, configurationOf([1, 2]))]);
    assert.equal(state.truncatedAfter(7), false);
    assert.equal(state.inForce.index, 7);
    assert.equal(state.truncatedAfter(6), true);
    assert.deepEqual(state.inForce.configuration.voters, [1, 2, 3]);
  });

  it('is that of a snapshot that replaces the log', () => {
    const state = stateOf(three, [change(7, configurationOf([1, 2]))]);
    assert.equal(state.reset(snapshotWith(20, configurationOf([1, 9]))), true);
    assert.deepEqual(state.inForce.configuration.voters, [1, 9]);
    assert.equal(state.inForce.index, 20);
  });

  it('stays when the log is cut, and what was before it is forgotten', () => {
    const state = stateOf(three, [change(7, configurationOf([1, 2]))]);
    state.compactedTo(8);
    assert.equal(state.inForce.index, 7);
    assert.throws(() => state.at(6), /is known/);
  });
});

describe('a node', () => {
  it('may be a voter of an earlier configuration until the newer is committed (4.2.2)', () => {
    const state = stateOf(three, [change(7, configurationOf([2, 3]))]);
    assert.equal(state.inForce.isVoter, false);
    assert.equal(state.isOrWasVoter(6), true);
    assert.equal(state.isOrWasVoter(7), false);
    assert.equal(stateOf(configurationOf([2, 3])).isOrWasVoter(5), false);
    assert.equal(stateOf().isOrWasVoter(5), true);
    const never = stateOf(configurationOf([2, 3]), [change(7, configurationOf([2]))]);
    assert.equal(never.isOrWasVoter(6), false);
  });
});

describe('an incarnation that a peer tells', () => {
  it('is to be recorded when the configuration does not know it', () => {
    const state = stateOf(withTwo);
    assert.equal(state.peerIncarnation(3, 33), false);
    assert.equal(state.peerIncarnation(2, 22), false);
    assert.equal(state.peerIncarnation(9, 99), false);
    assert.deepEqual([...state.unrecorded], [[3, 33]]);
    state.appended([change(6, { ...withTwo, members: [known(2, 22), known(3, 33)] })]);
    assert.deepEqual([...state.unrecorded], []);
    assert.deepEqual(
      [2, 3, 9].map((id) => state.isImpostor(id)),
      [false, false, false],
    );
  });

  it('that is not the recorded one makes it an impostor (bug 20)', () => {
    const state = stateOf(withTwo);
    state.peerIncarnation(2, 23);
    assert.equal(state.isImpostor(2), true);
    assert.equal(state.isImpostor(3), false);
    assert.deepEqual([...state.unrecorded], []);
    state.peerIncarnation(2, 22);
    assert.equal(state.isImpostor(2), false);
  });

  it('that is not the first since it is a member makes it one too', () => {
    const state = stateOf();
    assert.equal(state.peerIncarnation(2, 22), false);
    assert.equal(state.peerIncarnation(2, 22), false);
    assert.equal(state.peerIncarnation(2, 23), true);
    assert.equal(state.isImpostor(2), true);
    assert.deepEqual([...state.unrecorded], [[2, 22]]);
  });

  it('is not told any more when it says 0', () => {
    const state = stateOf();
    state.peerIncarnation(2, 22);
    assert.equal(state.peerIncarnation(2, 0), true);
    assert.deepEqual([...state.unrecorded], []);
    assert.equal(state.peerIncarnation(2, 22), false);
  });

  it('counts anew once the node was removed and added', () => {
    const state = stateOf();
    state.peerIncarnation(3, 33);
    state.appended([change(6, configurationOf([1, 2]))]);
    assert.equal(state.isImpostor(3), false);
    assert.deepEqual([...state.unrecorded], []);
    state.peerIncarnation(3, 34);
    state.appended([change(7, three)]);
    assert.equal(state.isImpostor(3), false);
    assert.deepEqual([...state.unrecorded], [[3, 34]]);
  });

  it('is compared with what a change or its truncation brings', () => {
    const state = stateOf();
    state.peerIncarnation(2, 22);
    state.appended([change(6, { ...three, members: [known(2, 44)] })]);
    assert.equal(state.isImpostor(2), true);
    state.truncatedAfter(5);
    assert.equal(state.isImpostor(2), false);
    state.reset(snapshotWith(9, { ...three, members: [known(2, 44)] }));
    assert.equal(state.isImpostor(2), true);
  });
});

describe('a node’s own incarnation', () => {
  it('is to be recorded, and tells it when it is not who is meant', () => {
    assert.deepEqual([...stateOf(three, [], 11).unrecorded], [[1, 11]]);
    assert.deepEqual([...stateOf().unrecorded], []);
    const meant: Configuration = { ...three, members: [known(1, 10)] };
    assert.equal(stateOf(meant, [], 11).isImpostor(1), true);
    assert.equal(stateOf(meant, [], 10).isImpostor(1), false);
    assert.equal(stateOf(meant).isImpostor(1), false, 'it does not say');
  });
});
