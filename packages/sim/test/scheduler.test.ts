import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import { Scheduler } from '../src/index.ts';
import { NodeWorld } from '../src/node-world.ts';

describe('Scheduler', () => {
  it('executes events by time, and those of one time in the order of scheduling', () => {
    const scheduler = new Scheduler();
    const prng = new Prng(7);
    const expected: [number, number][] = [];
    const seen: [number, number][] = [];
    for (let i = 0; i < 2000; i++) {
      const at = prng.below(50);
      expected.push([at, i]);
      scheduler.schedule(at, () => seen.push([scheduler.nowMs, i]));
    }
    expected.sort(([a, i], [b, j]) => a - b || i - j);
    while (scheduler.step(100));
    assert.deepEqual(seen, expected);
    assert.equal(scheduler.nowMs, 100);
  });

  it('does not execute what was cancelled', () => {
    const scheduler = new Scheduler();
    scheduler.schedule(1, () => assert.fail('cancelled')).cancel();
    assert.equal(scheduler.step(10), false);
  });
});

describe('NodeWorld', () => {
  it('after a pause what came due happens late, in order and before anything newer', () => {
    const scheduler = new Scheduler();
    const world = new NodeWorld(scheduler, 1, 0);
    const seen: string[] = [];
    world.timers.after(1, () => seen.push('first'));
    world.timers.after(2, () => seen.push('second'));
    world.pause();
    while (scheduler.step(10));
    assert.equal(seen.length, 0);
    world.resume();
    world.timers.after(0, () => seen.push('newer'));
    while (scheduler.step(20));
    assert.deepEqual(seen, ['first', 'second', 'newer']);
  });

  it('a timer that came due during the pause can still be cancelled (seed 27)', () => {
    const scheduler = new Scheduler();
    const world = new NodeWorld(scheduler, 1, 0);
    const timer = world.timers.after(1, () => assert.fail('cancelled'));
    world.pause();
    while (scheduler.step(10));
    world.resume();
    timer.cancel();
    while (scheduler.step(20));
  });

  it('nothing of a crashed process is ever called', () => {
    const scheduler = new Scheduler();
    const world = new NodeWorld(scheduler, 1, 0);
    world.timers.after(5, () => assert.fail('crashed'));
    world.crash();
    assert.equal(scheduler.step(10), true);
  });

  it('a clock that runs fast fires its timers early in true time', () => {
    const scheduler = new Scheduler();
    const world = new NodeWorld(scheduler, 1.25, 0);
    let firedAtMs = 0;
    world.timers.after(100, () => {
      firedAtMs = scheduler.nowMs;
    });
    while (scheduler.step(1000));
    assert.equal(firedAtMs, 80);
    assert.equal(world.clock.monotonicMs(), 1250);
  });
});
