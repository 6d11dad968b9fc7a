import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  checkElectionTiming,
  defaultElectionTiming,
  ElectionError,
  leaseMarginMs,
  leaseMs,
} from '../../src/core/index.ts';

describe('the timing of an election', () => {
  it('has defaults that fit each other', () => {
    checkElectionTiming(defaultElectionTiming);
  });

  it('names the field that is wrong', () => {
    for (const [field, value] of [
      ['heartbeatIntervalMs', 0],
      ['heartbeatIntervalMs', 1.5],
      ['heartbeatIntervalMs', Number.NaN],
      ['electionTimeoutMs', -1],
      ['electionTimeoutMs', Number.POSITIVE_INFINITY],
      ['electionTimeoutMs', 199],
      ['maxClockDrift', -0.01],
      ['maxClockDrift', 0.5],
      ['maxClockDrift', Number.NaN],
    ] as const) {
      const timing = { ...defaultElectionTiming, [field]: value };
      assert.throws(() => checkElectionTiming(timing), named(field), `${field} ${value}`);
    }
  });

  it('refuses a lease that is over before two heartbeats', () => {
    const timing = { ...defaultElectionTiming, maxClockDrift: 0.4 };
    assert.throws(() => checkElectionTiming(timing), named('electionTimeoutMs'));
    assert.throws(
      () => checkElectionTiming({ ...timing, electionTimeoutMs: 50, heartbeatIntervalMs: 10 }),
      /outlast two heartbeat intervals/,
    );
  });

  it('ends a lease before any voter may elect another, whatever the clocks do', () => {
    const rate = fc.double({ min: -1, max: 1, noNaN: true });
    const drift = fc.double({ min: 0, max: 0.49, noNaN: true });
    fc.assert(
      fc.property(drift, rate, rate, (maxClockDrift, leaders, voters) => {
        const timing = { ...defaultElectionTiming, maxClockDrift };
        const leaseInTruthMs = leaseMs(timing) / (1 + leaders * maxClockDrift);
        const loyalInTruthMs = timing.electionTimeoutMs / (1 + voters * maxClockDrift);
        assert.ok(leaseInTruthMs <= loyalInTruthMs + 1e-9);
        assert.ok(leaseMarginMs(timing) >= 10);
      }),
    );
  });
});

function named(field: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof ElectionError &&
    error.code === 'ELECTION_OPTIONS_INVALID' &&
    'field' in error.metadata &&
    error.metadata.field === field;
}
