import type { Clock, Prng, Timer, Timers } from '@quorate/base';
import type { GroupHandle, GroupStatus } from '@quorate/runtime';
import type { LogIndex, NodeId } from '@quorate/schema';
import type { ElectionTiming } from '../election-timing.ts';

/**
 * Whether this node has a part in the election:
 *
 * - `member`: as far as it knows, it has;
 * - `rejoin`: it was removed, and asks to be taken in again;
 * - `out`: it was removed, and does not ask.
 */
export type Membership = 'member' | 'rejoin' | 'out';

/** The members as whoever leads the group has told them. */
export interface ToldMembers {
  /** Of their configuration in the log. */
  readonly index: LogIndex;
  readonly members: readonly NodeId[];
}

/** What a rejoiner is made of: its replica, its times, and how it asks others. */
export interface RejoinerOptions {
  readonly node: NodeId;
  readonly group: Pick<GroupHandle<unknown>, 'status' | 'onLeadership'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Pick<Timers, 'after'>;
  /** Draws the pauses between questions, so that nodes that come back together do not ask so. */
  readonly prng: Prng;
  readonly timing: Pick<ElectionTiming, 'electionTimeoutMs'>;
  /** Whether it asks to be taken in again. */
  readonly mayRejoin: () => boolean;
  /** Asks the nodes it knows for the members; null: no leader has answered. Exactly once. */
  readonly look: (done: (told: ToldMembers | null) => void) => void;
  /** Asks to be taken in, as `Host.join` does. `done` exactly once. */
  readonly join: (done: (error: Error | null) => void) => void;
  /** Told after each change of `membership`, and when asking has failed, with why. */
  readonly told?: (membership: Membership, error: Error | null) => void;
}

/** Without a leader for so many election timeouts: elections take two, and a few may be in vain. */
const lostTimeouts = 6;
/** Between two questions, at least; at most twice as many. */
const pauseTimeouts = 5;

/**
 * Finds out that this node was removed while it was away, and has it taken in again.
 *
 * A node that was removed is told nothing: nobody sends to it, and its own votes and questions
 * change nothing for the others, who hear their leader. So once it has heard of no leader for a
 * while it asks who the members are. Only what a leader says counts; and to ask in vain is
 * harmless, for who is a member already is not taken in twice.
 *
 * It comes back as the same node with the same directory, as a learner at first: what it has
 * promised still holds. One that has never had anything of the log may have lost its directory, so
 * it stays out.
 */
export class Rejoiner {
  readonly #options: RejoinerOptions;
  #membership: Membership = 'member';
  /** Since when it has known no leader; null: it knows one. */
  #lostSinceMs: number | null;
  #askAtMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(options: RejoinerOptions) {
    this.#options = options;
    this.#lostSinceMs = this.#nowMs;
    options.group.onLeadership(() => this.#step());
    this.#step();
  }

  get membership(): Membership {
    return this.#membership;
  }

  /** Nothing is asked any more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #step(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#isClosed) return;
    const { timers, timing, group, node } = this.#options;
    const status = group.status();
    if (status.leader !== 0 && isNamed(status, node)) {
      this.#lostSinceMs = null;
      this.#become('member');
    } else {
      this.#lostSinceMs ??= this.#nowMs;
      const isLong = this.#nowMs - this.#lostSinceMs >= lostTimeouts * timing.electionTimeoutMs;
      // Who has read in its own log that it was removed need not wait.
      if ((isLong || !isNamed(status, node)) && this.#nowMs >= this.#askAtMs) this.#ask();
    }
    // Changes of the configuration are not told, so they are looked for.
    this.#timer = timers.after(timing.electionTimeoutMs, () => this.#step());
  }

  #ask(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#options.look((told) => {
      if (this.#isClosed) return;
      const { node, group } = this.#options;
      const status = group.status();
      // What is not committed here may be overwritten yet.
      const leastIndex = Math.min(status.configurationIndex, status.commitIndex);
      const isNews = told !== null && told.index >= leastIndex;
      if (!isNews || told.members.includes(node)) {
        this.#rest();
      } else if (status.lastIndex === 0 || !this.#options.mayRejoin()) {
        this.#become('out');
        this.#rest();
      } else {
        this.#become('rejoin');
        this.#join();
      }
    });
  }

  #join(): void {
    this.#options.join((error) => {
      if (this.#isClosed) return;
      if (error !== null) this.#options.told?.(this.#membership, error);
      this.#rest();
    });
  }

  #rest(): void {
    const { prng, timing } = this.#options;
    this.#isAsking = false;
    this.#askAtMs = this.#nowMs + pauseTimeouts * timing.electionTimeoutMs * (1 + prng.float());
    this.#step();
  }

  #become(membership: Membership): void {
    if (this.#membership === membership) return;
    this.#membership = membership;
    this.#options.told?.(membership, null);
  }
}

/** By the configuration that is in force here. */
function isNamed({ configuration }: GroupStatus, node: NodeId): boolean {
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  return [voters, votersOutgoing, learners, learnersNext].some((ids) => ids.includes(node));
}
