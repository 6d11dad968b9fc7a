import { Prng } from '@quorate/base';
import type { ElectionTiming } from '@quorate/election/core';
import {
  handOverBoundMs,
  InvariantViolation,
  playStrikes,
  runUntilHolds,
  type SimulatedCluster,
  type SimulatedNode,
  serviceBoundMs,
  type TraceEvent,
  usualTuning,
} from '@quorate/sim';
import type { Candidate } from './candidate.ts';
import type { ElectionPlan, MembersPlan } from './election-plan.ts';
import { ElectionStage, electionGroup } from './election-stage.ts';
import type { Gap } from './gap-table.ts';
import type { LeadershipChecker } from './leadership-checker.ts';

export interface ElectionScenarioResult {
  readonly violation: Error | null;
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  /** By nemesis, those that found something to do. */
  readonly faults: ReadonlyMap<string, number>;
  /** Of the plan's strikes, in their order: which found something to do. */
  readonly struck: readonly boolean[];
  readonly elections: number;
  /** What leaders did, each time after they had asked whether they were. */
  readonly acts: number;
  /** Looks at which two nodes led at once; 0 unless clocks drift further than was declared. */
  readonly overlaps: number;
  /** Positions that were signed after a claim. */
  readonly signatures: number;
  /** Claims that lost to another. */
  readonly refusedClaims: number;
  /** Dead voters that were removed, and nodes that found they had been and became members again. */
  readonly removals: number;
  readonly rejoined: number;
  /** Intervals without a leader, though some node that ran was a candidate all the time. */
  readonly gaps: readonly Gap[];
  /** From the end of the faults until all knew who leads; null when they never did. */
  readonly recoveredMs: number | null;
}

/** A run that is quiet is watched for so many election timeouts. */
const quietTimeouts = 6;
const mostTimeoutsStalled = 3;
const rejoinTimeouts = 40;

/**
 * Candidates for one lead while everything goes wrong (safety), then all faults end: one must lead,
 * all must know, and it must stay so (liveness). The plan decides all of it.
 */
export function runElectionScenario(
  plan: ElectionPlan,
  trace?: (event: TraceEvent) => void,
): ElectionScenarioResult {
  return new ElectionScenario(plan, trace).run();
}

class ElectionScenario {
  readonly #plan: ElectionPlan;
  readonly #stage: ElectionStage;
  readonly #cluster: SimulatedCluster;
  readonly #checker: LeadershipChecker;
  readonly #prng: Prng;
  #isCalm = false;

