import { assert } from '@quorate/base';
import type { LogIndex } from '@quorate/schema';
import { Inflights } from './inflights.ts';

/**
 * How the leader sends to one follower:
 *
 * ```
 *              agreed on a position
 *     probe ─────────────────────────> replicate
 *       ^ <─────────────────────────────  │
 *       │   refused, or link lost         │ follower needs entries that are gone
 *       │                                 v
 *       └───────────────────────────── snapshot
 *          installed, failed or abandoned   (probe ──> snapshot likewise)
 * ```
 * probe: one message at a time until the logs agree; replicate: a pipeline; snapshot: nothing until
 * the snapshot has arrived.
 */
export type ProgressState = 'probe' | 'replicate' | 'snapshot';

/** Of what one follower may be sent before it answers. */
export interface InflightLimits {
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
}

/** What the leader knows of one follower. All transitions are here. */
export class Progress {
  state: ProgressState = 'probe';
  /** The last entry known to be durable there and equal to the leader's. */
  matchIndex: LogIndex = 0;
  nextIndex: LogIndex;
  /** probe: a message is out, wait for its answer or the next heartbeat's. */
  probeSent = false;
  /** snapshot: the index it will bring the follower to; else 0. */
  snapshotIndex: LogIndex = 0;
  /** The highest commit index sent to it. */
  sentCommitIndex: LogIndex = 0;
  /** When the newest heartbeat round that it answered was sent: it supported the leader then. */
  supportedAtMs: number;
  /** As `supportedAtMs`, but by a round of the group's own: a lease rests on nothing else. */
  roundSupportMs = Number.NEGATIVE_INFINITY;
  /** The newest heartbeat round that it answered. */
  answeredRound = 0;
  /** When it last answered an AppendEntries, or became owed an answer. */
  lastAnswerMs: number;
  /** It is sent entries without their data (rule 7). */
  readonly witness: boolean;
  /** It repairs its log: what it acknowledges moves it on and counts for nothing (rule 14). */
  repairing = false;
  /** It no longer has what it acknowledged, and does not know it. */
  regressed = false;
  /** Drawn when its process started, as its newest answer to a round says; 0 before the first. */
  #life = 0;
  #lifeRound = 0;
  /** Of the process that compared its log with the leader's last; 0: not known. */
  #comparedLife = 0;
  /** Of the process that said that it repairs, and the leader's newest round when it did. */
  #repairLife = 0;
  #repairRound = 0;
  /** It was removed by the configuration at this index; null: it is a member. */
  departsAt: LogIndex | null = null;
  /** Catching up in rounds: to where, and since when (dissertation 4.2.1). */
  #roundEnd: LogIndex = 0;
  #roundStartMs: number;
  readonly inflights: Inflights;

  constructor(nextIndex: LogIndex, nowMs: number, limits: InflightLimits, witness = false) {
    this.witness = witness;
    this.nextIndex = nextIndex;
    this.supportedAtMs = nowMs;
    this.lastAnswerMs = nowMs;
    this.#roundStartMs = nowMs;
    this.inflights = new Inflights(limits.maxInflightMessages, limits.maxInflightBytes);
  }

  get life(): number {
    return this.#life;
  }

