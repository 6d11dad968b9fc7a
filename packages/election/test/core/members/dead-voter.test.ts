import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { majorityOf, voterToRemove } from '../../../src/core/members/dead-voter.ts';

const afterMs = 2000;
const electionTimeoutMs = 200;

/** Of voters 1 to `count`, the last `dead` have been silent for long, the last for longest. */
function chosen(count: number, dead: number, floor: number, silent = 0): number | null {
  const voters = Array.from({ length: count }, (_, at) => at + 1);
  const silentMs = (id: number): number => {
    if (id > count - dead) return afterMs + id;
    return id > count - dead - silent ? afterMs - 1 : 0;
  };
  const heard = { voters, silentMs, absentMs: silentMs, electionTimeoutMs };
  return voterToRemove(heard, { afterMs, floor });
}

describe('a dead voter is removed', () => {
  it('only where the quorum becomes smaller by it, or by it and others that are dead', () => {
    const floor = 3;
    assert.equal(chosen(5, 1, floor), null);
    assert.equal(chosen(5, 2, floor), 5);
    assert.equal(chosen(4, 1, floor), 4);
    assert.equal(chosen(7, 1, floor), null);
    assert.equal(chosen(7, 2, floor), 7);
    assert.equal(chosen(7, 3, floor), 7);
    assert.equal(chosen(6, 1, floor), 6);
  });

  it('only above the floor', () => {
    assert.equal(chosen(3, 1, 3), null);
    assert.equal(chosen(4, 1, 4), null);
    assert.equal(chosen(5, 2, 4), null);
    assert.equal(chosen(5, 2, 5), null);
    assert.equal(chosen(7, 3, 5), 7);
    assert.equal(chosen(6, 2, 5), 6);
  });

  it('of three only with the lowest floor, and of two never', () => {
    assert.equal(chosen(3, 1, 2), 3);
    assert.equal(chosen(2, 1, 2), null);
    assert.equal(chosen(1, 0, 2), null);
  });

  it('only while a majority of those that remain answers', () => {
    assert.equal(chosen(5, 2, 3, 1), null);
    assert.equal(chosen(4, 1, 3, 1), 4);
    assert.equal(chosen(4, 1, 3, 2), null);
    assert.equal(chosen(7, 2, 3, 1), 7);
    assert.equal(chosen(7, 2, 3, 2), null);
    assert.equal(chosen(3, 1, 2, 1), null);
  });

  it('not where others reach it, and one that they reach does not count as dead', () => {
    const silentMs = (id: number): number => (id > 3 ? 5000 : 0);
    const absentMs = (id: number): number => (id === 5 ? 5000 : 0);
    const five = { voters: [1, 2, 3, 4, 5], silentMs, absentMs, electionTimeoutMs };
    assert.equal(voterToRemove(five, { afterMs, floor: 3 }), null);
    const six = { ...five, voters: [1, 2, 3, 4, 5, 6] };
    assert.equal(voterToRemove(six, { afterMs, floor: 3 }), 5);
    assert.equal(voterToRemove({ ...six, absentMs: () => 0 }, { afterMs, floor: 3 }), null);
  });

  it('the one that was silent for longest first, then by id', () => {
    const silent = new Map([
      [2, 5000],
      [4, 9000],
    ]);
    const silentMs = (id: number): number => silent.get(id) ?? 0;
    const voters = [1, 2, 3, 4, 5];
    const heard = { voters, silentMs, absentMs: silentMs, electionTimeoutMs };
    assert.equal(voterToRemove(heard, { afterMs, floor: 3 }), 4);
    silent.set(2, 9000);
    assert.equal(voterToRemove(heard, { afterMs, floor: 3 }), 2);
  });

  it('and whatever is removed one after the other, more losses can be borne at the end', () => {
    const counts = fc.integer({ min: 1, max: 15 });
    fc.assert(
      fc.property(counts, fc.nat(14), fc.integer({ min: 3, max: 9 }), (count, drawn, floor) => {
        const dead = Math.min(drawn, count - 1);
        let [voters, left] = [count, dead];
        while (chosen(voters, left, floor) !== null) {
          voters -= 1;
          left -= 1;
        }
        assert.ok(voters === count || voters >= floor);
        const alive = count - dead;
        const before = alive - majorityOf(count);
        const after = alive - majorityOf(voters);
        assert.ok(voters === count ? after === before : after > before);
      }),
    );
  });
});
