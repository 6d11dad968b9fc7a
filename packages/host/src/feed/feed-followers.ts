import type { Clock } from '@quorate/base';
import { digestOf, type FeedContacts, maxContacts } from './feed-contacts.ts';
import type { FeedAnswer, FollowedAnswer, FollowRequest } from './feed-messages.ts';
import type { FollowedOrigin } from './feed-origin.ts';

/** How many may follow, each counted until it has been silent for a while. */
export interface FollowersOptions {
  readonly maxFollowers: number;
  /** What this process asks as, for none is fed by itself; 0: it follows nobody. */
  readonly self: number;
}

interface Follower {
  /** Empty: it feeds nobody. */
  readonly address: string;
  /** Its place is another's after this, by the clock here. */
  readonly keptUntilMs: number;
}

/** Beyond two of its waits: to be looked for elsewhere, and to come back. */
const graceMs = 5000;
const mostWaitMs = 60_000;
/** Enough to find one among, and little to send. */
const maxRelays = 16;
/** Stands for never; in whole milliseconds. */
const mostAgeMs = 2 ** 40;

/** Those that one group's source feeds, and tells who leads. */
export class FeedFollowers {
  readonly #origin: FollowedOrigin;
  readonly #clock: Clock;
  readonly #options: FollowersOptions;
  readonly #followers = new Map<number, Follower>();

  constructor(origin: FollowedOrigin, clock: Clock, options: FollowersOptions) {
    this.#origin = origin;
    this.#clock = clock;
    this.#options = options;
  }

  get count(): number {
    this.#forget();
    return this.#followers.size;
  }

  /** @returns null when it has a place, which is kept for a while; else whom to ask instead */
  admit({ follower, waitMs, address }: FollowRequest): FeedAnswer | null {
    const { maxFollowers, self } = this.#options;
    if (follower === self) return this.#elsewhere(follower, 'this is the observer that asks');
    if (!this.#followers.has(follower)) {
      if (this.#followers.size >= maxFollowers) this.#forget();
      if (this.#followers.size >= maxFollowers) {
        return this.#elsewhere(follower, `feeds ${maxFollowers} already, its limit: ask another`);
      }
    }
    const keptMs = 2 * Math.min(waitMs, mostWaitMs) + graceMs;
    const keptUntilMs = this.#clock.monotonicMs() + keptMs;
    this.#followers.set(follower, { address, keptUntilMs });
    return null;
  }

  /** Whether there is something to tell at once. */
  isNews(request: Pick<FollowRequest, 'term' | 'leader'>): boolean {
    const { term, leader } = this.#origin.standing();
    return term !== request.term || leader !== request.leader;
  }

  /** @returns puts who leads around an answer to `request`, which has come in now */
  whole(request: FollowRequest, reply: (answer: FeedAnswer) => void): (answer: FeedAnswer) => void {
    const askedMs = this.#clock.monotonicMs();
    return (answer) => {
      const isState = answer.kind === 'entries' || answer.kind === 'begin';
      reply(isState ? this.#followed(request, askedMs, answer) : answer);
    };
  }

  #followed(
    request: FollowRequest,
    askedMs: number,
    answer: FollowedAnswer['answer'],
  ): FollowedAnswer {
    const { term, leader, ageMs, depth } = this.#origin.standing();
    const contacts = this.#contacts(request.follower);
    return {
      kind: 'followed',
      // Each rounded so that nothing looks fresher than it is.
      heldMs: Math.max(0, Math.floor(this.#clock.monotonicMs() - askedMs)),
      ageMs: Math.min(mostAgeMs, Math.max(0, Math.ceil(ageMs))),
      term,
      leader,
      depth,
      contacts: digestOf(contacts) === request.contacts ? null : contacts,
      answer,
    };
  }

  #elsewhere(follower: number, reason: string): FeedAnswer {
    return { kind: 'elsewhere', contacts: this.#contacts(follower), reason };
  }

  #contacts(asking: number): FeedContacts {
    const relays: string[] = [];
    for (const [follower, { address }] of this.#followers) {
      if (relays.length === maxRelays) break;
      if (address !== '' && follower !== asking) relays.push(address);
    }
    return { members: this.#origin.standing().members.slice(0, maxContacts), relays };
  }

  #forget(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [follower, { keptUntilMs }] of this.#followers) {
      if (nowMs > keptUntilMs) this.#followers.delete(follower);
    }
  }
}
