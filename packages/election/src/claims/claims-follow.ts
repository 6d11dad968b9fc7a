import type { Timer, Timers } from '@quorate/base';
import type { Host } from '@quorate/host';
import type { GroupId } from '@quorate/schema';

export interface ClaimsFollowParts {
  readonly host: Pick<Host, 'nodeId' | 'group' | 'transferLeadership'>;
  readonly claimsGroup: GroupId;
  /** Of the election, by the clock. */
  readonly isLeader: () => boolean;
  readonly timers: Pick<Timers, 'after'>;
  /** Between two attempts. */
  readonly retryMs: number;
  readonly requestTimeoutMs: number;
}

/**
 * The node that leads the election takes the lead of the claims too, so that its claims need no hop
 * and the end of another node does not hold them up. They are as safe without it.
 */
export class ClaimsFollow {
  readonly #parts: ClaimsFollowParts;
  #timer: Timer | null = null;
  #isAsking = false;
  #isClosed = false;

  constructor(parts: ClaimsFollowParts) {
    this.#parts = parts;
    parts.host.group(parts.claimsGroup).onLeadership(() => this.look());
  }

  /** This node was elected, or the claims have another leader. */
  look(): void {
    const { host, claimsGroup, isLeader, timers, retryMs, requestTimeoutMs } = this.#parts;
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#isClosed || this.#isAsking || !isLeader()) return;
    const { leader } = host.group(claimsGroup).status();
    // Whoever it is will be told of.
    if (leader === 0 || leader === host.nodeId) return;
    this.#isAsking = true;
    host.transferLeadership(claimsGroup, host.nodeId, requestTimeoutMs, () => {
      this.#isAsking = false;
      if (!this.#isClosed) this.#timer = timers.after(retryMs, () => this.look());
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }
}
