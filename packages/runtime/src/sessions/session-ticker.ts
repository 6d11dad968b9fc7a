/** However short the steps of session time are. */
const minTickIntervalMs = 50;

export interface SessionTickGiven {
  /** Monotonic. */
  readonly nowMs: number;
  /** When this leader last appended a command, monotonic; null: not yet in this term. */
  readonly lastEntryMs: number | null;
  /** `SessionStateMachine.sessionCount`. */
  readonly sessions: number;
  /** `SessionStateMachine.limits.maxStepMs`. */
  readonly maxStepMs: number;
}

/**
 * When a leader should propose a tick, so that sessions also expire in a group that is idle.
 *
 * Session time moves by at most `maxStepMs` from entry to entry: with entries further apart it
 * would fall behind. Three quarters of a step leave room for a timer that is late. Other commands
 * do the same service, so a busy group gets no ticks, and one without sessions gets none either.
 *
 * @returns monotonic; in the past or present: at once; infinity: never, as things stand
 */
export function sessionTickAtMs(given: SessionTickGiven): number {
  if (given.sessions === 0) return Number.POSITIVE_INFINITY;
  if (given.lastEntryMs === null) return given.nowMs;
  const intervalMs = Math.max(minTickIntervalMs, Math.floor((given.maxStepMs * 3) / 4));
  return given.lastEntryMs + intervalMs;
}
