import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CommittedLog } from '../../src/invariants/committed-log.ts';
import type { Turn } from '../../src/invariants/invariant.ts';

interface Replica {
  readonly node: number;
  readonly role?: 'leader' | 'follower';
  readonly term: number;
  /** The term of each entry, from index 1 on. */
  readonly log: readonly number[];
  readonly commitIndex: number;
}

/** What the invariant looks at of a turn. */
function turnOf({ node, role = 'follower', term, log, commitIndex }: Replica): Turn {
  const raft = {
    role,
    currentTerm: term,
    commitIndex,
    snapshot: { index: 0 },
    termAt: (index: number) => log[index - 1] ?? null,
  };
  const effects = { leadership: [{ role }] };
  return { node, group: 1, raft, effects, first: false, clockMs: () => 0 } as unknown as Turn;
}

describe('the committed log as the simulator knows it', () => {
  it('refuses a leader without an entry that an earlier term committed', () => {
    const invariant = new CommittedLog();
    invariant.check(turnOf({ node: 1, role: 'leader', term: 5, log: [4, 5], commitIndex: 2 }));
    const late = turnOf({ node: 2, role: 'leader', term: 6, log: [4, 6], commitIndex: 1 });
    assert.throws(() => invariant.check(late), /node 2 leads term 6 without the entry of term 5/);
  });

  it('counts an old entry for the term that committed it', () => {
    const invariant = new CommittedLog();
    invariant.check(turnOf({ node: 1, role: 'leader', term: 6, log: [2, 6], commitIndex: 2 }));
    invariant.check(turnOf({ node: 2, role: 'leader', term: 5, log: [5], commitIndex: 0 }));
    const late = turnOf({ node: 3, role: 'leader', term: 7, log: [5, 7], commitIndex: 0 });
    assert.throws(() => invariant.check(late), /without the entry of term 6 committed at index 2/);
  });

  it('lets a candidate that slept through a later election wake up a leader', () => {
    const invariant = new CommittedLog();
    invariant.check(turnOf({ node: 1, term: 4, log: [4], commitIndex: 1 }));
    invariant.check(turnOf({ node: 2, role: 'leader', term: 6, log: [4, 6], commitIndex: 2 }));
    invariant.check(turnOf({ node: 5, role: 'leader', term: 5, log: [4, 5], commitIndex: 1 }));
  });

  it('refuses two entries committed at one index', () => {
    const invariant = new CommittedLog();
    invariant.check(turnOf({ node: 1, term: 4, log: [4], commitIndex: 1 }));
    const other = turnOf({ node: 2, term: 5, log: [5], commitIndex: 1 });
    assert.throws(() => invariant.check(other), /node 2 commits term 5 at index 1, where term 4/);
  });
});
