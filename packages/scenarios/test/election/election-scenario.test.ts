import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  drawElectionPlan,
  type ElectionPlan,
  violateDrift,
} from '../../src/election/election-plan.ts';
import { runElectionScenario } from '../../src/election/election-scenario.ts';

const again = (seed: number, nodes: number): string =>
  `again: npm run sim -- --scenario election --seed ${seed} --nodes ${nodes} --trace`;

/** Nothing strikes, clocks are right, nobody gives up. */
const calm: ElectionPlan = {
  ...drawElectionPlan(1, 3),
  clockDrift: 0,
  declaredDrift: 0.01,
  restlessMs: 0,
  stallMs: 0,
  actMs: 10,
  slotMs: 0,
  members: null,
  diskMs: 1,
  faultyMs: 2000,
  tuning: { electionTimeoutMs: 200, heartbeatIntervalMs: 40 },
  strikes: [],
};

describe('the election scenario', () => {
  it('plays the same plan the same way, event for event', () => {
    const plan = drawElectionPlan(4, 3);
    const first = runElectionScenario(plan);
    const second = runElectionScenario(plan);
    assert.equal(second.hash, first.hash);
    assert.deepEqual(second.gaps, first.gaps);
    assert.notEqual(first.hash, runElectionScenario(drawElectionPlan(5, 3)).hash);
  });

  it('is the same run with a trace', () => {
    const plan = drawElectionPlan(8, 3);
    let events = 0;
    const traced = runElectionScenario(plan, () => {
      events += 1;
    });
    assert.equal(traced.hash, runElectionScenario(plan).hash);
    assert.ok(events > 0);
  });

  it('finds nothing wrong in a handful of seeds, with leaderships and faults in them', () => {
    let leaderships = 0;
    const faults = new Set<string>();
    for (const nodes of [3, 5]) {
      for (let seed = 1; seed <= 8; seed++) {
        const result = runElectionScenario(drawElectionPlan(seed, nodes));
        assert.equal(result.violation, null, again(seed, nodes));
        assert.ok(result.acts > 10, again(seed, nodes));
        assert.ok(result.recoveredMs !== null);
        leaderships += result.elections;
        for (const name of result.faults.keys()) faults.add(name);
      }
    }
    assert.ok(leaderships > 40);
    assert.ok(faults.size > 10);
  });

  it('has dead nodes removed, and taken in again, among others', () => {
    let removals = 0;
    let rejoined = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const members = { afterMs: 2000, floor: 3, leaveMs: 0, deathMs: 3000 };
      const quiet = { restlessMs: 0, stallMs: 0, strikes: [], faultyMs: 12_000, slotMs: 0 };
      const tuning = { electionTimeoutMs: 200, heartbeatIntervalMs: 40 };
      const plan = { ...drawElectionPlan(seed, 5), ...quiet, tuning, members };
      const result = runElectionScenario(plan);
      assert.equal(result.violation, null, `seed ${seed}`);
      removals += result.removals;
      rejoined += result.rejoined;
    }
    assert.ok(removals > 0);
    assert.ok(rejoined > 0);
  });

  it('takes a node in again that was removed while it was a learner, and cut off', () => {
    // It went on knowing a leader that had long been silent, and so never asked.
    const seed = 1061;
    assert.equal(runElectionScenario(drawElectionPlan(seed, 3)).violation, null, again(seed, 3));
  });

  it('has one leadership, and no interval without a leader, where nothing goes wrong', () => {
    const { violation, elections, gaps } = runElectionScenario(calm);
    assert.equal(violation, null);
    assert.equal(elections, 1);
    assert.deepEqual(gaps, []);
  });

  it('has a leader again soon after the one before was cut off, stood still or died', () => {
    for (const nemesis of ['leader-cut-off', 'pause', 'leader-power-loss', 'partition']) {
      for (let seed = 1; seed <= 3; seed++) {
        const strikes = [{ atMs: 1500, nemesis, seed }];
        const result = runElectionScenario({ ...calm, seed, nodes: 5, faultyMs: 3000, strikes });
        assert.equal(result.violation, null, `${nemesis}, ${seed}`);
        // Two timeouts drawn, the second where votes were split, and the way through the log.
        for (const { ms } of result.gaps) assert.ok(ms < 1000, `${nemesis}, ${seed}: ${ms} ms`);
      }
    }
  });

  it('finds two leaders where clocks drift too far, and nobody signs twice', () => {
    let overlaps = 0;
    let refusedClaims = 0;
    for (let seed = 1; seed <= 60 && (overlaps === 0 || refusedClaims === 0); seed++) {
      const result = runElectionScenario(violateDrift(drawElectionPlan(seed, 3)));
      assert.equal(result.violation, null, again(seed, 3));
      if (result.overlaps > 0) overlaps += 1;
      refusedClaims += result.refusedClaims;
    }
    assert.ok(overlaps > 0);
    assert.ok(refusedClaims > 0);
  });
});
