import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cluster } from '../support/cluster.ts';

describe('a former witness', () => {
  it('rule 7: stays one for good: it is not added anew as a holder of data', () => {
    const cluster = new Cluster(3);
    cluster.spare(4);
    const leader = cluster.lead(1);
    const change = (
      step: Parameters<typeof leader.proposeMembership>[0]['steps'][number],
    ): void => {
      const { outcome } = leader.proposeMembership({ steps: [step] }, cluster.nowMs);
      assert.equal(outcome, 'appended');
      cluster.pass(300);
    };
    change({ kind: 'addVoter', id: 4, member: { witness: true } });
    cluster.propose(1, 'a');
    cluster.pass(300);
    assert.deepEqual(cluster.appliedTexts(4), []);
    change({ kind: 'remove', id: 4 });
    const proposed = leader.proposeMembership(
      { steps: [{ kind: 'addVoter', id: 4, member: { witness: false } }] },
      cluster.nowMs,
    );
    assert.ok(proposed.outcome === 'refused' && proposed.refusal.reason === 'witnessFixed');
    change({ kind: 'addVoter', id: 4 });
    assert.equal(cluster.raft(4).role, 'witness');
  });
});
