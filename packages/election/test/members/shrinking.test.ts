import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Election } from '../../src/index.ts';
import { Elections } from '../node/elections.ts';
import { temporaryDirectory } from '../node/temporary-directory.ts';
import { leaderOf, patientTiming, removeDead, until, voters } from './watching.ts';

/** Somebody leads the election, of these. */
async function leads(elections: readonly Election[]): Promise<void> {
  const stop = new AbortController();
  const campaigns = elections.map((one) => one.campaign(undefined, { signal: stop.signal }));
  const first = await Promise.race(campaigns);
  assert.equal(first.isValid(), true);
  stop.abort();
  await Promise.allSettled(campaigns);
  await Promise.all(elections.map((one) => one.resign()));
}

describe('five nodes of which dead ones are removed', () => {
  it('lose two, shrink to three, lose one more and still lead; the lost come back', async () => {
    using directory = temporaryDirectory();
    const dataDirOf = (id: number): string => `${directory.path}/${id}`;
    await using elections = await Elections.open(5, (id) => ({
      timing: patientTiming,
      removeDead,
      dataDir: dataDirOf(id),
    }));
    const [one, two, three, four, five] = [1, 2, 3, 4, 5].map((id) => elections.of(id)) as [
      Election,
      Election,
      Election,
      Election,
      Election,
    ];
    await leads(elections.all);
    await Promise.all([four.close(), five.close()]);
    const left = [one, two, three];
    await until(() => left.every((node) => voters(node) === '1 2 3'));
    assert.equal(one.health().failureTolerance, 1);
    await leads(left);
    await three.close();
    await leads([one, two]);
    // Three are the floor: the one that is gone stays a member.
    assert.equal(voters(one), '1 2 3');
    const returned = await Promise.all([3, 4, 5].map((id) => elections.start(id)));
    const all = [one, two, ...returned];
    await until(() => all.every((node) => voters(node) === '1 2 3 4 5'));
    await until(() => all.every((node) => node.health().membership === 'member'));
    await leads(all);
    assert.ok(leaderOf(all) !== undefined);
  });
});
