import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Candidates, type Told } from './candidates.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** Acts come every 4 ms, so these last longer than twice the lease of 200 ms. */
const actsOfTwoLeases = 110;

/**
 * Nobody acts under an older token than one that has acted.
 *
 * @param underWay so many acts had been begun, and their leader was stopped before they were told
 */
function checkOrder(told: readonly Told[], underWay: number): void {
  let newest = 0n;
  const late: Told[] = [];
  const acts = told.filter(({ what }) => what === 'acts');
  for (const one of acts.sort((a, b) => Number(a.atNs - b.atNs))) {
    if (one.token < newest) late.push(one);
    else newest = one.token;
  }
  assert.ok(late.length <= underWay, `${late.length} acts under older tokens`);
  const tokens = told.filter(({ what }) => what === 'elected').map(({ token }) => token);
  assert.equal(new Set(tokens).size, tokens.length, 'each token is given once');
}

describe('processes', { timeout: 120_000 }, () => {
  it('that stood still for twice the lease while leading do not act when they go on', async () => {
    using directory = temporaryDirectory();
    await using candidates = await Candidates.start(3, directory.path);
    const { id, token } = await candidates.stopLeader();
    const next = await candidates.acts(actsOfTwoLeases, token);
    assert.notEqual(next.id, id);
    const woken = candidates.next(({ what }) => what === 'leads no more' || what === 'still leads');
    const since = candidates.told.length;
    candidates.signal(id, 'SIGCONT');
    assert.equal((await woken).what, 'leads no more');
    await candidates.acts(actsOfTwoLeases, token);
    const ofStopped = candidates.told.slice(since).filter((told) => told.token === token);
    assert.deepEqual(
      ofStopped.map(({ what }) => what),
      ['lost', 'leads no more'],
    );
    checkOrder(candidates.told, 0);
  });

  it('that are stopped from outside never look at the clock and act late', async () => {
    using directory = temporaryDirectory();
    await using candidates = await Candidates.start(3, directory.path);
    const rounds = 3;
    let leader = await candidates.leader();
    for (let round = 0; round < rounds; round++) {
      candidates.signal(leader.id, 'SIGSTOP');
      const next = await candidates.acts(30, leader.token);
      candidates.signal(leader.id, 'SIGCONT');
      leader = next;
    }
    // Between a look and its act there is always room for one stop: that is what fences are for.
    checkOrder(candidates.told, rounds);
  });

  it('that are killed are followed by another, and come back under newer tokens', async () => {
    using directory = temporaryDirectory();
    await using candidates = await Candidates.start(3, directory.path);
    let leader = await candidates.leader();
    for (let round = 0; round < 2; round++) {
      await candidates.kill(leader.id);
      const next = await candidates.acts(3, leader.token);
      assert.notEqual(next.id, leader.id);
      await candidates.startOne(leader.id);
      leader = next;
    }
    checkOrder(candidates.told, 0);
  });
});
