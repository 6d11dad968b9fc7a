import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProcessGroup } from '../support/process-group.ts';

describe('the lease of a leader, as its handle shows it', () => {
  it('moves on while a quorum answers, and is no longer than the rule allows', () => {
    const processes = new ProcessGroup(3, { maxClockDrift: 0.01 });
    const leader = processes.elect();
    const { electionTimeoutMs } = processes.tuning;
    const longestMs = (electionTimeoutMs * 0.99) / 1.01;
    let before = 0;
    for (let round = 0; round < 5; round += 1) {
      processes.run(electionTimeoutMs);
      const untilMs = leader.handle.leaseUntilMs();
      assert.ok(untilMs !== null && untilMs > before && untilMs <= processes.nowMs + longestMs);
      before = untilMs;
    }
    for (const { handle } of processes.followers(leader)) {
      assert.equal(handle.leaseUntilMs(), null);
    }
  });

  it('ends before another node is told to take over, and whoever listens is told first', () => {
    const processes = new ProcessGroup(3, { maxClockDrift: 0.01 });
    const leader = processes.elect();
    processes.run(1000);
    const seen: unknown[] = [];
    leader.handle.onHandOver(() => {
      seen.push(leader.handle.leaseUntilMs(), processes.sent('TimeoutNow'));
    });
    leader.handle.transferLeadership(null, () => undefined);
    assert.notEqual(leader.handle.leaseUntilMs(), null);
    processes.run(1000);
    assert.deepEqual(seen, [null, 0]);
    assert.equal(processes.sent('TimeoutNow'), 1);
  });

  it('is none where leases are off', () => {
    const processes = new ProcessGroup(3, { maxClockDrift: null });
    const leader = processes.elect();
    assert.equal(leader.handle.leaseUntilMs(), null);
  });
});
