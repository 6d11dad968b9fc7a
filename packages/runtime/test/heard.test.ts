import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ProcessGroup } from './support/process-group.ts';

it('a leader knows when it last heard each of the others, and nobody else does', () => {
  const processes = new ProcessGroup(3, { maxClockDrift: 0.01 });
  const leader = processes.elect();
  processes.run(3000);
  const { heartbeatIntervalMs } = processes.tuning;
  for (const { id, handle } of processes.followers(leader)) {
    const heardMs = leader.handle.heardMs(id);
    assert.ok(heardMs !== null && heardMs >= processes.nowMs - 2 * heartbeatIntervalMs);
    assert.equal(handle.heardMs(leader.id), null);
  }
  assert.equal(leader.handle.heardMs(leader.id), null);
  assert.equal(leader.handle.heardMs(9), null);
});
