import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Leadership } from '@quorate/election/core';
import { type InvariantViolation, SimulatedCluster, type SimulatedNode } from '@quorate/sim';
import { GapTable } from '../../src/election/gap-table.ts';
import { type Believer, LeadershipChecker } from '../../src/election/leadership-checker.ts';

const never = Number.NEGATIVE_INFINITY;

/** Two nodes that believe what they are told to. */
class Stage {
  readonly found: string[] = [];
  readonly #cluster = new SimulatedCluster({
    seed: 1,
    nodes: 2,
    groups: [],
    tuning: {},
    clockDrift: 0,
    diskMs: 1,
  });
  readonly checker = new LeadershipChecker({
    nowMs: () => this.#cluster.scheduler.nowMs,
    longestLeaseMs: 100,
    mayOverlap: false,
    fail: (error) => void this.found.push((error as InvariantViolation).invariant),
  });

  believer(id: number): Believer & { deadlineMs: number; isAlive: boolean; node: SimulatedNode } {
    const believer = {
      node: this.#cluster.node(id),
      isAlive: true,
      campaigns: true,
      ranAtMs: 0,
      deadlineMs: never,
    };
    this.checker.add(believer);
    return believer;
  }

  pass(ms: number): void {
    this.#cluster.runUntil(this.#cluster.scheduler.nowMs + ms);
    this.checker.sample();
  }

  pause(node: SimulatedNode): void {
    this.#cluster.pause(node);
  }
}

function leadership(token: bigint): Leadership {
  return { token, term: 1, value: new Uint8Array(0), deadlineMs: 0 };
}

describe('LeadershipChecker', () => {
  it('is content with one leader after the other, and measures what lies between', () => {
    const stage = new Stage();
    const [a, b] = [stage.believer(1), stage.believer(2)];
    a.deadlineMs = 50;
    stage.checker.elected(a, leadership(1n));
    stage.pass(40);
    a.deadlineMs = never;
    stage.checker.lost(a, leadership(1n), 'resigned');
    stage.pass(20);
    b.deadlineMs = 500;
    stage.checker.elected(b, leadership(2n));
    stage.checker.acted(b, 2n);
    assert.deepEqual(stage.found, []);
    assert.deepEqual(stage.checker.gaps, [{ cause: 'resigned', ms: 20 }]);
    assert.equal(stage.checker.leader, b);
  });

  it('finds two that believe to lead, though one of them stands still', () => {
    const stage = new Stage();
    const [a, b] = [stage.believer(1), stage.believer(2)];
    a.deadlineMs = 50;
    stage.checker.elected(a, leadership(1n));
    stage.pause(a.node);
    b.deadlineMs = 90;
    stage.checker.elected(b, leadership(2n));
    assert.deepEqual(stage.found, ['one leader']);
    stage.pass(60);
    assert.deepEqual(stage.found, ['one leader']);
  });

  it('finds tokens that do not rise, and a loss that was not told in time', () => {
    const stage = new Stage();
    const [a, b] = [stage.believer(1), stage.believer(2)];
    a.deadlineMs = 50;
    stage.checker.elected(a, leadership(2n));
    stage.pass(60);
    b.deadlineMs = 90;
    stage.checker.elected(b, leadership(2n));
    assert.deepEqual(stage.found, ['tokens rise', 'lost is told in time']);
  });

  it('finds leaderships that begin or end twice, and a loss of who leads on', () => {
    const stage = new Stage();
    const a = stage.believer(1);
    a.deadlineMs = 50;
    stage.checker.elected(a, leadership(1n));
    stage.checker.elected(a, leadership(2n));
    stage.checker.lost(a, leadership(2n), 'expired');
    a.deadlineMs = never;
    stage.checker.lost(a, leadership(2n), 'expired');
    const begun = 'leaderships begin and end';
    assert.deepEqual(
      new Set(stage.found),
      new Set([begun, 'lost leads no more', 'lost is told in time']),
    );
    assert.equal(stage.found.at(-1), begun);
  });

  it('finds a leadership that was lost and goes on', () => {
    const stage = new Stage();
    const a = stage.believer(1);
    a.deadlineMs = 50;
    stage.checker.elected(a, leadership(1n));
    a.deadlineMs = never;
    stage.checker.lost(a, leadership(1n), 'expired');
    stage.pass(5);
    assert.deepEqual(stage.found, []);
    a.deadlineMs = 50;
    stage.pass(5);
    assert.deepEqual(stage.found, ['what is over stays over']);
    assert.equal(stage.checker.history[0]?.reason, 'expired');
  });

  it('finds who was elected and does not lead, and who acts with an old token', () => {
    const stage = new Stage();
    const a = stage.believer(1);
    stage.checker.elected(a, leadership(2n));
    stage.checker.acted(a, 1n);
    assert.deepEqual(stage.found, ['elected leads', 'acts carry the last token']);
  });

  it('finds who stood still for two leases and believes to lead', () => {
    const stage = new Stage();
    const a = stage.believer(1);
    a.deadlineMs = 1000;
    stage.checker.elected(a, leadership(1n));
    stage.pause(a.node);
    stage.pass(199);
    assert.deepEqual(stage.found, []);
    stage.pass(2);
    assert.deepEqual(stage.found, ['who stood still leads no more']);
  });

  it('counts no interval in which there was no candidate', () => {
    const stage = new Stage();
    const [a, b] = [stage.believer(1), stage.believer(2)];
    a.deadlineMs = 10;
    stage.checker.elected(a, leadership(1n));
    a.isAlive = false;
    Object.assign(b, { campaigns: false });
    stage.pass(50);
    b.deadlineMs = 100;
    stage.checker.elected(b, leadership(2n));
    assert.deepEqual(stage.checker.gaps, []);
    assert.deepEqual(stage.found, []);
  });
});

describe('GapTable', () => {
  it('says how long most intervals are, by cause and in all', () => {
    const table = new GapTable();
    assert.deepEqual(table.figures(), {});
    table.add(Array.from({ length: 100 }, (_, at) => ({ cause: 'expired', ms: at })));
    table.add([{ cause: 'crashed', ms: 900 }]);
    const { crashed, expired, all } = table.figures();
    assert.deepEqual(crashed, { count: 1, p50: 900, p90: 900, p99: 900, max: 900 });
    assert.deepEqual(expired, { count: 100, p50: 50, p90: 90, p99: 99, max: 99 });
    assert.equal(all?.max, 900);
    assert.equal(all?.count, 101);
  });
});
