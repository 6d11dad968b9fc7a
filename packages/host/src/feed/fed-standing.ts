import { formatAddress } from '@quorate/base';
import type { GroupId, LogIndex, NodeId, Term } from '@quorate/schema';
import { digestOf, type FeedContacts, noContacts } from './feed-contacts.ts';
import type { FollowedAnswer, FollowRequest } from './feed-messages.ts';
import type { FeedStanding } from './feed-origin.ts';
import type { Upstreams } from './upstreams.ts';

/** Beside what is applied, a replica may follow who leads the group. */
export interface FollowOptions {
  /** How often it hears from upstream when nothing changes. */
  readonly refreshMs: number;
  /** Drawn at random, from 1: what it asks as. */
  readonly follower: number;
  /** 'host:port' that it tells upstream, where it feeds others; empty: nowhere. */
  readonly address: () => string;
}

/** What upstream says while it does not know who leads may be its own fault. */
const leastPatienceMs = 3000;
const mostPatienceMs = 30_000;
/** Of a ring it would grow without end. */
const mostDepth = 1000;
/** As it is told: no member has told it yet. */
const neverMs = 2 ** 40;

/** Who leads, as upstream tells it, and how old that is. */
export class FedStanding {
  readonly #options: FollowOptions;
  readonly #upstreams: Upstreams;
  readonly #nowMs: () => number;
  readonly #listeners = new Set<() => void>();
  #term: Term = 0;
  #leader: NodeId = 0;
  #depth: number | null = null;
  /** When a member knew it; -Infinity: never. */
  #knownMs = Number.NEGATIVE_INFINITY;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #contacts: FeedContacts = noContacts;
  /** Of what this upstream has told; 0: nothing yet. */
  #digest = 0;
  #since: { readonly change: number; readonly takenMs: number } | null = null;
  #leaderlessMs: number | null = null;
  #leaderlessTries = 0;

  constructor(options: FollowOptions, upstreams: Upstreams, nowMs: () => number) {
    this.#options = options;
    this.#upstreams = upstreams;
    this.#nowMs = nowMs;
  }

  get term(): Term {
    return this.#term;
  }

  /** 0: nobody is known to whoever was asked. */
  get leader(): NodeId {
    return this.#leader;
  }

  /** Nodes up to the next member: 1 when one feeds this replica; null: nothing was heard yet. */
  get depth(): number | null {
    return this.#depth;
  }

  /** How long ago, at most, a member knew this; Infinity: nothing was heard yet. */
  get ageMs(): number {
    return this.#nowMs() - this.#knownMs;
  }

  /** How long ago whoever feeds this replica, or did, has answered; Infinity: never. */
  get silentMs(): number {
    return this.#nowMs() - this.#answeredMs;
  }

  /** 'host:port' of a member; empty: not known. */
  addressOf(id: NodeId): string {
    return this.#contacts.members.find((member) => member.id === id)?.address ?? '';
  }

  /** For those that are fed from here. */
  standing(): FeedStanding {
    const { members } = this.#contacts;
    const depth = this.#depth ?? 0;
    return { term: this.#term, leader: this.#leader, ageMs: this.ageMs, depth, members };
  }

  /** Called after each answer; what changed is for the listener to find out. @returns stops it */
  onStanding(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  request(group: GroupId, after: LogIndex, maxBytes: number): FollowRequest {
    const { refreshMs: waitMs, follower, address } = this.#options;
    const { changes } = this.#upstreams;
    if (this.#since?.change !== changes) {
      this.#since = { change: changes, takenMs: this.#nowMs() };
      this.#digest = 0;
      this.#leaderlessMs = null;
    }
    const knows = { term: this.#term, leader: this.#leader, contacts: this.#digest };
    return {
      kind: 'follow',
      group,
      after,
      maxBytes,
      waitMs,
      follower,
      ...knows,
      address: address(),
    };
  }

  /**
   * @param askedMs when it was asked for, by the clock here
   * @returns why somebody else had better be asked; null: it is well
   */
  take(told: FollowedAnswer, askedMs: number): string | null {
    const nowMs = this.#nowMs();
    this.#answeredMs = nowMs;
    if (told.contacts !== null) {
      this.#contacts = told.contacts;
      this.#digest = digestOf(told.contacts);
      this.learn(told.contacts);
    }
    // One that is behind says nothing about the present.
    if (told.term >= this.#term) {
      this.#term = told.term;
      this.#leader = told.leader;
      this.#depth = Math.min(told.depth, mostDepth) + 1;
      if (told.ageMs < neverMs) {
        // It was not sent before it had been held for so long; clocks run alike enough for that.
        const sentMs = Math.min(nowMs, askedMs + told.heldMs);
        this.#knownMs = Math.max(this.#knownMs, sentMs - told.ageMs);
      }
    }
    return this.#fault(told, nowMs);
  }

  /** These may feed it, when whoever does no longer can. */
  learn(contacts: FeedContacts): void {
    const members = contacts.members.map(({ address }) => address);
    // Whoever feeds others is to be near the members, and must not be fed by those it feeds.
    const isRelay = this.#options.address() !== '';
    this.#upstreams.learn(isRelay ? members : [...contacts.relays, ...members]);
  }

  tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #fault({ leader, depth, term }: FollowedAnswer, nowMs: number): string | null {
    const patienceMs = leastPatienceMs + 3 * this.#options.refreshMs;
    const takenMs = this.#since?.takenMs ?? nowMs;
    if (nowMs - Math.max(takenMs, this.#knownMs) > patienceMs) {
      const name = formatAddress(this.#upstreams.current);
      return term < this.#term ? `${name} is behind` : `${name} itself hears of no member`;
    }
    if (leader !== 0) {
      this.#leaderlessMs = null;
      this.#leaderlessTries = 0;
      return null;
    }
    // Of replicas, those that members feed look for another member; the others go with them.
    if (depth > 0) return null;
    this.#leaderlessMs ??= nowMs;
    const waitsMs = Math.min(mostPatienceMs, leastPatienceMs * 2 ** this.#leaderlessTries);
    if (nowMs - this.#leaderlessMs < this.#upstreams.jittered(waitsMs)) return null;
    this.#leaderlessTries = Math.min(10, this.#leaderlessTries + 1);
    return 'it knows no leader, and another member may';
  }
}
