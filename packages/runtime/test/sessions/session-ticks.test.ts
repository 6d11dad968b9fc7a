import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  decodeSessionCommand,
  encodeSessionCommand,
  SessionStateMachine,
} from '../../src/index.ts';
import { EchoMachine } from '../support/echo-machine.ts';
import { ProcessGroup } from '../support/process-group.ts';

it('a session in an idle group expires, by ticks of the leader (rule 13)', () => {
  const machine = (): SessionStateMachine<string> =>
    new SessionStateMachine(new EchoMachine(), {
      results: {
        encode: (result) => new TextEncoder().encode(result),
        decode: (bytes) => new TextDecoder().decode(bytes),
      },
    });
  const processes = new ProcessGroup(3, { quiesceAfterMs: 300 }, machine);
  const leader = processes.elect();
  const open = encodeSessionCommand({
    kind: 'openSession',
    ttlMs: 10_000,
    nonce: new Uint8Array(8),
  });
  leader.handle.propose(open, () => undefined);
  processes.run(500);
  const machines = [...processes.processes.values()].map(
    (process) => process.stateMachine as SessionStateMachine<string>,
  );
  assert.deepEqual(
    machines.map(({ sessionCount }) => sessionCount),
    [1, 1, 1],
  );
  processes.run(8000);
  assert.equal(machines[0]?.sessionCount, 1);
  processes.run(12_000);
  assert.deepEqual(
    machines.map(({ sessionCount }) => sessionCount),
    [0, 0, 0],
  );
  // Without sessions there are no ticks any more, and the group sleeps.
  const before = leader.handle.status().lastIndex;
  processes.run(20_000);
  assert.equal(leader.handle.status().lastIndex, before);
  assert.equal(decodeSessionCommand(open).kind, 'openSession');
});
