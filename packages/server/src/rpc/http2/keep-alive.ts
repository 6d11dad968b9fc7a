import type { Http2Limits } from './limits.ts';

/** The pings of one connection: whether the client's are too many, and when ours are due. */
export class KeepAlive {
  readonly #limits: Http2Limits;
  #strikes = 0;
  #lastPingMs = Number.NEGATIVE_INFINITY;
  #heardMs: number;
  #pingedMs: number | null = null;

  constructor(limits: Http2Limits, nowMs: number) {
    this.#limits = limits;
    this.#heardMs = nowMs;
  }

  /** Something of the client came. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#pingedMs = null;
  }

  /**
   * Judges a ping as servers written in Go do. Those that measure the network follow messages of
   * ours, so one is free after each.
   *
   * @param answered whether the client was sent header fields or messages since the last ping
   * @returns false when it is one too many
   */
  allows(nowMs: number, hasCalls: boolean, answered: boolean): boolean {
    const { minPingIntervalMs, minIdlePingIntervalMs, maxPingStrikes } = this.#limits;
    const sinceLastMs = nowMs - this.#lastPingMs;
    this.#lastPingMs = nowMs;
    if (answered) this.#strikes = 0;
    else if (sinceLastMs < (hasCalls ? minPingIntervalMs : minIdlePingIntervalMs)) this.#strikes++;
    return this.#strikes <= maxPingStrikes;
  }

  /** @returns what is to be done now: nothing, ping the client, or cut it */
  due(nowMs: number): 'nothing' | 'ping' | 'cut' {
    const { keepAliveMs, keepAliveTimeoutMs } = this.#limits;
    if (this.#pingedMs !== null) {
      return nowMs - this.#pingedMs >= keepAliveTimeoutMs ? 'cut' : 'nothing';
    }
    if (nowMs - this.#heardMs < keepAliveMs) return 'nothing';
    this.#pingedMs = nowMs;
    return 'ping';
  }
}
