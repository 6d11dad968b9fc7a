import type { Clock, Timers } from '@quorate/base';

export const systemClock: Pick<Clock, 'monotonicMs'> = {
  monotonicMs: () => performance.now(),
};

export const systemTimers: Pick<Timers, 'after'> = {
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => systemTimers.after(delayMs, resolve));
}
