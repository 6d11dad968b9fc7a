import type { HostTuning } from './host.ts';
import { HostError } from './host-error.ts';

const mebibyte = 1024 * 1024;

/** For members a few milliseconds apart, as in one region. */
export const defaultTuning: HostTuning = {
  heartbeatIntervalMs: 100,
  electionTimeoutMs: 1000,
  maxClockDrift: 0.01,
  requestTimeoutMs: 7000,
  quiesceAfterMs: 10_000,
  segmentBytes: 64 * mebibyte,
  snapshotLogBytes: 64 * mebibyte,
  snapshotTailEntries: 5000,
  snapshotBytesPerSecond: null,
  maxCommandBytes: 1.5 * mebibyte,
  maxUncommittedBytes: 64 * mebibyte,
  maxMessageBytes: mebibyte,
  maxInflightMessages: 256,
  maxInflightBytes: 16 * mebibyte,
  maxFollowers: 128,
};

const mayBeNull: ReadonlySet<string> = new Set<keyof HostTuning>([
  'quiesceAfterMs',
  'snapshotBytesPerSecond',
]);

/** At less, one chunk would take longer than a follower waits for the next. */
const leastSnapshotBytesPerSecond = 64 * 1024;

/**
 * Fills in defaults and checks that the durations fit each other.
 *
 * @throws HostError HOST_TUNING_INVALID, naming the field
 */
export function resolveTuning(given: Partial<HostTuning>): HostTuning {
  const tuning = { ...defaultTuning, ...given };
  const { maxClockDrift, ...wholeNumbers } = tuning;
  if (maxClockDrift !== null && !(maxClockDrift >= 0 && maxClockDrift < 0.5)) {
    throw invalid('maxClockDrift', `must be a fraction from 0 to below 0.5, not ${maxClockDrift}`);
  }
  for (const [field, value] of Object.entries(wholeNumbers)) {
    if (value === null && mayBeNull.has(field)) continue;
    if (
      value === null ||
      !Number.isSafeInteger(value) ||
      value < (field === 'snapshotTailEntries' ? 0 : 1)
    ) {
      throw invalid(field, `must be a positive whole number, not ${value}`);
    }
  }
  const { snapshotBytesPerSecond } = tuning;
  if (snapshotBytesPerSecond !== null && snapshotBytesPerSecond < leastSnapshotBytesPerSecond) {
    throw invalid('snapshotBytesPerSecond', `must be at least ${leastSnapshotBytesPerSecond}`);
  }
  if (tuning.electionTimeoutMs < 5 * tuning.heartbeatIntervalMs) {
    throw invalid(
      'electionTimeoutMs',
      `must be at least 5 heartbeat intervals (${5 * tuning.heartbeatIntervalMs} ms), ` +
        'or a few late heartbeats would end a leadership',
    );
  }
  return tuning;
}

function invalid(field: string, why: string): HostError {
  return new HostError('HOST_TUNING_INVALID', `tuning.${field} ${why}`, { field });
}
