import type { Logger } from '@quorate/base';
import type { OpenedMember } from '@quorate/node';
import type { GroupId } from '@quorate/schema';
import { apiIdOf } from '../core/index.ts';

export interface MembershipWatchParts {
  readonly host: Pick<OpenedMember['host'], 'nodeId' | 'incarnation' | 'group' | 'survey' | 'meet'>;
  readonly group: GroupId;
  readonly electionTimeoutMs: number;
  readonly logger: Logger;
  /** This node is no member any more, for good. Called once. */
  readonly removed: () => void;
}

const lookEveryMs = 500;
const askEveryMs = 1000;
const tellEveryMs = 60_000;
/** A healthy cluster has a leader again after so many election timeouts. */
const leaderlessTimeouts = 4;

/**
 * Members no longer talk to a node that is removed, nor to one that goes by the id of one of them
 * and has other data: all that it sees is that nobody leads. So it asks them. What they answer also
 * tells it where they are, if they have moved while it was down.
 */
export class MembershipWatch {
  readonly #parts: MembershipWatchParts;
  #timer: NodeJS.Timeout | null = null;
  #leaderlessSinceMs: number | null = null;
  #wasMember = false;
  /** Since when leaders say that this node is none. */
  #leftOutSinceMs: number | null = null;
  #askedMs = Number.NEGATIVE_INFINITY;
  #toldMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  #isStopped = false;

  constructor(parts: MembershipWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref();
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #look(): void {
    const { host, group, electionTimeoutMs } = this.#parts;
    const { leader, role, commitIndex, configurationIndex } = host.group(group).status();
    // Taken in by what the log said, and left out by what it says later. Neither counts before it
    // is committed, for it may be overwritten.
    const isDecided = commitIndex >= configurationIndex;
    if (role !== 'removed') this.#wasMember ||= isDecided;
    else if (this.#wasMember && isDecided) {
      this.#out();
      return;
    }
    const nowMs = performance.now();
    if (leader !== 0) this.#leaderlessSinceMs = null;
    else this.#leaderlessSinceMs ??= nowMs;
    const isAlone =
      this.#leaderlessSinceMs !== null &&
      nowMs >= this.#leaderlessSinceMs + leaderlessTimeouts * electionTimeoutMs;
    // One that is catching up finds itself left out, too: by what the log said long ago.
    if (this.#isAsking || (role !== 'removed' && !isAlone)) return;
    if (nowMs < this.#askedMs + askEveryMs) return;
    this.#askedMs = nowMs;
    this.#ask();
  }

  #ask(): void {
    const { host, group } = this.#parts;
    this.#isAsking = true;
    host.survey(group, ({ groups, confirmed }) => {
      this.#isAsking = false;
      const found = groups.get(group);
      if (this.#isStopped || found === undefined) return;
      host.meet(found.members.filter(({ id }) => id !== host.nodeId));
      const self = found.members.find(({ id }) => id === host.nodeId);
      // Not the newest of all that was said: a configuration that never came about may be newer.
      const led = confirmed.get(group);
      if (led?.members.every(({ id }) => id !== host.nodeId) === true) this.#leftOut();
      else this.#leftOutSinceMs = null;
      if (self === undefined) return;
      if (![undefined, host.incarnation].includes(self.incarnation)) this.#tellOther();
    });
  }

  /**
   * Only leaders' words count, for who is behind may not know of this node yet; and only for so
   * long that a leader which had lost its quorum would have given up in between.
   */
  #leftOut(): void {
    const nowMs = performance.now();
    this.#leftOutSinceMs ??= nowMs;
    const { electionTimeoutMs } = this.#parts;
    const isLong = nowMs >= this.#leftOutSinceMs + Math.max(2000, 2 * electionTimeoutMs);
    if (isLong) this.#out();
  }

  #out(): void {
    this.stop();
    this.#parts.removed();
  }

  #tellOther(): void {
    const { host, logger } = this.#parts;
    const nowMs = performance.now();
    if (nowMs < this.#toldMs + tellEveryMs) return;
    this.#toldMs = nowMs;
    logger.error('members know other data under the id of this node', {
      memberId: apiIdOf(host.nodeId).toString(16),
      advice:
        'restore its data directory; or, if that is lost, have the member removed and added ' +
        'again, and start it anew with an empty one',
    });
  }
}