  /** It has answered a round: a process that is new has to compare its log before it commits. */
  heardOfLife(life: number, round: number): void {
    if (round < this.#lifeRound) return;
    this.#life = life;
    this.#lifeRound = round;
    const isNew = this.#comparedLife !== 0 && life !== this.#comparedLife;
    if (isNew && this.state === 'replicate') this.becomeProbe();
  }

  comparedBy(life: number): void {
    this.#comparedLife = life;
  }

  /**
   * Whether an answer may be of a process before the one that found its log damaged: what that
   * acknowledged is gone. A process is newer when it answers a round that was begun later.
   */
  isOutdated(life: number): boolean {
    if (!this.repairing || life === this.#repairLife) return false;
    return life !== this.#life || this.#lifeRound <= this.#repairRound;
  }

  /** Whether the process that says it repairs is another than the one that is known to. */
  isNewRepair(life: number): boolean {
    return !this.repairing || life !== this.#repairLife;
  }

  /** Its log was damaged and it knows: what it acknowledged is to be sent again. */
  beginsRepair(agreeIndex: LogIndex, life: number, round: number): void {
    this.repairing = true;
    this.#repairLife = life;
    this.#repairRound = round;
    this.matchIndex = 0;
    this.becomeProbe();
    this.nextIndex = agreeIndex + 1;
  }

  /** What its acknowledgements count for. */
  get countedIndex(): LogIndex {
    return this.repairing ? 0 : this.matchIndex;
  }

  /**
   * Whether it has just received, in less than `limitMs`, all that the log held when the round
   * began; a round that took longer is followed by another.
   */
  roundEnded(lastIndex: LogIndex, nowMs: number, limitMs: number): boolean {
    if (this.matchIndex < this.#roundEnd || this.state !== 'replicate') return false;
    const took = nowMs - this.#roundStartMs;
    const first = this.#roundEnd === 0;
    this.#roundEnd = lastIndex;
    this.#roundStartMs = nowMs;
    return !first && took < limitMs;
  }

  get paused(): boolean {
    if (this.state === 'snapshot') return true;
    return this.state === 'probe' ? this.probeSent : this.inflights.full;
  }

  becomeProbe(): void {
    this.state = 'probe';
    this.probeSent = false;
    // After a snapshot the follower may already have it all: no need to begin before it.
    this.nextIndex = Math.max(this.matchIndex, this.snapshotIndex) + 1;
    this.snapshotIndex = 0;
    this.inflights.clear();
  }

  becomeReplicate(): void {
    this.state = 'replicate';
    this.snapshotIndex = 0;
    this.nextIndex = this.matchIndex + 1;
    this.inflights.clear();
  }

  becomeSnapshot(index: LogIndex): void {
    this.state = 'snapshot';
    this.snapshotIndex = index;
    this.inflights.clear();
  }

  sent(lastIndex: LogIndex, bytes: number, nowMs: number): void {
    if (this.state === 'probe') {
      this.probeSent = true;
      return;
    }
    assert(this.state === 'replicate', 'entries go out in probe and replicate only');
    if (this.inflights.count === 0) this.lastAnswerMs = nowMs;
    this.inflights.add(lastIndex, bytes);
    this.nextIndex = lastIndex + 1;
  }

  /** @returns whether anything new was acknowledged */
  acknowledged(matchIndex: LogIndex, nowMs: number): boolean {
    this.lastAnswerMs = nowMs;
    this.regressed = false;
    const advanced = matchIndex > this.matchIndex;
    this.matchIndex = Math.max(this.matchIndex, matchIndex);
    if (this.state === 'snapshot') {
      if (this.matchIndex >= this.snapshotIndex) this.becomeReplicate();
      return advanced;
    }
    if (this.state === 'probe') {
      const { nextIndex } = this;
      this.becomeReplicate();
      // The logs agree up to the probe although less is durable there: above all while a snapshot
      // is being taken in, when going back would ask for the same snapshot again (bug 26).
      this.nextIndex = Math.max(this.nextIndex, nextIndex);
      return advanced;
    }
    // A late answer may be for more than was ever sent in this state.
    this.nextIndex = Math.max(this.nextIndex, this.matchIndex + 1);
    this.inflights.acknowledged(this.matchIndex);
    return advanced;
  }

  /**
   * The follower's log does not continue at `rejectedIndex`; `agreeIndex` is the leader's best
   * guess of where it may.
   *
   * @returns false for a stale refusal, which must not move anything back (bugs 5, 24, 29)
   */
  refused(rejectedIndex: LogIndex, agreeIndex: LogIndex): boolean {
    if (this.state === 'snapshot') return false;
    if (this.state === 'replicate') {
      if (rejectedIndex <= this.matchIndex) return false;
      this.becomeProbe();
      return true;
    }
    if (this.nextIndex - 1 !== rejectedIndex) return false;
    if (rejectedIndex <= this.matchIndex) {
      // Asking again at once would go on at the network's speed, and could not help.
      this.regressed = true;
      return false;
    }
    this.nextIndex = Math.max(Math.min(rejectedIndex, agreeIndex + 1), this.matchIndex + 1);
    this.probeSent = false;
    return true;
  }
}
