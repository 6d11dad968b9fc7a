import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeadershipJudge } from './leadership-judge.ts';
import type { Told } from './told.ts';

const nothing = { reason: '', leaseUntilNs: 0n };

/** A look at which `id` led, in nanoseconds. */
function acts(id: number, token: bigint, fromNs: bigint, atNs = fromNs, leaseUntilNs = 0n): Told {
  return { ...nothing, id, token, what: 'acts', fromNs, atNs, leaseUntilNs };
}

function told(id: number, what: Told['what'], token: bigint, reason = ''): Told {
  return { ...nothing, id, what, token, reason, fromNs: 0n, atNs: 0n };
}

function judged(all: readonly Told[]): LeadershipJudge {
  const judge = new LeadershipJudge();
  for (const one of all) judge.heard(one);
  return judge;
}

describe('the judge of leaderships', () => {
  it('accuses who led after a newer leadership had begun, in whatever order it hears of it', () => {
    const all = [acts(1, 1n, 10n), acts(2, 2n, 20n, 25n), acts(1, 1n, 26n), acts(3, 3n, 40n)];
    for (const order of [all, all.toReversed()]) {
      assert.deepEqual(judged(order).problems(), ['1 led under 1 for 0 us after 2 had begun']);
    }
  });

  it('accuses who led beside one that is not the next', () => {
    const all = [acts(1, 1n, 50n), acts(2, 3n, 45n), acts(3, 2n, 44n)];
    assert.equal(judged(all).problems().length, 2);
  });

  it('takes a look for what is certain of it', () => {
    const all = [acts(1, 1n, 10n, 90n), acts(2, 2n, 5n, 95n), acts(1, 1n, 94n, 200n)];
    assert.deepEqual(judged(all).problems(), []);
  });

  it('accuses who begins before the lease of another has ended, unless that was given up', () => {
    const all = [acts(1, 1n, 10n, 11n, 3_000_000n), acts(2, 2n, 1_000_000n)];
    const problem = '2 began 2000 us before the lease of 1 had ended';
    assert.deepEqual(judged(all).problems(), [problem]);
    const lost = told(1, 'lost', 1n, 'expired');
    assert.deepEqual(judged([...all, lost]).problems(), [problem]);
    const again = acts(1, 2n, 1_000_000n);
    assert.deepEqual(judged([acts(1, 1n, 10n, 11n, 3_000_000n), again]).problems(), []);
    for (const word of [told(1, 'gives up', 1n), told(1, 'lost', 1n, 'resigned')]) {
      assert.deepEqual(judged([...all, word]).problems(), []);
    }
  });

  it('accuses who still leads after it stood still, and tokens that are given twice', () => {
    const elected = [told(1, 'elected', 2n), told(2, 'elected', 2n), told(2, 'elected', 1n)];
    assert.deepEqual(judged([...elected, told(1, 'still leads', 2n)]).problems(), [
      '1 and 2 were both given 2',
      '2 was given 1 after 2',
      '1 still led under 2 after it had stood still',
    ]);
    assert.equal(judged([acts(1, 1n, 1n), acts(2, 1n, 1n)]).problems().length, 1);
  });

  it('counts acts that a fence refuses, and leaderships that were handed over unasked', () => {
    const late = { ...acts(1, 1n, 3n), what: 'acts late' } as const;
    const handedOver = told(2, 'lost', 2n, 'transferred');
    const judge = judged([acts(1, 1n, 1n), acts(2, 2n, 2n), late, handedOver]);
    const { acts: count, refusedActs, unaskedHandOvers } = judge;
    assert.deepEqual([count, refusedActs, unaskedHandOvers], [3, 1, 1]);
    assert.deepEqual(judge.problems(), []);
  });
});
