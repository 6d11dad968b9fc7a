import type { Election } from '../election.ts';

/**
 * As Raftify has them:
 *
 * - `Bootstrap`: the group is not founded yet. Only `onWaiting` of `initNode` sees it.
 * - `Rejoin`: this node was removed while it was away, and asks to be taken in again.
 * - `Follower`, `PreCandidate`, `Candidate`: it does not lead. A node that has been elected is
 *   `Candidate` until it has a lease.
 * - `Leader`: only while its lease lasts, by the clock, at each look.
 * - `PreShutdown`, `Shutdown`: `shutdown` was called, or is over.
 */
export type RaftifyState =
  | 'Bootstrap'
  | 'Rejoin'
  | 'Follower'
  | 'PreCandidate'
  | 'Candidate'
  | 'Leader'
  | 'PreShutdown'
  | 'Shutdown';

/** How a node ends. */
export interface ShutdownOptions {
  /**
   * Whether this node is also removed from the group, so that the others need one less for a
   * majority. The next `initNode` has it taken in again. Default: no; a restart is no departure.
   */
  readonly leave?: boolean;
}

/** A node that is of a group and campaigns all the time. `await using` shuts it down. */
export interface RaftifyNode extends AsyncDisposable {
  /**
   * What it is made of: its leadership with a token, a signal and a deadline, and all events. The
   * node campaigns by itself; `election.resign()` only hands the lead to another node.
   */
  readonly election: Election;
  /** `id` of its `raftify.json`. */
  getID(): string;
  /** At each look: before each act of a leader ask it, or `election.isLeader()`, act at once. */
  getState(): RaftifyState;
  /**
   * 0: all is well. One for each voter that this node has no connection to, one when nobody is
   * known to lead, and one when this node cannot write or is no member.
   */
  getHealthScore(): number;
  /**
   * 'host:port' by id. A member whose id this node has not heard yet goes by the number under which
   * it votes, in digits.
   */
  getMembers(): Readonly<Record<string, string>>;
  /**
   * Resigns, waits for work of `election.withLeadership`, and closes. Idempotent.
   *
   * @throws as `Election.leave`, with `leave`: then this node runs on
   */
  shutdown(options?: ShutdownOptions): Promise<void>;
}
