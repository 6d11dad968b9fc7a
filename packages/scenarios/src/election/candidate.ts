import type { Prng, Timers } from '@quorate/base';
import {
  type ClaimsResult,
  type ElectionGroup,
  type ElectionResult,
  type ElectionTiming,
  Elector,
} from '@quorate/election/core';
import type { GroupHandle, ProposeDone } from '@quorate/runtime';
import type { GroupId } from '@quorate/schema';
import type { SimulatedNode } from '@quorate/sim';
import type { ElectionLog, ObservedElection } from './election-log.ts';
import type { ElectionPlan } from './election-plan.ts';
import type { Believer, LeadershipChecker } from './leadership-checker.ts';
import type { MembersLog } from './members-log.ts';
import { PartOfMembers } from './part-of-members.ts';
import type { SignatureLog } from './signature-log.ts';
import { Signer } from './signer.ts';

/** What the program around an elector does. */
export type Habits = Pick<ElectionPlan, 'restlessMs' | 'actMs' | 'slotMs'>;

export interface CandidateOptions {
  readonly node: SimulatedNode;
  readonly host: NonNullable<SimulatedNode['host']>;
  readonly group: GroupId;
  /** Of the claims; not used by those that sign nothing. */
  readonly claims: GroupId;
  readonly signatures: SignatureLog;
  readonly habits: Habits;
  /** Ids are 1 to this. */
  readonly nodes: number;
  readonly timing: ElectionTiming;
  /** Null: the members stay who they are. */
  readonly members: MembersLog | null;
  readonly prng: Prng;
  readonly checker: LeadershipChecker;
  readonly log: ElectionLog;
  /** True time. */
  readonly nowMs: () => number;
}

/** As the cluster's own: no timer comes before its time by the last digit of its clock. */
const timerSlackMs = 1e-6;

const longestWorkMs = 300;
const latestEchoMs = 800;

const text = new TextEncoder();

/** One life of one node: an elector, and a program that uses it. */
export class Candidate implements Believer {
  readonly node: SimulatedNode;
  /** Its part among the members; null: those stay who they are. */
  readonly part: PartOfMembers | null;
  readonly #options: CandidateOptions;
  readonly #elector: Elector;
  readonly #handle: GroupHandle<ElectionResult>;
  #campaigns = false;
  ranAtMs: number;
  #isCalm = false;
  #count = 0;

