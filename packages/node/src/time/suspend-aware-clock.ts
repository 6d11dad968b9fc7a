import type { Clock } from '@quorate/base';

/** Where the time comes from; all three are read-only views of the machine's clocks. */
export interface TimeSources {
  /** Never goes back, but stands still while the machine is suspended (CLOCK_MONOTONIC). */
  monotonicMs(): number;
  /** Goes on during suspend, but may be set either way. */
  wallMs(): number;
  /** Since boot, suspend included; coarse (10 ms) and slow to read. */
  uptimeMs(): number;
}

/** Below this a difference between two clocks is their coarseness, not a suspend. */
const suspendThresholdMs = 100;

/**
 * A monotonic clock that also counts the time the machine was suspended.
 *
 * Why: a leader that was suspended for a minute would otherwise wake up, find that by its clock no
 * time has passed, and still believe in its lease (safety rule 1). Counted this way a suspend looks
 * like a process that was stopped: one late tick, with every deadline past.
 *
 * The wall clock is read at every call because it is cheap; a jump of it against the monotonic one
 * is only a suspicion (someone may have set it), and the uptime decides.
 */
export function suspendAwareClock(sources: TimeSources): Clock {
  let suspendedMs = 0;
  let wallAheadMs = sources.wallMs() - sources.monotonicMs();
  let uptimeAheadMs = sources.uptimeMs() - sources.monotonicMs();

  const countSuspend = (monotonicMs: number): void => {
    const aheadMs = sources.uptimeMs() - monotonicMs;
    const gapMs = aheadMs - uptimeAheadMs;
    if (gapMs < suspendThresholdMs) return;
    suspendedMs += gapMs;
    uptimeAheadMs = aheadMs;
  };

  return {
    monotonicMs(): number {
      const monotonicMs = sources.monotonicMs();
      const aheadMs = sources.wallMs() - monotonicMs;
      if (aheadMs - wallAheadMs >= suspendThresholdMs) countSuspend(monotonicMs);
      wallAheadMs = aheadMs;
      return monotonicMs + suspendedMs;
    },
    wallMicros: () => Math.round(sources.wallMs() * 1000),
  };
}
