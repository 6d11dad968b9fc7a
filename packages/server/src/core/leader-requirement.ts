import type { Timer } from '@quorate/base';
import { type RpcError, rpcErrors } from './rpc-error.ts';
import type { ServiceOptions } from './service-context.ts';

/** A leader is lost for good, as far as clients are concerned, after so many election timeouts. */
const leaderlessTimeouts = 3;

type Abort = (error: RpcError) => void;

/**
 * Ends the streams that rather fail than wait when there is no leader for too long: what they wait
 * for may be happening on the other side of a partition.
 */
export class LeaderRequirement {
  readonly #streams = new Set<Abort>();
  readonly #options: ServiceOptions;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
    options.group.onLeadership(({ leader }) => this.#leaderIs(leader));
    this.#leaderIs(options.group.status().leader);
  }

  add(abort: Abort): void {
    this.#streams.add(abort);
  }

  delete(abort: Abort): void {
    this.#streams.delete(abort);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #leaderIs(leader: number): void {
    if (leader !== 0 || this.#isStopped) {
      this.#cancel();
      return;
    }
    const { timers, tuning } = this.#options;
    this.#timer ??= timers.after(leaderlessTimeouts * tuning.electionTimeoutMs, () => {
      this.#timer = null;
      for (const abort of this.#streams) abort(rpcErrors.noLeader);
    });
  }
}