  constructor(options: CandidateOptions) {
    const { node, host, group, habits, timing, prng, checker, log } = options;
    this.#options = options;
    this.node = node;
    this.ranAtMs = options.nowMs();
    this.#handle = host.group<ElectionResult>(group);
    this.#handle.onLeadership(({ role, term }) => {
      if (role === 'leader') log.leads(term, node.id);
    });
    const { role, term } = this.#handle.status();
    if (role === 'leader') log.leads(term, node.id);
    this.#elector = new Elector({
      node: node.id,
      group: this.#overheard(),
      machine: (node.stateMachines.get(group) as ObservedElection).machine,
      clock: node.world.clock,
      timers: this.#timers,
      prng: prng.fork(),
      timing,
      generation: 0,
      askForLead: (done) =>
        host.transferLeadership(group, node.id, 2 * timing.electionTimeoutMs, done),
    });
    this.#elector.onLeadership({
      elected: (leadership) => {
        this.ranAtMs = options.nowMs();
        checker.elected(this, leadership);
      },
      lost: (leadership, reason) => checker.lost(this, leadership, reason),
    });
    checker.add(this);
    this.#later(habits.actMs, () => this.#act());
    if (habits.restlessMs > 0) this.#later(habits.restlessMs, () => this.#think());
    if (habits.slotMs > 0) this.#signs();
    this.part = options.members === null ? null : this.#partOf(options.members);
  }

  #partOf(log: MembersLog): PartOfMembers {
    const { node, host, group, timing, prng } = this.#options;
    return new PartOfMembers({ node, host, group, timing, prng, log, timers: this.#timers });
  }

  #signs(): void {
    const { node, host, claims, habits, signatures, nowMs, prng } = this.#options;
    new Signer({
      node,
      claims: host.group<ClaimsResult>(claims),
      leadership: () => this.#elector.leadership(),
      prng: prng.fork(),
      slotMs: habits.slotMs,
      log: signatures,
      nowMs,
    });
  }

  get isAlive(): boolean {
    return this.node.host === this.#options.host;
  }

  get campaigns(): boolean {
    return this.#campaigns;
  }

  get deadlineMs(): number {
    return this.#elector.deadlineMs;
  }

  /** Who leads, as far as this node knows; 0: nobody. */
  get knownLeader(): number {
    return this.#elector.presentRecord()?.leader ?? 0;
  }

  /** What the program would be told now. */
  isLeader(): boolean {
    return this.#elector.isLeader();
  }

  transferTo(to: number): void {
    this.#elector.transfer({ to }, () => undefined);
  }

  /** From now on it wants nothing but to lead. */
  calm(): void {
    this.#isCalm = true;
    this.part?.stay();
    this.campaign();
  }

  campaign(): void {
    this.#campaigns = true;
    this.#elector.campaign(this.#value());
  }

  /** Another one each time. */
  #value(): Uint8Array {
    this.#count += 1;
    return text.encode(`${this.node.id} says ${this.#count}`);
  }

  get #timers(): Timers {
    const { timers } = this.node.world;
    return {
      defer: (callback) => timers.defer(callback),
      after: (delayMs, callback) =>
        timers.after(delayMs + timerSlackMs, () => {
          this.ranAtMs = this.#options.nowMs();
          callback();
        }),
    };
  }

  /** What the elector proposes comes a second time now and then: a copy that was on its way. */
  #overheard(): ElectionGroup {
    const handle = this.#handle;
    const { prng, habits } = this.#options;
    return {
      status: () => handle.status(),
      leaseUntilMs: () => handle.leaseUntilMs(),
      transferLeadership: (to, done) => handle.transferLeadership(to, done),
      onLeadership: (listener) => handle.onLeadership(listener),
      onHandOver: (listener) => handle.onHandOver(listener),
      onApplied: (listener) => handle.onApplied(listener),
      readBarrier: (done) => handle.readBarrier(done),
      propose: (command: Uint8Array, done: ProposeDone<ElectionResult>) => {
        handle.propose(command, done);
        if (habits.restlessMs === 0 || this.#isCalm || !prng.chance(0.3)) return;
        this.#in(prng.between(0, latestEchoMs), () => {
          if (!this.#isCalm) handle.propose(command, () => undefined);
        });
      },
    };
  }

  #act(): void {
    const { checker, habits } = this.#options;
    const leadership = this.#elector.leadership();
    if (leadership !== null) checker.acted(this, leadership.token);
    this.#later(habits.actMs, () => this.#act());
  }

  /** Does what a program may do with an elector. */
  #think(): void {
    const { prng, habits } = this.#options;
    if (this.#isCalm) return;
    const what = prng.below(100);
    if (what < 35) this.campaign();
    else if (what < 50) this.#resign();
    else if (what < 70) this.#transfer();
    else if (what < 80) this.#cancel();
    else this.#proclaim();
    this.#later(habits.restlessMs, () => this.#think());
  }

  #resign(): void {
    this.#campaigns = false;
    this.#elector.resign({ workEnds: (then) => this.#work(then) }, () => undefined);
  }

  #transfer(): void {
    const { prng, nodes } = this.#options;
    const to = prng.chance(0.5) ? null : prng.between(1, nodes);
    this.#elector.transfer({ to, workEnds: (then) => this.#work(then) }, () => undefined);
  }

  #cancel(): void {
    this.#campaigns = false;
    this.#elector.cancel();
  }

  #proclaim(): void {
    this.#elector.proclaim(this.#value(), () => undefined);
  }

  /** What was done as leader takes a while to end. */
  #work(then: () => void): void {
    const { prng } = this.#options;
    if (prng.chance(0.5)) then();
    else this.#in(prng.between(0, longestWorkMs), then);
  }

  #later(mostMs: number, callback: () => void): void {
    this.#in(this.#options.prng.between(1, mostMs), callback);
  }

  #in(delayMs: number, callback: () => void): void {
    this.node.world.schedule(delayMs, callback);
  }
}
