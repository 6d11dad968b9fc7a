import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { afterMs, electionTimeoutMs, FakeVoters } from './fake-voters.ts';

/** What may happen, drawn: each with a node, and with how long nothing else happens then. */
const happening = fc.record({
  what: fc.constantFrom(
    'kill',
    'kill',
    'kill',
    'kill',
    'revive',
    'revive',
    'unheard',
    'unreached',
    'lead',
    'lead',
    'follow',
    'slow',
    'noLease',
    'lease',
    'lease',
    'append',
    'commit',
    'commit',
    'refuse',
    'wait',
    'wait',
    'wait',
  ),
  node: fc.integer({ min: 2, max: 9 }),
  ms: fc.integer({ min: 1, max: 2 * afterMs }),
});

function happens(group: FakeVoters, what: string, node: number): void {
  if (what === 'kill') group.kill(node);
  else if (what === 'revive') group.revive(node);
  else if (what === 'unheard') group.heard.delete(node);
  else if (what === 'unreached') group.reached.delete(node);
  else if (what === 'lead') group.lead();
  else if (what === 'follow') group.follow();
  else if (what === 'noLease') group.hasLease = false;
  else if (what === 'lease') group.hasLease = true;
  else if (what === 'slow') group.commits = !group.commits;
  else if (what === 'append' && group.role === 'leader') group.append();
  else if (what === 'commit') group.commit();
  else if (what === 'refuse') group.refuse('quorumAtRisk');
}

it('a voter is removed never below the floor, never two at once, never without a majority', () => {
  let removals = 0;
  const counts = fc.integer({ min: 1, max: 9 });
  const floors = fc.integer({ min: 2, max: 5 });
  const lots = fc.array(happening, { minLength: 10, maxLength: 40 });
  fc.assert(
    fc.property(counts, floors, lots, (count, floor, lot) => {
      const group = new FakeVoters(count, { floor });
      let leadsSinceMs = 0;
      group.proposed = (id) => {
        removals += 1;
        const { voters, reached, nowMs } = group;
        assert.ok(id !== 1 && voters.includes(id));
        assert.ok(voters.length - 1 >= floor, 'never below the floor');
        assert.equal(group.isChanging, false, 'never two at once');
        assert.ok(group.role === 'leader' && group.hasLease);
        assert.ok(group.silentMs(id) >= afterMs && nowMs - leadsSinceMs >= afterMs);
        const remaining = voters.filter((voter) => voter !== id);
        const answering = remaining.filter(
          (voter) => voter === 1 || group.silentMs(voter) < electionTimeoutMs,
        );
        assert.ok(2 * answering.length > remaining.length, 'a majority of the others answers');
        assert.ok(!reached.has(id) || group.asked.length > 0);
        const witnesses = group.asked.filter(({ about }) => about === id).length;
        assert.ok(2 * (witnesses + 1) > voters.length, 'a majority was asked');
      };
      for (const { what, node, ms } of lot) {
        happens(group, what, node);
        if (what === 'lead' || what === 'follow') leadsSinceMs = group.nowMs;
        group.run(ms);
      }
      assert.ok(group.voters.length >= Math.min(floor, count));
    }),
    { numRuns: 300 },
  );
  assert.ok(removals > 30, `${removals} removals are enough to say something`);
});
