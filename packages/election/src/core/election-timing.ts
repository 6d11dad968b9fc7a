import { ElectionError } from './election-error.ts';
import type { LeaseTerms } from './election-model.ts';

/** The same on every node. Milliseconds. */
export interface ElectionTiming {
  readonly heartbeatIntervalMs: number;
  /** The shortest silence after which a leader is replaced; the longest is twice that. */
  readonly electionTimeoutMs: number;
  /** By how much the rate of any node's clock may differ from true time, as a fraction. */
  readonly maxClockDrift: number;
}

/** For members a few milliseconds apart, as in one region. */
export const defaultElectionTiming: ElectionTiming = {
  heartbeatIntervalMs: 40,
  electionTimeoutMs: 200,
  maxClockDrift: 0.01,
};

const leastMarginMs = 10;

/** How long a leader may act after the round was sent that a quorum answered (rule 2). */
export function leaseMs({ electionTimeoutMs, maxClockDrift }: ElectionTiming): number {
  return (electionTimeoutMs * (1 - maxClockDrift)) / (1 + maxClockDrift);
}

/** As it is told to others. */
export function leaseTermsOf({ electionTimeoutMs, maxClockDrift }: ElectionTiming): LeaseTerms {
  return { electionTimeoutMs, clockDriftPpm: Math.round(maxClockDrift * 1_000_000) };
}

/** Whether a vote that is refused by these terms is refused for as long as the other's lease. */
export function isSameLease(one: LeaseTerms, other: LeaseTerms): boolean {
  const isSameTimeout = one.electionTimeoutMs === other.electionTimeoutMs;
  return isSameTimeout && one.clockDriftPpm === other.clockDriftPpm;
}

/** How long before the end of its lease a leader ceases to lead: what a look at it may cost. */
export function leaseMarginMs(timing: ElectionTiming): number {
  return Math.max(leastMarginMs, leaseMs(timing) / 10);
}

/**
 * @throws ElectionError ELECTION_OPTIONS_INVALID, naming the field
 */
export function checkElectionTiming(timing: ElectionTiming): void {
  const { heartbeatIntervalMs, electionTimeoutMs, maxClockDrift } = timing;
  for (const field of ['heartbeatIntervalMs', 'electionTimeoutMs'] as const) {
    const value = timing[field];
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw invalid(field, `must be a positive whole number of milliseconds, not ${value}`);
  }
  if (!(maxClockDrift >= 0 && maxClockDrift < 0.5)) {
    throw invalid('maxClockDrift', `must be a fraction from 0 to below 0.5, not ${maxClockDrift}`);
  }
  if (electionTimeoutMs < 5 * heartbeatIntervalMs) {
    throw invalid(
      'electionTimeoutMs',
      `must be at least 5 heartbeat intervals (${5 * heartbeatIntervalMs} ms), or a few late ` +
        'heartbeats would end a leadership',
    );
  }
  const usableMs = leaseMs(timing) - leaseMarginMs(timing);
  if (usableMs >= 2 * heartbeatIntervalMs) return;
  throw invalid(
    'electionTimeoutMs',
    `of ${electionTimeoutMs} ms leaves a lease of ${Math.floor(usableMs)} ms for clocks that may ` +
      `drift by ${maxClockDrift}; it must outlast two heartbeat intervals ` +
      `(${2 * heartbeatIntervalMs} ms): raise it, or lower maxClockDrift`,
  );
}

function invalid(field: string, why: string): ElectionError {
  return new ElectionError('ELECTION_OPTIONS_INVALID', `${field} ${why}`, { field });
}
