import type { Logger } from '@quorate/base';
import type { LogIndex } from '@quorate/schema';

const tellEveryMs = 5000;

/** Says how far a group is that has much to apply again after a start. */
export class ReplayLog {
  readonly #group: string;
  readonly #logger: Logger;
  readonly #lastIndex: LogIndex;
  #toldMs: number;

  /** @param lastIndex of the log as it was found */
  constructor(group: string, logger: Logger, lastIndex: LogIndex, nowMs: number) {
    this.#group = group;
    this.#logger = logger;
    this.#lastIndex = lastIndex;
    this.#toldMs = nowMs;
  }

  applied(index: LogIndex, nowMs: number): void {
    if (index >= this.#lastIndex || nowMs - this.#toldMs < tellEveryMs) return;
    this.#toldMs = nowMs;
    const fields = { group: this.#group, index, lastIndex: this.#lastIndex };
    this.#logger.info('applying what is in the log', fields);
  }
}
