import type { Leadership, LossReason } from '@quorate/election/core';
import type { NodeId } from '@quorate/schema';
import { InvariantViolation, type SimulatedNode } from '@quorate/sim';
import type { Gap, GapCause } from './gap-table.ts';

/** One life of one node, as far as it believes to lead. */
export interface Believer {
  readonly node: SimulatedNode;
  /** False once its process is gone. */
  readonly isAlive: boolean;
  /** Whether it is a candidate. */
  readonly campaigns: boolean;
  /** In true time: when the process last did anything. */
  readonly ranAtMs: number;
  /** By its own clock, without a look: what `isLeader()` would say now, to whoever could ask. */
  readonly deadlineMs: number;
}

/** One leadership; its times are true. */
export interface Reign {
  readonly node: NodeId;
  readonly token: bigint;
  readonly fromMs: number;
  /** When its holder was last seen to believe in it. */
  untilMs: number;
  /** Null until its holder has heard that it is over. */
  reason: LossReason | null;
}

interface Told {
  readonly by: Believer;
  readonly token: bigint;
  readonly reign: Reign;
}

/** What two leaders at once bring with them. */
const ofOverlaps: ReadonlySet<string> = new Set([
  'one leader',
  'lost is told in time',
  'acts carry the last token',
  'leaderships begin and end',
]);

/**
 * Judges leaderships in true time, which nobody in the cluster knows: never two nodes that believe
 * to lead, running or stopped; tokens that rise; each leadership begun and ended once.
 */
export class LeadershipChecker {
  readonly gaps: Gap[] = [];
  /** In the order in which they began. */
  readonly history: Reign[] = [];
  readonly #nowMs: () => number;
  readonly #longestLeaseMs: number;
  readonly #mayOverlap: boolean;
  readonly #fail: (error: Error) => void;
  readonly #believers = new Set<Believer>();
  #last: Told | null = null;
  #isOver = true;
  #elections = 0;
  #overlaps = 0;
  #acts = 0;
  #lostAs: GapCause = 'silent';
  #ledUntilMs: number | null = null;
  /** False: for some of the present gap there was no candidate at all. */
  #gapCounts = true;

  /**
   * @param longestLeaseMs that a node which stands still can have, in true time
   * @param mayOverlap two that lead at once are counted, and no failure
   */
  constructor(options: {
    readonly nowMs: () => number;
    readonly longestLeaseMs: number;
    readonly mayOverlap: boolean;
    readonly fail: (error: Error) => void;
  }) {
    this.#nowMs = options.nowMs;
    this.#longestLeaseMs = options.longestLeaseMs;
    this.#mayOverlap = options.mayOverlap;
    this.#fail = options.fail;
  }

  /** Looks at which two nodes led, where that is no failure. */
  get overlaps(): number {
    return this.#overlaps;
  }

  get elections(): number {
    return this.#elections;
  }

  get acts(): number {
    return this.#acts;
  }

  add(believer: Believer): void {
    this.#believers.add(believer);
  }

