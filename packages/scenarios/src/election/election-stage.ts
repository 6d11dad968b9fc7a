import { Prng } from '@quorate/base';
import {
  ClaimsMachine,
  type ElectionTiming,
  leaseMs,
  type RemovalRule,
} from '@quorate/election/core';
import {
  SimulatedCluster,
  type SimulatedClusterOptions,
  type SimulatedNode,
  usualTuning,
} from '@quorate/sim';
import { Candidate, type Habits } from './candidate.ts';
import { ElectionLog, ObservedElection } from './election-log.ts';
import { LeadershipChecker } from './leadership-checker.ts';
import { MembersLog } from './members-log.ts';
import { SignatureLog } from './signature-log.ts';

export interface StageOptions
  extends Pick<
    SimulatedClusterOptions,
    'seed' | 'nodes' | 'tuning' | 'clockDrift' | 'diskMs' | 'linksThrough' | 'trace'
  > {
  readonly timing: ElectionTiming;
  readonly habits: Habits;
  /** Its clocks are known to drift too far: two leaders at once are counted, and it goes on. */
  readonly mayOverlap: boolean;
  /** Dead nodes are removed by it; null: the members stay who they are. */
  readonly members: RemovalRule | null;
  /** A process runs again, and with it a candidate that has not begun to campaign. */
  readonly born: (candidate: Candidate) => void;
}

/** The group that elects, in a run's cluster. */
export const electionGroup = 1;
/** The group of the claims, where there are signers. */
export const claimsGroup = 2;

const sampleMs = 5;

/** Candidates for one lead on a simulated cluster, and all who judge what they do. */
export class ElectionStage {
  readonly cluster: SimulatedCluster;
  readonly checker: LeadershipChecker;
  readonly signatures: SignatureLog;
  readonly members: MembersLog | null;
  readonly candidates = new Map<SimulatedNode, Candidate>();
  readonly #options: StageOptions;
  readonly #log: ElectionLog;
  readonly #prng: Prng;

  constructor(options: StageOptions) {
    const { habits, timing, tuning, clockDrift, mayOverlap } = options;
    this.#options = options;
    this.#prng = new Prng(options.seed).fork();
    const fail = (error: Error): void => this.cluster.fail(error);
    this.#log = new ElectionLog(fail);
    this.signatures = new SignatureLog(fail);
    this.members = options.members === null ? null : new MembersLog(options.members, fail);
    const { heartbeatIntervalMs, electionTimeoutMs, maxClockDrift } = timing;
    this.cluster = new SimulatedCluster({
      ...options,
      admitsNodes: this.members !== null,
      groups: [
        {
          id: electionGroup,
          name: 'election',
          create: (node) => new ObservedElection(node, this.#log),
        },
        ...(habits.slotMs === 0
          ? []
          : [{ id: claimsGroup, name: 'claims', create: () => new ClaimsMachine() }]),
      ],
      tuning: {
        ...usualTuning,
        ...tuning,
        heartbeatIntervalMs,
        electionTimeoutMs,
        quiesceAfterMs: null,
        maxClockDrift,
      },
      // Where clocks drift further than was declared, two leases are no mistake of the replicas.
      ...(mayOverlap || maxClockDrift < clockDrift ? { unchecked: ['leader lease'] } : {}),
    });
    this.checker = new LeadershipChecker({
      nowMs: () => this.cluster.scheduler.nowMs,
      longestLeaseMs: leaseMs(timing) / (1 - clockDrift),
      mayOverlap,
      fail,
    });
  }

  /** All processes start, and candidates with them. */
  begin(): void {
    this.cluster.startAll();
    this.#watch();
  }

  /** The one of the node's present life; undefined while there is none. */
  candidateOf(node: SimulatedNode): Candidate | undefined {
    const candidate = this.candidates.get(node);
    return candidate?.isAlive === true ? candidate : undefined;
  }

  /** A candidate for each life of each node, and a look at all of them, every few milliseconds. */
  #watch(): void {
    const { scheduler, nodes } = this.cluster;
    scheduler.schedule(sampleMs, () => this.#watch());
    for (const node of nodes) {
      const { host } = node;
      if (host === null || node.world.paused || this.candidateOf(node) !== undefined) continue;
      const candidate = new Candidate({
        ...this.#options,
        node,
        host,
        group: electionGroup,
        claims: claimsGroup,
        signatures: this.signatures,
        members: this.members,
        prng: this.#prng.fork(),
        checker: this.checker,
        log: this.#log,
        nowMs: () => scheduler.nowMs,
      });
      this.candidates.set(node, candidate);
      this.#options.born(candidate);
    }
    this.checker.sample();
    if (this.members !== null) this.#lookAtMembers(this.members);
  }

  #lookAtMembers(members: MembersLog): void {
    for (const { host } of this.cluster.nodes) {
      const status = host?.group(electionGroup).status();
      // What a node that joins has from the beginning names nobody.
      if (status === undefined || status.configurationIndex === 0) continue;
      const isCommitted = status.configurationIndex <= status.commitIndex;
      if (isCommitted) members.committed(status.configuration);
    }
  }
}
