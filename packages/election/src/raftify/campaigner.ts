import { setTimeout } from 'node:timers/promises';
import type { Logger } from '@quorate/base';
import { ElectionError } from '../core/election-error.ts';
import type { Election, Leadership } from '../election.ts';

export interface CampaignerOptions {
  readonly election: Election;
  /** After a campaign that ended without a leadership. */
  readonly pauseMs: number;
  readonly logger: Logger;
}

/** Campaigns whenever this node does not lead, until it is closed. */
export class Campaigner {
  readonly #options: CampaignerOptions;
  readonly #ended = new AbortController();
  #isPaused = false;

  constructor(options: CampaignerOptions) {
    this.#options = options;
    void this.#run();
  }

  /** A campaign that is under way is the election's to end. */
  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused;
  }

  close(): void {
    this.#ended.abort();
  }

  async #run(): Promise<void> {
    const { election, pauseMs, logger } = this.#options;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        if (this.#isPaused) await setTimeout(pauseMs, undefined, { signal });
        else await over(await election.campaign(undefined, { signal }), signal);
      } catch (error) {
        if (signal.aborted || codeOf(error) === 'ELECTION_CLOSED') return;
        const reason = error instanceof Error ? error.message : String(error);
        // Somebody had this node resign, and another one is to take over.
        if (codeOf(error) !== 'ELECTION_RESIGNED') logger.warn('campaign failed', { reason });
        await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof ElectionError ? error.code : null;
}

/** Resolves when the leadership is over. */
function over(leadership: Leadership, signal: AbortSignal): Promise<void> {
  const any = AbortSignal.any([leadership.signal, signal]);
  return new Promise((fulfil) => {
    if (any.aborted) fulfil();
    else any.addEventListener('abort', () => fulfil(), { once: true });
  });
}
