import { Prng } from '@quorate/base';
import { leaseMs } from '@quorate/election/core';
import {
  handOverBoundMs,
  InvariantViolation,
  playStrikes,
  runUntilHolds,
  SimulatedCluster,
  type SimulatedNode,
  serviceBoundMs,
  type TraceEvent,
  usualTuning,
} from '@quorate/sim';
import { Candidate } from './candidate.ts';
import { ElectionLog, ObservedElection } from './election-log.ts';
import type { ElectionPlan } from './election-plan.ts';
import type { Gap } from './gap-table.ts';
import { LeadershipChecker } from './leadership-checker.ts';

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
  /** Intervals without a leader, though some node that ran was a candidate all the time. */
  readonly gaps: readonly Gap[];
  /** From the end of the faults until all knew who leads; null when they never did. */
  readonly recoveredMs: number | null;
}

const group = 1;
const sampleMs = 5;
/** A run that is quiet is watched for so many election timeouts. */
const quietTimeouts = 6;
const mostTimeoutsStalled = 3;

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
  readonly #cluster: SimulatedCluster;
  readonly #checker: LeadershipChecker;
  readonly #log: ElectionLog;
  readonly #candidates = new Map<SimulatedNode, Candidate>();
  readonly #prng: Prng;
  #isCalm = false;

  constructor(plan: ElectionPlan, trace?: (event: TraceEvent) => void) {
    this.#plan = plan;
    this.#prng = new Prng(plan.seed).fork();
    const fail = (error: Error): void => this.#cluster.fail(error);
    this.#log = new ElectionLog(fail);
    this.#cluster = new SimulatedCluster({
      seed: plan.seed,
      nodes: plan.nodes,
      groups: [
        { id: group, name: 'election', create: (node) => new ObservedElection(node, this.#log) },
      ],
      tuning: {
        ...usualTuning,
        ...plan.tuning,
        quiesceAfterMs: null,
        maxClockDrift: plan.declaredDrift,
      },
      clockDrift: plan.clockDrift,
      diskMs: plan.diskMs,
      // Where clocks drift further than was declared, two leases are no mistake of the replicas.
      ...(plan.declaredDrift < plan.clockDrift ? { unchecked: ['leader lease'] } : {}),
      ...(trace === undefined ? {} : { trace }),
    });
    this.#checker = new LeadershipChecker({
      nowMs: () => this.#cluster.scheduler.nowMs,
      longestLeaseMs: leaseMs(this.#timing) / (1 - plan.clockDrift),
      fail,
    });
  }

  get #timing(): ConstructorParameters<typeof Candidate>[0]['timing'] {
    const { tuning, declaredDrift } = this.#plan;
    const { heartbeatIntervalMs, electionTimeoutMs } = { ...usualTuning, ...tuning };
    return { heartbeatIntervalMs, electionTimeoutMs, maxClockDrift: declaredDrift };
  }

  run(): ElectionScenarioResult {
    const cluster = this.#cluster;
    cluster.startAll();
    this.#watch();
    if (this.#plan.stallMs > 0) this.#stallLater();
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
      gaps: this.#checker.gaps,
      recoveredMs,
    };
  }

  /** A candidate for each life of each node, and a look at all of them, every few milliseconds. */
  #watch(): void {
    const { scheduler, nodes } = this.#cluster;
    scheduler.schedule(sampleMs, () => this.#watch());
    for (const node of nodes) {
      const { host } = node;
      const known = this.#candidates.get(node);
      if (host === null || node.world.paused || known?.isAlive === true) continue;
      const candidate = new Candidate({
        node,
        host,
        group,
        plan: this.#plan,
        timing: this.#timing,
        prng: this.#prng.fork(),
        checker: this.#checker,
        log: this.#log,
        nowMs: () => scheduler.nowMs,
      });
      this.#candidates.set(node, candidate);
      if (this.#isCalm) candidate.calm();
      else if (this.#plan.restlessMs === 0 || this.#prng.chance(0.8)) candidate.campaign();
    }
    this.#checker.sample();
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
    for (const candidate of this.#candidates.values()) if (candidate.isAlive) candidate.calm();
    const boundMs = serviceBoundMs(this.#plan) + handOverBoundMs(this.#plan);
    const recovers = runUntilHolds(cluster, boundMs, () => this.#whatIsMissing());
    return recovers ? cluster.scheduler.nowMs - nowMs : null;
  }

  #whatIsMissing(): string | null {
    const { leader } = this.#checker;
    if (leader === null) return 'nobody leads';
    for (const node of this.#cluster.nodes) {
      const known = this.#candidates.get(node);
      if (known?.isAlive !== true) return `node ${node.id} is not there`;
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
