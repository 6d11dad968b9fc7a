import type { ledger } from '@quorate/schema';

/** Decides when to look elsewhere for the leader: when it changes, once round the servers. */
export class LeaderPursuit {
  readonly #servers: number;
  #leader = 0n;
  #moves = 0;

  /** @param servers how many a client knows; with one there is nowhere to go */
  constructor(servers: number) {
    this.#servers = servers;
  }

  /** @returns whether another server is to be tried, which may be the leader */
  movesOn({ node, leader }: Pick<ledger.Hello, 'node' | 'leader'>): boolean {
    if (leader !== this.#leader) {
      this.#leader = leader;
      this.#moves = 0;
    }
    // A server that knows no leader yet will say when it does.
    if (leader === 0n || leader === node) return false;
    if (this.#moves >= this.#servers - 1) return false;
    this.#moves += 1;
    return true;
  }
}
