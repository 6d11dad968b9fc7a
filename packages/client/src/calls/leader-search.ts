import type { Caller } from './caller.ts';
import type { Endpoints } from './endpoints.ts';
import { methods } from './methods.ts';

/** Makes the leader's endpoint the one that is asked first, whenever there is a new leader. */
export class LeaderSearch {
  readonly #caller: Caller;
  readonly #endpoints: Endpoints;
  /** Of the leader that was found last, and where it is. */
  #term = 0;
  #leader: string | null = null;
  #isSearching = false;

  constructor(caller: Caller, endpoints: Endpoints) {
    this.#caller = caller;
    this.#endpoints = endpoints;
  }

  /** An answer was of this term. A search begins when it, or who gave it, is not as it was. */
  answered(raftTerm: number): void {
    const isLeaderPreferred = this.#endpoints.preferred.address === this.#leader;
    if (this.#isSearching || (raftTerm <= this.#term && isLeaderPreferred)) return;
    this.#isSearching = true;
    void this.#search(raftTerm).finally(() => {
      this.#isSearching = false;
    });
  }

  /** Each endpoint is asked; the one whose member is the leader says so itself. */
  async #search(raftTerm: number): Promise<void> {
    const { all } = this.#endpoints;
    const found = await Promise.all(
      all.map(async (endpoint) => {
        try {
          const answer = await this.#caller.readFrom(endpoint.address, methods.status, {});
          const isLeader = answer.leader !== 0n && answer.leader === answer.header?.memberId;
          return isLeader ? { endpoint, term: answer.raftTerm } : null;
        } catch {
          // It will not be the one to ask first.
          return null;
        }
      }),
    );
    let best: { endpoint: (typeof all)[number]; term: number } | null = null;
    for (const one of found) if (one !== null && one.term > (best?.term ?? 0)) best = one;
    // Not found: no search until the term or the preferred endpoint is another.
    const endpoint = best?.endpoint ?? this.#endpoints.preferred;
    this.#term = Math.max(raftTerm, best?.term ?? 0);
    this.#leader = endpoint.address;
    this.#endpoints.prefer(endpoint);
  }
}
