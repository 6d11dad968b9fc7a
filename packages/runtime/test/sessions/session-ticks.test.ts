import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decodeSessionCommand,
  encodeSessionCommand,
  SessionStateMachine,
} from '../../src/index.ts';
import { defaultSessionLimits } from '../../src/sessions/session-limits.ts';
import { EchoMachine } from '../support/echo-machine.ts';
import { group, ProcessGroup } from '../support/process-group.ts';

const { maxStepMs } = defaultSessionLimits;

function machine(): SessionStateMachine<string> {
  return new SessionStateMachine(new EchoMachine(), {
    results: {
      encode: (result) => new TextEncoder().encode(result),
      decode: (bytes) => new TextDecoder().decode(bytes),
    },
  });
}

it('a session in an idle group expires, by ticks of the leader (rule 13)', () => {
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

describe('ticks of sessions', () => {
  // As often as a request times out is how often groups are looked at for other reasons.
  for (const requestTimeoutMs of [1000, 7000, 60_000]) {
    it(`come in time, whatever the request timeout (${requestTimeoutMs} ms)`, () => {
      const processes = new ProcessGroup(3, { quiesceAfterMs: 300, requestTimeoutMs }, machine);
      const leader = processes.elect();
      const ttlMs = 30_000;
      const nonce = new Uint8Array(8);
      leader.handle.propose(
        encodeSessionCommand({ kind: 'openSession', ttlMs, nonce }),
        () => undefined,
      );
      processes.run(29_000);
      assert.equal((leader.stateMachine as SessionStateMachine<string>).sessionCount, 1);
      const entries = leader.log.durable.get(group)?.entries ?? [];
      const stamps = entries.map(({ timestampMicros }) => timestampMicros / 1000);
      const gaps = stamps.slice(1).map((stamp, position) => stamp - (stamps[position] as number));
      // What was applied a little later than it was stamped counts from then.
      assert.ok(Math.max(...gaps) <= (maxStepMs * 3) / 4 + 5, `${Math.max(...gaps)} ms`);
      // One in one and a half seconds at the most.
      assert.ok(entries.length <= 22, `${entries.length} entries`);
      processes.run(6000);
      assert.equal((leader.stateMachine as SessionStateMachine<string>).sessionCount, 0);
    });
  }

  it('are proposed at no higher pace while none can be committed', () => {
    const processes = new ProcessGroup(3, { requestTimeoutMs: 7000 }, machine);
    const leader = processes.elect();
    const open = encodeSessionCommand({
      kind: 'openSession',
      ttlMs: 60_000,
      nonce: new Uint8Array(8),
    });
    leader.handle.propose(open, () => undefined);
    processes.run(500);
    const before = leader.handle.status().lastIndex;
    const events = processes.board.passed.length;
    processes.board.arrives = ({ message }) => message.type !== 'AppendEntriesResponse';
    processes.run(4000);
    assert.equal(leader.handle.status().lastIndex, before + 2);
    assert.ok(processes.board.passed.length - events < 1000);
  });
});
