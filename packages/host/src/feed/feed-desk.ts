import type { Clock, Timers } from '@quorate/base';
import type { GroupHandle } from '@quorate/runtime';
import type { GroupId } from '@quorate/schema';
import type { EnquiryHandler } from '@quorate/transport';
import { decodeFeedRequest, encodeFeedAnswer, type FeedAnswer } from './feed-messages.ts';
import type { FeedOrigin } from './feed-origin.ts';
import { FeedSource } from './feed-source.ts';

/** Answers read replicas, for all groups of this process. */
export class FeedDesk {
  readonly #origins: (group: GroupId) => FeedOrigin | null;
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #sources = new Map<GroupId, FeedSource>();

  /** @param origins null for a group that this process does not have */
  constructor(origins: (group: GroupId) => FeedOrigin | null, timers: Timers, clock: Clock) {
    this.#origins = origins;
    this.#timers = timers;
    this.#clock = clock;
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
      else source.entriesAfter(request.after, request.maxBytes, request.waitMs, reply);
    }
  };

  close(): void {
    for (const source of this.#sources.values()) source.close();
  }

  #source(group: GroupId, origin: FeedOrigin): FeedSource {
    let source = this.#sources.get(group);
    if (source === undefined) {
      source = new FeedSource(origin, this.#timers, this.#clock);
      this.#sources.set(group, source);
    }
    return source;
  }
}

/** A group of a member as what a feed comes from. */
export function groupOrigin(group: GroupHandle<unknown>): FeedOrigin {
  return {
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