  constructor(plan: ElectionPlan, trace?: (event: TraceEvent) => void) {
    this.#plan = plan;
    this.#prng = new Prng(plan.seed).fork().fork();
    this.#stage = new ElectionStage({
      ...plan,
      timing: this.#timing,
      habits: plan,
      mayOverlap: plan.mayOverlap,
      born: (candidate) => this.#born(candidate),
      ...(trace === undefined ? {} : { trace }),
    });
    this.#cluster = this.#stage.cluster;
    this.#checker = this.#stage.checker;
  }

  get #timing(): ElectionTiming {
    const { tuning, declaredDrift } = this.#plan;
    const { heartbeatIntervalMs, electionTimeoutMs } = { ...usualTuning, ...tuning };
    return { heartbeatIntervalMs, electionTimeoutMs, maxClockDrift: declaredDrift };
  }

  #born(candidate: Candidate): void {
    if (this.#isCalm) candidate.calm();
    else if (this.#plan.restlessMs === 0 || this.#prng.chance(0.8)) candidate.campaign();
  }

  run(): ElectionScenarioResult {
    const cluster = this.#cluster;
    this.#stage.begin();
    if (this.#plan.stallMs > 0) this.#stallLater();
    const { members } = this.#plan;
    if (members !== null && members.deathMs > 0) this.#dieLater(members);
    if (members !== null && members.leaveMs > 0) this.#leaveLater(members);
    const { faults, struck } = playStrikes(cluster, this.#plan);
    const goesOn = cluster.runUntil(this.#plan.faultyMs);
    const recoveredMs = goesOn ? this.#recovers() : null;
    if (recoveredMs !== null) this.#staysQuiet();
    return {
      violation: cluster.violation,
      hash: cluster.hash.digest,
      events: cluster.scheduler.executed,
      virtualMs: cluster.scheduler.nowMs,
      faults,
      struck,
      elections: this.#checker.elections,
      acts: this.#checker.acts,
      overlaps: this.#checker.overlaps,
      signatures: this.#stage.signatures.signatures,
      refusedClaims: this.#stage.signatures.refused,
      removals: this.#stage.members?.removals ?? 0,
      rejoined: this.#stage.members?.rejoined ?? 0,
      gaps: this.#checker.gaps,
      recoveredMs,
    };
  }

  /** Whoever leads stands still for about as long as its lease lasts, and goes on. */
  #stallLater(): void {
    const { scheduler } = this.#cluster;
    scheduler.schedule(this.#prng.between(1, this.#plan.stallMs), () => {
      if (this.#isCalm) return;
      const node = this.#checker.leader?.node;
      if (node !== undefined && !node.world.paused) this.#stall(node);
      this.#stallLater();
    });
  }

  /** Some nodes lose power, for long enough to be removed by those that are left. */
  #dieLater(members: MembersPlan): void {
    const { scheduler, nodes } = this.#cluster;
    scheduler.schedule(this.#prng.between(1000, 1000 + members.deathMs), () => {
      if (this.#isCalm) return;
      const most = Math.floor((nodes.length - 1) / 2);
      const dying = this.#prng.shuffle(nodes).slice(0, this.#prng.between(1, most));
      const downMs = this.#prng.between(members.afterMs, 4 * members.afterMs);
      for (const node of dying) {
        if (!node.up) continue;
        this.#cluster.crash(node, true);
        this.#cluster.endLater(downMs, () => this.#cluster.start(node));
      }
      this.#cluster.endLater(downMs, () => this.#dieLater(members));
    });
  }

  /** A node has itself removed, and asks to be taken in again some time later. */
  #leaveLater(members: MembersPlan): void {
    const { scheduler, nodes } = this.#cluster;
    scheduler.schedule(this.#prng.between(1, members.leaveMs), () => {
      if (this.#isCalm) return;
      const node = this.#prng.pick(nodes);
      this.#stage.candidateOf(node)?.part?.leave();
      scheduler.schedule(this.#prng.between(1, members.leaveMs), () => {
        this.#stage.candidateOf(node)?.part?.stay();
      });
      this.#leaveLater(members);
    });
  }

  #stall(node: SimulatedNode): void {
    const cluster = this.#cluster;
    const { electionTimeoutMs } = this.#timing;
    cluster.pause(node);
    const longestMs = mostTimeoutsStalled * electionTimeoutMs;
    cluster.endLater(this.#prng.between(electionTimeoutMs / 2, longestMs), () => {
      cluster.resume(node);
    });
  }

  /** @returns how long it took until one led and all knew; null if that was never so */
  #recovers(): number | null {
    const cluster = this.#cluster;
    cluster.heal();
    const { nowMs } = cluster.scheduler;
    this.#isCalm = true;
    for (const node of cluster.nodes) this.#stage.candidateOf(node)?.calm();
    const boundMs = serviceBoundMs(this.#plan) + handOverBoundMs(this.#plan) + this.#rejoinBoundMs;
    const recovers = runUntilHolds(cluster, boundMs, () => this.#whatIsMissing());
    return recovers ? cluster.scheduler.nowMs - nowMs : null;
  }

  /** Whoever was removed finds that out, asks, catches up and gets a vote, one after the other. */
  get #rejoinBoundMs(): number {
    if (this.#plan.members === null) return 0;
    return this.#plan.nodes * rejoinTimeouts * this.#timing.electionTimeoutMs;
  }

  #whatIsMissing(): string | null {
    const { leader } = this.#checker;
    if (leader === null) return 'nobody leads';
    const voters = leader.node.replicas.get(electionGroup)?.configuration.voters ?? [];
    const out = this.#cluster.nodes.find((node) => !voters.includes(node.id) && !isNew(node));
    if (out !== undefined) return `node ${out.id} has no vote`;
    for (const node of this.#cluster.nodes) {
      if (!voters.includes(node.id)) continue;
      const known = this.#stage.candidateOf(node);
      if (known === undefined) return `node ${node.id} is not there`;
      if (known.knownLeader === leader.node.id) continue;
      return `node ${node.id} does not know that node ${leader.node.id} leads`;
    }
    return null;
  }

  /** What was asked for during the faults may still end a leadership; then nothing may. */
  #staysQuiet(): void {
    const cluster = this.#cluster;
    const boundMs = handOverBoundMs(this.#plan) + usualTuning.requestTimeoutMs;
    if (!cluster.runUntil(cluster.scheduler.nowMs + boundMs)) return;
    if (!runUntilHolds(cluster, boundMs, () => this.#whatIsMissing())) return;
    const { elections, leader } = this.#checker;
    const quietMs = quietTimeouts * this.#timing.electionTimeoutMs;
    if (!cluster.runUntil(cluster.scheduler.nowMs + quietMs)) return;
    if (elections === this.#checker.elections && leader === this.#checker.leader) return;
    const why = `without faults the lead of node ${leader?.node.id} has ended`;
    cluster.fail(new InvariantViolation('no needless election', why));
  }
}

/** Removed before it had anything of the log: as if its data were lost, so it stays out. */
function isNew(node: SimulatedNode): boolean {
  return node.replicas.get(electionGroup)?.lastIndex === 0;
}
