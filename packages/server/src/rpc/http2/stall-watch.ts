import type { Http2Limits } from './limits.ts';
import type { SendSide } from './send-side.ts';

/** In so many looks nothing was taken: one may fall into a turn in which nothing could be. */
const stuckLooks = 2;

/** Notices that a client takes nothing of what waits for it. It is looked at every second. */
export class StallWatch {
  readonly #limits: Http2Limits;
  #takenFrames = -1;
  #sinceMs: number;
  #looks = 0;

  constructor(limits: Http2Limits, nowMs: number) {
    this.#limits = limits;
    this.#sinceMs = nowMs;
  }

  /** @returns whether much has waited for so long, and none of it was taken, that it is over */
  look({ takenFrames, pendingBytes }: SendSide, nowMs: number): boolean {
    const { maxPendingBytes, stallTimeoutMs } = this.#limits;
    if (pendingBytes > maxPendingBytes && takenFrames === this.#takenFrames) this.#looks++;
    else {
      this.#looks = 0;
      this.#takenFrames = takenFrames;
      this.#sinceMs = nowMs;
    }
    return nowMs - this.#sinceMs >= stallTimeoutMs;
  }

  /** @returns whether much waits of which, for a second or two, nothing was taken */
  isStuck({ takenFrames }: SendSide): boolean {
    return this.#looks >= stuckLooks && takenFrames === this.#takenFrames;
  }
}