  /** Whoever believes to lead now. */
  get leader(): Believer | null {
    for (const one of this.#believers) if (believes(one)) return one;
    return null;
  }

  elected(by: Believer, { token }: Leadership): void {
    if (!this.#isOver && this.#last?.by === by) {
      this.#violated('leaderships begin and end', `node ${by.node.id} had not lost the one before`);
    }
    if (this.#last !== null && token <= this.#last.token) {
      const why = `node ${by.node.id} is elected with token ${token} after ${this.#last.token}`;
      this.#violated('tokens rise', why);
    }
    if (!believes(by)) this.#violated('elected leads', `node ${by.node.id} does not, when told`);
    this.#onlyOne(by);
    this.#lossWasTold(by);
    const nowMs = this.#nowMs();
    if (this.#ledUntilMs !== null && this.#gapCounts) {
      this.gaps.push({ cause: this.#lostAs, ms: nowMs - this.#ledUntilMs });
    }
    const reign = { node: by.node.id, token, fromMs: nowMs, untilMs: nowMs, reason: null };
    this.history.push(reign);
    this.#last = { by, token, reign };
    this.#isOver = false;
    this.#elections += 1;
    this.#ledUntilMs = nowMs;
    this.#lostAs = 'silent';
    this.#gapCounts = true;
  }

  lost(by: Believer, { token }: Leadership, reason: LossReason): void {
    if (believes(by)) {
      this.#violated('lost leads no more', `node ${by.node.id} still believes to lead`);
    }
    if (this.#last?.by !== by) return;
    if (this.#isOver || this.#last.token !== token) {
      this.#violated('leaderships begin and end', `node ${by.node.id} loses ${token} again`);
    }
    this.#isOver = true;
    this.#lostAs = reason;
    this.#last.reign.reason = reason;
  }

  /** A leader has asked whether it is one, and acts at once. */
  acted(by: Believer, token: bigint): void {
    this.#acts += 1;
    if (token !== this.#last?.token) {
      const why = `node ${by.node.id} acts with token ${token}, not ${this.#last?.token}`;
      this.#violated('acts carry the last token', why);
    }
    this.#onlyOne(by);
  }

  /** Looks at everyone; to be called every few milliseconds. */
  sample(): void {
    const nowMs = this.#nowMs();
    let leader: Believer | null = null;
    let campaigns = false;
    for (const one of this.#believers) {
      if (!one.isAlive) {
        this.#believers.delete(one);
        if (this.#last?.by === one && !this.#isOver) this.#died();
        continue;
      }
      campaigns ||= one.campaigns && !one.node.world.paused;
      const isLeader = believes(one);
      this.#stoodStill(one, isLeader, nowMs);
      this.#staysOver(one, isLeader);
      if (!isLeader) continue;
      if (this.#last?.by === one) this.#last.reign.untilMs = nowMs;
      leader = one;
      this.#onlyOne(one);
    }
    if (leader !== null) this.#ledUntilMs = nowMs;
    else this.#gapCounts &&= campaigns;
  }

  /** Whoever can do anything at all has heard by now that it leads no more, and stopped. */
  #lossWasTold(next: Believer): void {
    if (this.#isOver || this.#last === null) return;
    const { by, token } = this.#last;
    if (by.node.world.paused || !by.isAlive) return;
    const why = `node ${by.node.id} runs and was not told before node ${next.node.id} leads`;
    this.#violated('lost is told in time', `${why}, of token ${token}`);
  }

  #died(): void {
    this.#isOver = true;
    this.#lostAs = 'crashed';
  }

  /** Whoever stood still for twice as long as a lease lasts does not lead when it goes on. */
  #stoodStill({ node, ranAtMs }: Believer, isLeader: boolean, nowMs: number): void {
    if (!node.world.paused || !isLeader) return;
    const stoodMs = nowMs - ranAtMs;
    if (stoodMs < 2 * this.#longestLeaseMs) return;
    const why = `node ${node.id} has stood still for ${stoodMs} ms and believes to lead`;
    this.#violated('who stood still leads no more', why);
  }

  /** What was told to be over is not found to go on after all. */
  #staysOver(one: Believer, isLeader: boolean): void {
    if (!isLeader || !this.#isOver || this.#last?.by !== one) return;
    const why = `node ${one.node.id} believes again in token ${this.#last.token}`;
    this.#violated('what is over stays over', why);
  }

  #onlyOne(by: Believer): void {
    for (const other of this.#believers) {
      if (other === by || !believes(other) || !believes(by)) continue;
      const why = `nodes ${other.node.id} and ${by.node.id} lead at ${this.#nowMs()} ms`;
      this.#violated('one leader', why);
    }
  }

  #violated(invariant: string, why: string): void {
    if (this.#mayOverlap && ofOverlaps.has(invariant)) {
      if (invariant === 'one leader') this.#overlaps += 1;
      return;
    }
    this.#fail(new InvariantViolation(invariant, why));
  }
}

function believes({ isAlive, deadlineMs, node }: Believer): boolean {
  return isAlive && node.world.clock.monotonicMs() < deadlineMs;
}
