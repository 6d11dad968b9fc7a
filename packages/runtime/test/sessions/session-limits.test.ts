import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  defaultSessionLimits,
  grantedTtlMs,
  hardLimits,
  isGrantedTtl,
  type SessionLimits,
  sessionLimitsProblem,
} from '../../src/sessions/session-limits.ts';

test('each limit has its range', () => {
  assert.equal(sessionLimitsProblem(defaultSessionLimits), null);
  const wrong: Partial<SessionLimits>[] = [
    { maxSessions: 0 },
    { maxSessions: 1_000_001 },
    { maxWindow: 0 },
    { maxWindow: 4097 },
    { maxAnswerBytes: -1 },
    { maxAnswerBytes: 65_537, maxSessionBytes: 65_537 },
    { maxSessionBytes: 4095 },
    { maxSessionBytes: 262_145 },
    { minTtlMs: 9999 },
    { maxTtlMs: 9999 },
    { maxTtlMs: hardLimits.maxTtlMs + 1 },
    { maxStepMs: 0 },
    { maxStepMs: 1.5 },
    { maxStepMs: Number.NaN },
  ];
  for (const change of wrong) {
    const problem = sessionLimitsProblem({ ...defaultSessionLimits, ...change });
    assert.match(problem ?? '', new RegExp(`^${Object.keys(change)[0]} is`));
  }
});

test('a time to live is granted within the limits, and at most an eighth longer', () => {
  assert.equal(grantedTtlMs(10_000, defaultSessionLimits), 10_240);
  assert.equal(grantedTtlMs(1, defaultSessionLimits), 10_240);
  assert.equal(grantedTtlMs(32_768, defaultSessionLimits), 32_768);
  const widest = { ...defaultSessionLimits, minTtlMs: 1, maxTtlMs: hardLimits.maxTtlMs };
  const granted = new Set<number>();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: hardLimits.maxTtlMs }), (asked) => {
      const ttlMs = grantedTtlMs(asked, widest);
      granted.add(ttlMs);
      assert.ok(ttlMs >= asked && ttlMs <= asked * 1.125);
      assert.equal(grantedTtlMs(ttlMs, { ...widest, maxTtlMs: ttlMs }), ttlMs);
      assert.ok(isGrantedTtl(ttlMs));
    }),
    { numRuns: 2000 },
  );
  assert.ok(granted.size < 8 * 30);
  assert.ok(!isGrantedTtl(10_000) && !isGrantedTtl(0) && !isGrantedTtl(2 ** 30));
});
