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

/** A jump of the wall clock below this is its coarseness, or a correction of its rate. */
const suspicionMs = 10;
/** A difference of uptimes below this is their coarseness, twice, and not a suspend. */
const suspendThresholdMs = 25;

/** Two readings are of one moment if no more than this passed between them. */
const oneMomentMs = 2;
/** A process that is stopped within each of so many readings is not to be helped. */
const mostReadings = 20;

/**
 * A monotonic clock that also counts the time the machine was suspended.
 *
 * Why: a leader that was suspended for a minute would otherwise wake up, find that by its clock no
 * time has passed, and still believe in its lease (safety rule 1). Counted this way a suspend looks
 * like a process that was stopped: one late tick, with every deadline past.
 *
 * The wall clock is read at every call because it is cheap; a jump of it against the monotonic one,
 * either way, is only a suspicion (someone may have set it, in the same moment too), and the uptime
 * decides. A process that is stopped between two readings must not take that for a suspend: its
 * clock would be ahead for good, and as a voter it would be disloyal before its time (rule 2).
 *
 * What no clock of a machine tells is that the machine itself stood still with all its clocks, as a
 * virtual one does whose host has paused it.
 */
export function suspendAwareClock(sources: TimeSources): Clock {
  let suspendedMs = 0;
  let wallAheadMs = sources.wallMs() - sources.monotonicMs();
  let uptimeAheadMs = readUptimeAheadMs(sources);

  const countSuspend = (): void => {
    const aheadMs = readUptimeAheadMs(sources);
    const gapMs = aheadMs - uptimeAheadMs;
    if (gapMs < suspendThresholdMs) return;
    suspendedMs += gapMs;
    uptimeAheadMs = aheadMs;
  };

  return {
    monotonicMs(): number {
      let monotonicMs = sources.monotonicMs();
      const aheadMs = sources.wallMs() - monotonicMs;
      if (Math.abs(aheadMs - wallAheadMs) >= suspicionMs) {
        countSuspend();
        monotonicMs = sources.monotonicMs();
        wallAheadMs = sources.wallMs() - monotonicMs;
      }
      return monotonicMs + suspendedMs;
    },
    wallMicros: () => Math.round(sources.wallMs() * 1000),
  };
}

/** By how much the uptime is ahead of the monotonic clock, both read at one moment. */
function readUptimeAheadMs({ monotonicMs, uptimeMs }: TimeSources): number {
  for (let reading = 1; ; reading++) {
    const beforeMs = monotonicMs();
    const aheadMs = uptimeMs() - beforeMs;
    if (monotonicMs() - beforeMs <= oneMomentMs || reading === mostReadings) return aheadMs;
  }
}
