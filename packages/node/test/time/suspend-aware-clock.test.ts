import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClock } from '../../src/time/clock.ts';
import { suspendAwareClock } from '../../src/time/suspend-aware-clock.ts';

function machine(): {
  now: { monotonicMs: number; wallMs: number; uptimeMs: number };
  clock: ReturnType<typeof suspendAwareClock>;
  pass(ms: number): void;
} {
  const now = { monotonicMs: 500, wallMs: 1_700_000_000_000, uptimeMs: 90_000 };
  const clock = suspendAwareClock({
    monotonicMs: () => now.monotonicMs,
    wallMs: () => now.wallMs,
    uptimeMs: () => Math.floor(now.uptimeMs / 10) * 10,
  });
  const pass = (ms: number): void => {
    now.monotonicMs += ms;
    now.wallMs += ms;
    now.uptimeMs += ms;
  };
  return { now, clock, pass };
}

test('time that passes is measured as it passes', () => {
  const { clock, pass } = machine();
  const before = clock.monotonicMs();
  for (let i = 0; i < 1000; i++) {
    pass(7.25);
    clock.monotonicMs();
  }
  assert.equal(clock.monotonicMs() - before, 7250);
});

test('a suspend counts although the monotonic clock stood still, once', () => {
  const { now, clock, pass } = machine();
  const before = clock.monotonicMs();
  pass(40);
  now.wallMs += 60_000;
  now.uptimeMs += 60_000;
  assert.ok(Math.abs(clock.monotonicMs() - before - 60_040) <= 10);
  const after = clock.monotonicMs();
  pass(1);
  assert.equal(clock.monotonicMs(), after + 1);
});

test('a wall clock that is set moves nothing, whichever way', () => {
  const { now, clock, pass } = machine();
  const before = clock.monotonicMs();
  now.wallMs += 3_600_000;
  assert.equal(clock.monotonicMs(), before);
  now.wallMs -= 7_200_000;
  assert.equal(clock.monotonicMs(), before);
  pass(5);
  assert.equal(clock.monotonicMs(), before + 5);
  assert.equal(clock.wallMicros(), now.wallMs * 1000);
});

test('a suspend after the wall clock was set back is noticed', () => {
  const { now, clock } = machine();
  const before = clock.monotonicMs();
  now.wallMs -= 7_200_000;
  clock.monotonicMs();
  now.wallMs += 60_000;
  now.uptimeMs += 60_000;
  assert.ok(Math.abs(clock.monotonicMs() - before - 60_000) <= 10);
});

test('a suspend is noticed although the wall clock was set back meanwhile', () => {
  const { now, clock } = machine();
  const before = clock.monotonicMs();
  now.wallMs -= 3_540_000;
  now.uptimeMs += 60_000;
  assert.ok(Math.abs(clock.monotonicMs() - before - 60_000) <= 10);
});

test('short suspends count as soon as they come to more than the uptime is coarse', () => {
  const { now, clock, pass } = machine();
  const before = clock.monotonicMs();
  for (let i = 0; i < 20; i++) {
    pass(50);
    now.wallMs += 9;
    now.uptimeMs += 9;
    clock.monotonicMs();
  }
  const missed = 20 * (50 + 9) - (clock.monotonicMs() - before);
  assert.ok(missed >= -10 && missed < 35, `${missed} ms`);
});

test('a process that is stopped between two readings does not take that for a suspend', () => {
  const now = { ms: 1000 };
  let readings = 0;
  // It is stopped for 150 ms before the reading of that number, whichever clock that reads.
  let stopAt = Number.POSITIVE_INFINITY;
  const read = (): number => {
    readings += 1;
    if (readings === stopAt) now.ms += 150;
    return now.ms;
  };
  for (let after = 1; after <= 12; after++) {
    const clock = suspendAwareClock({ monotonicMs: read, wallMs: read, uptimeMs: read });
    const aheadMs = clock.monotonicMs() - now.ms;
    stopAt = readings + after;
    // The second look sees what the first one has made of it.
    for (let look = 0; look < 6; look++) clock.monotonicMs();
    stopAt = Number.POSITIVE_INFINITY;
    assert.equal(clock.monotonicMs() - now.ms, aheadMs, `stopped before reading ${after}`);
  }
});

test('the machine clock never goes back and stamps in whole microseconds', () => {
  const clock = createClock();
  let last = clock.monotonicMs();
  for (let i = 0; i < 1000; i++) {
    const now = clock.monotonicMs();
    assert.ok(now >= last);
    last = now;
  }
  assert.ok(Number.isSafeInteger(clock.wallMicros()));
});
