import type { Timers } from '@quorate/base';

/**
 * Calls what is not ours. What it throws must not leave a turn half done: it is thrown again from
 * the event loop, where the program's own handling of uncaught exceptions decides.
 */
export function isolated(timers: Pick<Timers, 'defer'>, callback: () => void): void {
  try {
    callback();
  } catch (error) {
    rethrow(timers, error);
  }
}

/** For callers that have their own `try`, to spare the closure. */
export function rethrow(timers: Pick<Timers, 'defer'>, error: unknown): void {
  timers.defer(() => {
    throw error;
  });
}
