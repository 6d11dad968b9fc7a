import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AcknowledgedKept } from '../../src/invariants/acknowledged-kept.ts';
import type { Turn } from '../../src/invariants/invariant.ts';

interface Given {
  readonly term: number;
  readonly acknowledges?: number;
  readonly truncateAfter?: number;
  readonly snapshotIndex?: number;
  readonly first?: boolean;
  readonly repairing?: boolean;
}

/** A turn of node 2, which follows node 1. */
function turn(given: Given): Turn {
  const { term, acknowledges, truncateAfter, snapshotIndex, first = false } = given;
  const { repairing = false } = given;
  const message = {
    type: 'AppendEntriesResponse',
    from: 2,
    to: 1,
    term,
    success: true,
    matchIndex: acknowledges,
    repairing,
  };
  const write = {
    truncateAfter: truncateAfter ?? null,
    snapshot: snapshotIndex === undefined ? null : { index: snapshotIndex },
  };
  return {
    node: 2,
    group: 1,
    raft: { currentTerm: term, repairing },
    effects: { write, messages: acknowledges === undefined ? [] : [message] },
    first,
    clockMs: () => 0,
  } as unknown as Turn;
}

/** @returns whether the turns pass, one after another */
function passes(...turns: readonly Given[]): boolean {
  const invariant = new AcknowledgedKept();
  try {
    for (const given of turns) invariant.check(turn(given));
    return true;
  } catch (error) {
    assert.match(String(error), /acknowledged entries are kept: group 1: node 2 truncates/);
    return false;
  }
}

describe('what a follower has acknowledged', () => {
  it('is not truncated in the term in which it was', () => {
    assert.equal(passes({ term: 3, acknowledges: 7 }, { term: 3, truncateAfter: 6 }), false);
    assert.ok(passes({ term: 3, acknowledges: 7 }, { term: 3, truncateAfter: 7 }));
  });

  it('may be truncated for the leader of a later term', () => {
    assert.ok(passes({ term: 3, acknowledges: 7 }, { term: 4, truncateAfter: 2 }));
    const later = [{ term: 4, acknowledges: 3 }] as const;
    assert.ok(passes({ term: 3, acknowledges: 7 }, ...later, { term: 4, truncateAfter: 5 }));
  });

  it('may be replaced by a snapshot that covers it, and by none that does not', () => {
    const acknowledged = { term: 3, acknowledges: 7 };
    assert.ok(passes(acknowledged, { term: 3, truncateAfter: 2, snapshotIndex: 9 }));
    assert.equal(passes(acknowledged, { term: 3, truncateAfter: 2, snapshotIndex: 5 }), false);
  });

  it('is void when the log is being repaired', () => {
    const repaired = { term: 3, first: true, repairing: true };
    assert.ok(passes({ term: 3, acknowledges: 7 }, repaired, { term: 3, truncateAfter: 2 }));
    const only = { term: 3, acknowledges: 7, repairing: true };
    assert.ok(passes(only, { term: 3, truncateAfter: 2, repairing: true }));
  });
});
