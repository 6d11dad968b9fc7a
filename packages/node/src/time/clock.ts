import { uptime } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Clock } from '@quorate/base';
import { suspendAwareClock } from './suspend-aware-clock.ts';

/** This machine's clocks. A call costs well under a microsecond. */
export function createClock(): Clock {
  return suspendAwareClock({
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    uptimeMs: () => uptime() * 1000,
  });
}
