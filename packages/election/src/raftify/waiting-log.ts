import type { Logger } from '@quorate/base';
import type { RaftifyWaiting } from './raftify-settings.ts';

/** The same is said again after so long. */
const repeatMs = 10_000;

/** Says what a node waits for: when that changes, and from time to time. */
export class WaitingLog {
  readonly #logger: Logger;
  readonly #told: ((waiting: RaftifyWaiting) => void) | undefined;
  #text = '';
  #saidAtMs = Number.NEGATIVE_INFINITY;

  constructor(logger: Logger, told: ((waiting: RaftifyWaiting) => void) | undefined) {
    this.#logger = logger;
    this.#told = told;
  }

  tell(waiting: RaftifyWaiting): void {
    const { state, present, expected, problems } = waiting;
    const reasons = [...problems].map(([address, problem]) => `${address} ${problem}`);
    const missing = expected - present;
    const text = `waiting for ${missing} of ${expected}: ${reasons.join('; ')}`;
    const nowMs = performance.now();
    if (text !== this.#text || nowMs - this.#saidAtMs >= repeatMs) {
      this.#text = text;
      this.#saidAtMs = nowMs;
      this.#logger.warn('not of a group yet', { state, reason: text });
    }
    this.#told?.(waiting);
  }
}
