import type { Clock, LogFields, Logger } from '@quorate/base';

/**
 * Logs the same event with the same key at most once in an interval and then says how many were
 * left out, so that a peer that is down, or a stranger that knocks, does not fill the disk.
 */
export class LimitedLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  /** Keys are peers and lanes of the configuration and a few words: the map stays small. */
  readonly #seen = new Map<string, { loggedAtMs: number; omitted: number }>();

  constructor(logger: Logger, clock: Clock, intervalMs: number) {
    this.#logger = logger;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  info(key: string, event: string, fields: LogFields): void {
    const omitted = this.#pass(`${event} ${key}`);
    if (omitted !== null) this.#logger.info(event, { ...fields, ...omitted });
  }

  warn(key: string, event: string, fields: LogFields): void {
    const omitted = this.#pass(`${event} ${key}`);
    if (omitted !== null) this.#logger.warn(event, { ...fields, ...omitted });
  }

  #pass(key: string): LogFields | null {
    const nowMs = this.#clock.monotonicMs();
    const seen = this.#seen.get(key);
    if (seen !== undefined && nowMs - seen.loggedAtMs < this.#intervalMs) {
      seen.omitted += 1;
      return null;
    }
    this.#seen.set(key, { loggedAtMs: nowMs, omitted: 0 });
    return seen === undefined || seen.omitted === 0 ? {} : { omittedSince: seen.omitted };
  }
}
