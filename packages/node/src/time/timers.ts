import type { Timer, Timers } from '@quorate/base';

/** setTimeout fires at once when given more. */
const longestDelayMs = 2 ** 31 - 1;

/**
 * Node's own timers.
 *
 * Timers hold the process: a node that is closing waits for one, and a process that ended in the
 * middle would lose the answer. An open node holds its process by its listener anyway, and a
 * closed one has cancelled its timers.
 *
 * `defer` is setImmediate because that phase follows the poll phase: every socket that was readable
 * and every disk completion that had arrived has been handled by then. A microtask or nextTick
 * would run after the first of them.
 */
export const timers: Timers = {
  after(delayMs: number, callback: () => void): Timer {
    let handle: NodeJS.Timeout;
    const arm = (remainingMs: number): void => {
      const stepMs = Math.min(remainingMs, longestDelayMs);
      handle = setTimeout(() => {
        if (remainingMs > stepMs) arm(remainingMs - stepMs);
        else callback();
      }, stepMs);
    };
    // Rounded up: a fraction that setTimeout cuts off would call back before its time.
    arm(Math.max(0, Math.ceil(delayMs)));
    return { cancel: () => clearTimeout(handle) };
  },
  defer(callback: () => void): void {
    setImmediate(callback);
  },
};
