import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Scheduler } from '@quorate/sim';
import { inSession, Replica } from '../sessions/support/tally-machine.ts';
import { ProcessGroup, VirtualProcess } from '../support/process-group.ts';

/** Whatever is due while the process stands still happens when it goes on: first its timers. */
class StandingStill {
  untilMs = 0;
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get nowMs(): number {
    return this.#scheduler.nowMs;
  }

  schedule(delayMs: number, callback: () => void): { cancel(): void } {
    let isCancelled = false;
    const happen = (): void => {
      if (isCancelled) return;
      const { nowMs } = this.#scheduler;
      if (nowMs < this.untilMs) this.#scheduler.schedule(this.untilMs - nowMs, happen);
      else callback();
    };
    this.#scheduler.schedule(delayMs, happen);
    return {
      cancel: () => {
        isCancelled = true;
      },
    };
  }
}

describe('safety rules: time', () => {
  it('rule 4: after a stall the sockets are read before silence is believed', () => {
    const processes = new ProcessGroup(3);
    const leader = processes.elect();
    const [{ id, log, snapshots }] = processes.followers(leader);
    processes.kill(id);
    const still = new StandingStill(processes.scheduler);
    const initial = { ...[...log.durable.values()][0], bootstrap: false, repairUntil: 0 };
    const process = new VirtualProcess(
      {
        id,
        scheduler: still as unknown as Scheduler,
        board: processes.board,
        snapshots,
        durable: log.durable,
        tuning: processes.tuning,
        initial: initial as ConstructorParameters<typeof VirtualProcess>[0]['initial'],
        seed: 77,
        startError: null,
        stateMachine: null,
      },
      () => undefined,
    );
    processes.processes.set(id, process);
    processes.run(1000);
    assert.equal(process.handle.status().leader, leader.id);
    // What comes meanwhile waits in its socket, which Node reads after the timers.
    still.untilMs = processes.nowMs + 5000;
    processes.board.arrives = (passing) => {
      const waitMs = still.untilMs - processes.nowMs;
      if (passing.to !== id || waitMs <= 0) return true;
      processes.scheduler.schedule(waitMs, () => {
        processes.scheduler.schedule(0, () => processes.board.inject(passing));
      });
      return false;
    };
    const { term } = leader.handle.status();
    const before = processes.sent('PreVote');
    processes.run(7000);
    assert.equal(processes.sent('PreVote'), before, 'the leader was never silent');
    assert.deepEqual([leader.handle.status().role, leader.handle.status().term], ['leader', term]);
    assert.equal(process.handle.status().leader, leader.id);
  });

  it('rule 13: a clock that jumps an hour takes no session from a client that speaks', () => {
    const replica = new Replica();
    const session = replica.open(2048);
    replica.nowMs += 3_600_000;
    assert.equal(replica.one(inSession(session, 1, 'a')).kind, 'applied');
    replica.pass(1500);
    assert.ok(replica.isAlive(session));
    // Time passes all the same, in small steps: one that is silent expires.
    replica.pass(3000);
    assert.deepEqual(replica.one(inSession(session, 2, 'b')), { kind: 'sessionExpired' });
    assert.deepEqual(replica.tally.applied, ['a'], 'nothing is applied for it any more');
  });
});
