import { assert } from '@quorate/base';
import type { GroupId, SleepingGroup } from '@quorate/schema';

/** What one heartbeat to a peer says. */
export interface Beat {
  readonly round: number;
  readonly version: number;
  /** Null when the peer has the list of this version. */
  readonly sleeping: readonly SleepingGroup[] | null;
}

interface LedGroup {
  readonly entry: SleepingGroup;
  /** The first version of the list that has this entry. */
  readonly sinceVersion: number;
}

interface SentRound {
  readonly sentMs: number;
  readonly version: number;
}

/**
 * The groups that sleep between this node and one peer: those led here, with what the peer has
 * agreed to, and those led there. Methods that end a sleep return the groups to wake.
 */
export class SleepingPeer {
  /** Led here. */
  readonly #led = new Map<GroupId, LedGroup>();
  /** Of the list of those; a change takes effect with the next beat. */
  #version = 0;
  #isChanged = false;
  /** The newest that the peer is known to have. */
  #answeredVersion = 0;
  #round = 0;
  readonly #sentRounds = new Map<number, SentRound>();
  supportedAtMs = Number.NEGATIVE_INFINITY;
  /** 0: not known. */
  followerLife = 0;

  /** Led there: as listed, and of those the ones that sleep here. */
  #listed: ReadonlySet<GroupId> = new Set();
  readonly #followed = new Set<GroupId>();
  /** The others of the list. */
  #awake = new Set<GroupId>();
  listVersion = 0;
  heardMs = Number.NEGATIVE_INFINITY;
  /** 0: not known. */
  leaderLife = 0;

  lead(entry: SleepingGroup, nowMs: number): void {
    // Its followers have just acknowledged everything: the silence begins now.
    if (this.#led.size === 0) this.supportedAtMs = Math.max(this.supportedAtMs, nowMs);
    this.#led.set(entry.group, { entry, sinceVersion: this.#version + 1 });
    this.#isChanged = true;
  }

  get ledCount(): number {
    return this.#led.size;
  }

  forget(id: GroupId): void {
    if (this.#led.delete(id)) this.#isChanged = true;
    if (this.#followed.delete(id) && this.#listed.has(id)) this.#awake.add(id);
  }

  /** Whether there is anything to say, or to listen for. */
  get isConcerned(): boolean {
    return this.#led.size > 0 || this.#followed.size > 0 || this.#isChanged;
  }

  /** When `unanswered` or `unheard` would name groups, should nothing more be heard. */
  doubtMs(timeoutMs: number): number {
    const answerMs = this.#led.size > 0 ? this.supportedAtMs : Number.POSITIVE_INFINITY;
    const beatMs = this.#followed.size > 0 ? this.heardMs : Number.POSITIVE_INFINITY;
    return Math.min(answerMs, beatMs) + timeoutMs;
  }

  nextBeat(nowMs: number, horizonMs: number): Beat | null {
    if (this.#isChanged) {
      this.#isChanged = false;
      this.#version += 1;
    }
    const isKnown = this.#answeredVersion === this.#version;
    if (this.#led.size === 0 && isKnown) return null;
    this.#round += 1;
    this.#sentRounds.set(this.#round, { sentMs: nowMs, version: this.#version });
    for (const [round, { sentMs }] of this.#sentRounds) {
      if (sentMs >= nowMs - horizonMs) break;
      this.#sentRounds.delete(round);
    }
    const sleeping = isKnown ? null : [...this.#led.values()].map(({ entry }) => entry);
    return { round: this.#round, version: this.#version, sleeping };
  }

  newFollowerLife(life: number): readonly GroupId[] {
    const isFirst = this.followerLife === 0;
    this.followerLife = life;
    this.#answeredVersion = 0;
    return isFirst ? [] : [...this.#led.keys()];
  }

  /**
   * The list may have changed while the answer was under way: it speaks of what was in the list of
   * `version` and still is, unchanged. Of what came later it says nothing, for or against.
   *
   * @param version of the list that the peer had when it took the beat of this round
   */
  answered(round: number, version: number, awake: readonly GroupId[]): readonly GroupId[] {
    // About a list that was never sent: not an answer to this process.
    if (version > this.#version) return [];
    this.#answeredVersion = Math.max(this.#answeredVersion, version);
    const sent = this.#sentRounds.get(round);
    // With its beat's list, or a newer one, it has answered for everything that slept at the time.
    if (sent !== undefined && version >= sent.version)
      this.supportedAtMs = Math.max(this.supportedAtMs, sent.sentMs);
    return awake.filter((id) => {
      const led = this.#led.get(id);
      return led !== undefined && led.sinceVersion <= version;
    });
  }

  unanswered(nowMs: number, timeoutMs: number): readonly GroupId[] {
    return nowMs >= this.supportedAtMs + timeoutMs ? [...this.#led.keys()] : [];
  }

  newLeaderLife(life: number): readonly GroupId[] {
    this.leaderLife = life;
    this.#listed = new Set();
    this.#awake = new Set();
    this.listVersion = 0;
    return [...this.#followed];
  }

  /** Whether this list is not overtaken by a newer one. */
  isCurrent(version: number): boolean {
    return version >= this.listVersion;
  }

  /** @returns those that slept here and are not in the list any more */
  listed(version: number, groups: readonly SleepingGroup[]): readonly GroupId[] {
    assert(this.isCurrent(version), 'the list of a peer never goes back');
    this.listVersion = version;
    this.#listed = new Set(groups.map(({ group }) => group));
    this.#awake = new Set([...this.#listed].filter((id) => !this.#followed.has(id)));
    return [...this.#followed].filter((id) => !this.#listed.has(id));
  }

  follow(id: GroupId): void {
    assert(this.#listed.has(id), 'only what the leader has listed sleeps under it');
    this.#followed.add(id);
    this.#awake.delete(id);
  }

  isFollowed(id: GroupId): boolean {
    return this.#followed.has(id);
  }

  get listedAwake(): readonly GroupId[] {
    return [...this.#awake];
  }

  unheard(nowMs: number, timeoutMs: number): readonly GroupId[] {
    return nowMs >= this.heardMs + timeoutMs ? [...this.#followed] : [];
  }
}
