import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberView } from '../../../src/core/membership/member-view.ts';
import {
  additionRefusal,
  promotionRefusal,
  removalRefusal,
} from '../../../src/core/membership/strict-rules.ts';
import { type RpcError, rpcErrors } from '../../../src/core/rpc-error.ts';

/** One letter a member, by its place: `s`tarted, `u`nstarted, `l`earner; upper case: connected. */
function membersOf(picture: string): readonly MemberView[] {
  return picture.split('').map((letter, at) => ({
    id: at + 1,
    name: letter.toLowerCase() === 's' ? `n${at + 1}` : '',
    peerUrls: [],
    clientUrls: [],
    isLearner: letter.toLowerCase() === 'l',
  }));
}

const connectedIn = (picture: string) => (id: number) => /[A-Z]/.test(picture[id - 1] ?? '');

const words = new Map<RpcError | null, string>([
  [null, 'yes'],
  [rpcErrors.notEnoughStartedMembers, 'not enough started'],
  [rpcErrors.unhealthyCluster, 'unhealthy'],
]);

const saidOf = (refusal: RpcError | null): string => words.get(refusal) ?? 'something else';

test('a voter is added where a majority has started and all voters are connected', () => {
  for (const [picture, expected] of [
    ['S', 'yes'],
    // The step away from one is let through, the next one only once the second has started.
    ['SU', 'not enough started'],
    ['SS', 'yes'],
    ['Ss', 'unhealthy'],
    ['SSS', 'yes'],
    ['SSs', 'unhealthy'],
    ['SSU', 'not enough started'],
    ['SSSu', 'unhealthy'],
    ['SSSU', 'yes'],
    ['SSUU', 'not enough started'],
    // Learners neither count nor have to be there.
    ['SSl', 'yes'],
    ['Sl', 'yes'],
  ] as const) {
    const said = saidOf(additionRefusal(membersOf(picture), false, connectedIn(picture)));
    assert.equal(said, expected, picture);
  }
});

test('a learner is added whoever has started, but not to an unhealthy cluster', () => {
  for (const [picture, expected] of [
    ['SU', 'yes'],
    ['SUU', 'yes'],
    ['Su', 'unhealthy'],
    ['SSs', 'unhealthy'],
  ] as const) {
    const said = saidOf(additionRefusal(membersOf(picture), true, connectedIn(picture)));
    assert.equal(said, expected, picture);
  }
});

test('who is removed leaves a majority that has started and, if it was up, is connected', () => {
  for (const [picture, removed, expected] of [
    ['S', 1, 'not enough started'],
    ['SS', 1, 'yes'],
    ['SS', 2, 'yes'],
    ['Ss', 2, 'yes'],
    // The one that stays is not there.
    ['Ss', 1, 'unhealthy'],
    ['SU', 1, 'not enough started'],
    ['SU', 2, 'yes'],
    ['SSs', 3, 'yes'],
    ['SSs', 1, 'unhealthy'],
    ['SSSss', 4, 'yes'],
    ['SSSss', 1, 'unhealthy'],
    ['SSSSs', 1, 'yes'],
    ['SSUu', 1, 'not enough started'],
    ['Sl', 2, 'yes'],
    ['ssl', 3, 'yes'],
    ['Sl', 1, 'not enough started'],
  ] as const) {
    const members = membersOf(picture);
    const one = members[removed - 1] as MemberView;
    const said = saidOf(removalRefusal(members, one, connectedIn(picture)));
    assert.equal(said, expected, `${removed} of ${picture}`);
  }
});

test('a learner is promoted where it makes a started majority with the others', () => {
  for (const [picture, expected] of [
    ['SL', 'yes'],
    ['SUL', 'yes'],
    ['SUUL', 'not enough started'],
    ['SSUUL', 'yes'],
  ] as const) {
    assert.equal(saidOf(promotionRefusal(membersOf(picture))), expected, picture);
  }
});
