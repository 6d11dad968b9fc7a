import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NodeWorld } from '../src/node-world.ts';
import { Scheduler } from '../src/scheduler.ts';

interface Machine {
  readonly scheduler: Scheduler;
  readonly world: NodeWorld;
  /** Lets true time pass up to a moment. */
  readonly runUntil: (atMs: number) => void;
  /** In true time, when each of what was asked for came. */
  readonly came: [string, number][];
  readonly note: (what: string) => () => void;
}

function machine(rate = 1): Machine {
  const scheduler = new Scheduler();
  const came: [string, number][] = [];
  return {
    scheduler,
    world: new NodeWorld(scheduler, rate, 1_000_000),
    runUntil: (atMs) => {
      while (scheduler.step(atMs));
    },
    came,
    note: (what) => () => came.push([what, scheduler.nowMs]),
  };
}

describe('the wall clock of a simulated machine', () => {
  it('jumps either way, and neither the monotonic clock nor a timer notices', () => {
    const { world, runUntil, came, note } = machine();
    world.timers.after(100, note('timer'));
    runUntil(50);
    world.jumpWallMicros(3_600_000_000);
    assert.equal(world.clock.wallMicros(), 1_000_000 + 50_000 + 3_600_000_000);
    world.jumpWallMicros(-7_200_000_000);
    assert.equal(world.clock.wallMicros(), 1_000_000 + 50_000 - 3_600_000_000);
    assert.equal(world.clock.monotonicMs(), 50);
    runUntil(200);
    assert.deepEqual(came, [['timer', 100]]);
  });
});

describe('the rate of a machine’s clocks', () => {
  it('changes from now on, without a jump of either clock', () => {
    const { world, runUntil } = machine(2);
    runUntil(100);
    const wall = world.clock.wallMicros();
    assert.equal(world.clock.monotonicMs(), 200);
    for (const rate of [0.5, 1, 4]) {
      const before = world.clock.monotonicMs();
      world.setClockRate(rate);
      assert.equal(world.clock.monotonicMs(), before);
      assert.equal(world.clockRate, rate);
    }
    assert.equal(world.clock.wallMicros(), wall);
    runUntil(110);
    assert.equal(world.clock.monotonicMs(), 240);
    assert.equal(world.clock.wallMicros(), wall + 40_000);
  });

  it('decides when a new timer comes', () => {
    const { world, runUntil, came, note } = machine();
    world.setClockRate(0.5);
    world.timers.after(100, note('timer'));
    runUntil(1000);
    assert.deepEqual(came, [['timer', 200]]);
  });

  it('never lets a running timer come before the clock shows its time', () => {
    const { world, runUntil, came, note } = machine(2);
    world.timers.after(200, note('slowed'));
    runUntil(50);
    world.setClockRate(0.5);
    runUntil(10_000);
    assert.deepEqual(came, [['slowed', 250]]);
  });

  it('lets a running timer be late when the clock has become faster', () => {
    const { world, runUntil, came, note } = machine();
    world.timers.after(100, note('timer'));
    world.setClockRate(10);
    runUntil(1000);
    assert.deepEqual(came, [['timer', 100]]);
  });

  it('does not touch the disk', () => {
    const { world, runUntil, came, note } = machine();
    world.schedule(100, note('disk'));
    world.setClockRate(0.1);
    runUntil(1000);
    assert.deepEqual(came, [['disk', 100]]);
  });
});

describe('a suspended machine', () => {
  it('counts the gap by its monotonic clock, and not by its timers', () => {
    const { world, runUntil, came, note } = machine();
    world.timers.after(100, note('due within the gap'));
    world.timers.after(5000, note('due after it'));
    world.schedule(120, note('disk'));
    runUntil(60);
    world.suspend();
    assert.equal(world.paused, true);
    runUntil(1060);
    assert.deepEqual(came, []);
    world.resume();
    assert.equal(world.paused, false);
    assert.equal(world.clock.monotonicMs(), 1060);
    runUntil(20_000);
    assert.deepEqual(came, [
      ['due within the gap', 1100],
      ['disk', 1120],
      ['due after it', 6000],
    ]);
  });

  it('may be suspended again before anything came', () => {
    const { world, runUntil, came, note } = machine();
    world.timers.after(100, note('timer'));
    for (const [from, until] of [
      [10, 200],
      [250, 1000],
      [1005, 1006],
    ]) {
      runUntil(from ?? 0);
      world.suspend();
      runUntil(until ?? 0);
      world.resume();
    }
    runUntil(5000);
    // 10 + 50 + 5 ms of its 100 had passed by then.
    assert.deepEqual(came, [['timer', 1041]]);
  });

  it('forgets what waited when it crashes', () => {
    const { world, runUntil, came, note } = machine();
    world.timers.after(10, note('old'));
    world.suspend();
    runUntil(100);
    world.crash();
    assert.equal(world.paused, false);
    world.timers.after(10, note('new'));
    runUntil(1000);
    assert.deepEqual(came, [['new', 110]]);
  });

  it('does not call what was cancelled meanwhile', () => {
    const { world, runUntil, came, note } = machine();
    const timer = world.timers.after(10, note('cancelled'));
    world.suspend();
    runUntil(100);
    timer.cancel();
    world.resume();
    runUntil(1000);
    assert.deepEqual(came, []);
  });
});
