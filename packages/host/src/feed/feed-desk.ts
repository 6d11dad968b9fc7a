import type { Clock, Timers } from '@quorate/base';
import type { GroupHandle } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import type { EnquiryHandler } from '@quorate/transport';
import type { FollowersOptions } from './feed-followers.ts';
import { decodeFeedRequest, encodeFeedAnswer, type FeedAnswer } from './feed-messages.ts';
import type { FeedOrigin, FeedStanding } from './feed-origin.ts';
import { FeedSource } from './feed-source.ts';

/** Answers read replicas, for all groups of this process. */
export class FeedDesk {
  readonly #origins: (group: GroupId) => FeedOrigin | null;
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #limits: FollowersOptions;
  readonly #sources = new Map<GroupId, FeedSource>();

  /** @param origins null for a group that this process does not have */
  constructor(
    origins: (group: GroupId) => FeedOrigin | null,
    timers: Timers,
    clock: Clock,
    limits: FollowersOptions,
  ) {
    this.#origins = origins;
    this.#timers = timers;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** So many follow the group at the moment. */
  followers(group: GroupId): number {
    return this.#sources.get(group)?.followers ?? 0;
  }

  readonly handle: EnquiryHandler = (bytes, answer) => {
    const reply = (told: FeedAnswer): void => answer(encodeFeedAnswer(told));
    const request = decodeFeedRequest(bytes);
    const origin = request === null ? null : this.#origins(request.group);
    if (request === null) {
      reply({ kind: 'refused', reason: 'this node does not understand the request' });
    } else if (origin === null) {
      reply({ kind: 'refused', reason: `this node has no group ${request.group}` });
    } else if (request.kind === 'barrier') {
      origin.barrier(request.maxStalenessMs, (index) =>
        reply(
          index === null
            ? { kind: 'refused', reason: 'no leader confirmed the read in time' }
            : { kind: 'barrier', index },
        ),
      );
    } else {
      const source = this.#source(request.group, origin);
      if (request.kind === 'snapshot') source.snapshotChunk(request.id, request.chunk, reply);
      else if (request.kind === 'follow') source.follow(request, reply);
      else source.entriesAfter(request.after, request.maxBytes, request.waitMs, reply);
    }
  };

  close(): void {
    for (const source of this.#sources.values()) source.close();
  }

  #source(group: GroupId, origin: FeedOrigin): FeedSource {
    let source = this.#sources.get(group);
    if (source === undefined) {
      source = new FeedSource(origin, this.#timers, this.#clock, this.#limits);
      this.#sources.set(group, source);
    }
    return source;
  }
}

/**
 * A group of a member as what a feed comes from.
 *
 * @param addressOf empty: not known
 */
export function groupOrigin(
  group: GroupHandle<unknown>,
  addressOf: (id: NodeId) => string,
): FeedOrigin {
  const standing = (): FeedStanding => {
    const { term, leader, configuration } = group.status();
    const { voters, votersOutgoing, learners } = configuration;
    const members = [...new Set([...voters, ...votersOutgoing, ...learners])]
      .map((id) => ({ id, address: addressOf(id) }))
      .filter(({ address }) => address !== '');
    return { term, leader, ageMs: 0, depth: 0, members };
  };
  return {
    followed: { standing, onStanding: (listener) => group.onLeadership(() => listener()) },
    get appliedIndex() {
      return group.status().appliedIndex;
    },
    onApplied: (listener) => group.onApplied(listener),
    openSnapshot: () => group.openSnapshot(),
    barrier: (maxStalenessMs, done) => {
      group.readBarrier((error, index) => done(error === null ? index : null), { maxStalenessMs });
    },
  };
}
