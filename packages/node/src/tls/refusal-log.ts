import type { LogFields, Logger } from '@quorate/base';

/** The same said of the same host at most so often. */
const intervalMs = 10_000;
/** Beyond so many lines at once there is one for all. */
const mostLines = 64;

/** Says who was turned away and what to do, at a bounded rate, whoever knocks. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #seen = new Map<string, { saidAtMs: number; omitted: number }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param remote the other side, with its port */
  warn(event: string, remote: string, fields: LogFields & { readonly reason: string }): void {
    const nowMs = performance.now();
    const host = remote.replace(/:\d+$/, '');
    const own = `${event} ${host} ${fields.reason}`;
    if (!this.#seen.has(own)) this.#makeRoom(nowMs);
    const key = this.#seen.has(own) || this.#seen.size < mostLines ? own : event;
    const seen = this.#seen.get(key);
    if (seen !== undefined && nowMs - seen.saidAtMs < intervalMs) {
      seen.omitted++;
      return;
    }
    this.#seen.set(key, { saidAtMs: nowMs, omitted: 0 });
    const omitted = seen?.omitted ?? 0;
    this.#logger.warn(event, { remote, ...fields, ...(omitted > 0 ? { omitted } : {}) });
  }

  #makeRoom(nowMs: number): void {
    if (this.#seen.size < mostLines) return;
    for (const [key, { saidAtMs }] of this.#seen) {
      if (nowMs - saidAtMs >= intervalMs) this.#seen.delete(key);
    }
  }
}
