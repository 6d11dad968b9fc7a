import type { GroupId, SleepingGroup } from '@quorate/schema';

/** What one heartbeat to a peer says. */
export interface Beat {
  readonly round: number;
  readonly version: number;
  /** Null when the peer has the list of this version. */
  readonly sleeping: readonly SleepingGroup[] | null;
}

/**
 * The groups that sleep between this node and one peer: those led here, with what the peer has
 * agreed to, and those led there. Methods that end a sleep return the groups to wake.
 */
export class SleepingPeer {
  /** Led here. */
  readonly #led = new Map<GroupId, SleepingGroup>();
  /** Of the list of those; a change takes effect with the next beat. */
  #version = 0;
  #isChanged = false;
  #answeredVersion = 0;
  #round = 0;
  readonly #roundSentMs = new Map<number, number>();
  supportedAtMs = Number.NEGATIVE_INFINITY;
  /** 0: not known. */
  followerLife = 0;

  /** Led there: as listed, and of those the ones that sleep here. */
  #listed: ReadonlySet<GroupId> = new Set();
  readonly #followed = new Set<GroupId>();
  listVersion = 0;
  heardMs = Number.NEGATIVE_INFINITY;
  /** 0: not known. */
  leaderLife = 0;

  lead(group: SleepingGroup, nowMs: number): void {
    // Its followers have just acknowledged everything: the silence begins now.
    if (this.#led.size === 0) this.supportedAtMs = Math.max(this.supportedAtMs, nowMs);
    this.#led.set(group.group, group);
    this.#isChanged = true;
  }

  forget(id: GroupId): void {
    if (this.#led.delete(id)) this.#isChanged = true;
    this.#followed.delete(id);
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
    this.#roundSentMs.set(this.#round, nowMs);
    for (const [round, sentMs] of this.#roundSentMs) {
      if (sentMs >= nowMs - horizonMs) break;
      this.#roundSentMs.delete(round);
    }
    const sleeping = isKnown ? null : [...this.#led.values()];
    return { round: this.#round, version: this.#version, sleeping };
  }

  newFollowerLife(life: number): readonly GroupId[] {
    const isFirst = this.followerLife === 0;
    this.followerLife = life;
    this.#answeredVersion = 0;
    return isFirst ? [] : [...this.#led.keys()];
  }

  answered(round: number, version: number, awake: readonly GroupId[]): readonly GroupId[] {
    // An answer about an older list says nothing of what has been added since.
    if (version !== this.#version) return [];
    this.#answeredVersion = version;
    const sentMs = this.#roundSentMs.get(round);
    if (sentMs !== undefined) this.supportedAtMs = Math.max(this.supportedAtMs, sentMs);
    return awake.filter((id) => this.#led.has(id));
  }

  unanswered(nowMs: number, timeoutMs: number): readonly GroupId[] {
    return nowMs >= this.supportedAtMs + timeoutMs ? [...this.#led.keys()] : [];
  }

  newLeaderLife(life: number): readonly GroupId[] {
    this.leaderLife = life;
    this.#listed = new Set();
    this.listVersion = 0;
    return [...this.#followed];
  }

  /** @returns those that slept here and are not in the list any more */
  listed(version: number, groups: readonly SleepingGroup[]): readonly GroupId[] {
    // A list that was overtaken by a newer one.
    if (version < this.listVersion) return [];
    this.listVersion = version;
    this.#listed = new Set(groups.map(({ group }) => group));
    return [...this.#followed].filter((id) => !this.#listed.has(id));
  }

  follow(id: GroupId): void {
    this.#followed.add(id);
  }

  isFollowed(id: GroupId): boolean {
    return this.#followed.has(id);
  }

  get listedAwake(): readonly GroupId[] {
    if (this.#listed.size === this.#followed.size) return [];
    return [...this.#listed].filter((id) => !this.#followed.has(id));
  }

  unheard(nowMs: number, timeoutMs: number): readonly GroupId[] {
    return nowMs >= this.heardMs + timeoutMs ? [...this.#followed] : [];
  }
}
