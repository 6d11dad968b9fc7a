import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { drawLedgerPlan } from '../../src/ledger/ledger-plan.ts';
import { runLedgerScenario } from '../../src/ledger/ledger-scenario.ts';

const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url));

const again = (seed: number, nodes: number): string =>
  `again: npm run sim -- --scenario ledger --seed ${seed} --nodes ${nodes} --trace`;

describe('the ledger scenario', () => {
  it('plays the same plan the same way, event for event', () => {
    const plan = drawLedgerPlan(8, 3);
    const first = runLedgerScenario(plan);
    const second = runLedgerScenario(plan);
    assert.equal(second.hash, first.hash);
    assert.equal(second.moved, first.moved);
    assert.notEqual(first.hash, runLedgerScenario(drawLedgerPlan(9, 3)).hash);
  });

  it('is the same run with a trace', () => {
    const plan = drawLedgerPlan(12, 3);
    let events = 0;
    const traced = runLedgerScenario(plan, () => {
      events += 1;
    });
    assert.equal(traced.hash, runLedgerScenario(plan).hash);
    assert.ok(events > 0);
  });

  it('finds nothing wrong in a handful of seeds, with faults and work in each', () => {
    for (const [seed, nodes] of [
      [1, 3],
      [2, 3],
      [4, 5],
      [6, 1],
    ] as const) {
      const result = runLedgerScenario(drawLedgerPlan(seed, nodes));
      assert.equal(result.violation, null, again(seed, nodes));
      assert.ok(result.faults.size > 0, again(seed, nodes));
      assert.ok(result.acknowledgedWrites > 5, again(seed, nodes));
      assert.ok(result.moved > 0, again(seed, nodes));
      assert.ok(result.recoveredMs !== null);
    }
  });

  it('finds nothing wrong with a witness, a learner and short sessions', () => {
    const drawn = drawLedgerPlan(3, 5);
    for (const lastPart of ['witness', 'learner'] as const) {
      const offers = { sessionTtlMs: 1000, priorities: true, lastPart, mends: true, clients: 6 };
      const result = runLedgerScenario({ ...drawn, ...offers, strikes: drawn.strikes.slice(0, 8) });
      assert.equal(result.violation, null, lastPart);
      assert.ok(result.expired > 0, lastPart);
    }
  });

  it('is played by the command', () => {
    const args = [bin, '--scenario', 'ledger', '--seed', '10', '--seeds', '2'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
    assert.equal(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '').seeds, 2);
  });
});
