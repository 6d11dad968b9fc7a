import type { Timers } from '@quorate/base';
import { Prng } from '@quorate/base';
import type {
  AppliedListener,
  GroupStatus,
  ProposeDone,
  ReadDone,
  TransferDone,
} from '@quorate/runtime';
import { RuntimeError } from '@quorate/runtime';
import { majorityConfiguration } from '@quorate/schema';
import { Scheduler } from '@quorate/sim';
import {
  defaultElectionTiming,
  type ElectionGroup,
  ElectionMachine,
  type ElectionResult,
  Elector,
  type ElectorOptions,
} from '../../../src/core/index.ts';

interface Proposed {
  readonly command: Uint8Array;
  readonly done: ProposeDone<ElectionResult>;
}

export const timing = defaultElectionTiming;
/** Of the default timing: 200 ms * 0.99 / 1.01, less a tenth. */
export const usableMs = (200 * 0.99 * 0.9) / 1.01;
const leaseMs = (200 * 0.99) / 1.01;

/** Node 1 of a group of three, whose lot the test decides, in virtual time. */
export class FakeGroup implements ElectionGroup {
  readonly scheduler = new Scheduler();
  readonly machine = new ElectionMachine();
  /** What has happened to leaderships and records, in words. */
  readonly told: string[] = [];
  /** Hand-overs that were asked of this node, and not answered. */
  readonly transfers: { to: number | null; done: TransferDone }[] = [];
  /** How often the lead was asked for; each waits for an answer. */
  readonly asked: ((error: Error | null) => void)[] = [];
  readonly elector: Elector;
  readonly #leadership: ((status: GroupStatus) => void)[] = [];
  readonly #handOver: (() => void)[] = [];
  readonly #applied = new Set<AppliedListener>();
  #waiting: Proposed[] = [];
  #role: GroupStatus['role'] = 'follower';
  #term = 0;
  #leader = 0;
  #leaseUntilMs: number | null = null;
  #index = 0;
  #stalledMs = 0;
  /** Reads that wait for this node to catch up; null: it has. */
  barriers: ReadDone[] | null = null;
  /** Whether commands are committed as soon as they are there. */
  commits = true;

  constructor(options: Pick<ElectorOptions, 'leaseDiffers'> = {}) {
    this.elector = new Elector({
      node: 1,
      group: this,
      machine: this.machine,
      clock: { monotonicMs: () => this.nowMs },
      timers: this.#timers,
      prng: new Prng(1),
      timing,
      generation: 0,
      askForLead: (done) => void this.asked.push(done),
      ...options,
    });
    this.elector.onLeadership({
      elected: ({ token }) => void this.told.push(`elected ${token}`),
      lost: ({ token }, reason) => void this.told.push(`lost ${token} ${reason}`),
    });
  }

  get nowMs(): number {
    return this.scheduler.nowMs + this.#stalledMs;
  }

  /** Time passes, and no timer comes. */
  standStill(ms: number): void {
    this.#stalledMs += ms;
  }

  get #timers(): Timers {
    return {
      after: (delayMs, callback) => this.scheduler.schedule(delayMs, callback),
      defer: (callback) => void this.scheduler.schedule(0, callback),
    };
  }

  /** Time passes, and timers come. */
  run(ms: number): void {
    const untilMs = this.scheduler.nowMs + ms;
    while (this.scheduler.step(untilMs));
  }

  /** Time passes, heartbeats are answered, and timers come. */
  runWithLease(ms: number): void {
    for (let left = ms; left > 0; left -= 10) {
      this.renew();
      this.run(Math.min(10, left));
    }
  }

  /** A quorum has answered a round that was sent now. */
  renew(): void {
    this.#leaseUntilMs = this.nowMs + leaseMs;
  }

  loseLease(): void {
    this.#leaseUntilMs = null;
  }

  /** Another node is told to take over. */
  handOver(): void {
    this.#leaseUntilMs = null;
    for (const listener of this.#handOver) listener();
  }

  lead(term: number): void {
    this.#become('leader', term, 1);
  }

  follow(term: number, leader: number): void {
    this.#become('follower', term, leader);
  }

  #become(role: GroupStatus['role'], term: number, leader: number): void {
    this.#role = role;
    this.#term = term;
    this.#leader = leader;
    if (role === 'leader') this.renew();
    else this.#leaseUntilMs = null;
    for (const listener of this.#leadership) listener(this.status());
    this.run(0);
  }

  /** Another node's entry of its own term. */
  applyOther(command: Uint8Array): void {
    this.#apply(command, () => undefined);
  }

  commit(): void {
    for (const { command, done } of this.#waiting.splice(0)) this.#apply(command, done);
  }

  /** Answers the hand-over that was asked for first: it came to nothing. */
  failTransfer(): void {
    const reason = 'too slow';
    const error = new RuntimeError('RUNTIME_TRANSFER_FAILED', reason, { to: 2, reason });
    this.transfers[0]?.done(error);
  }

  failProposals(): void {
    for (const { done } of this.#waiting.splice(0)) {
      done(new RuntimeError('RUNTIME_PROPOSAL_LOST', 'lost', { leader: 0 }), null);
    }
  }

  get proposals(): number {
    return this.#waiting.length;
  }

  #apply(command: Uint8Array, done: ProposeDone<ElectionResult>): void {
    this.#index += 1;
    const index = this.#index;
    const entry = { index, term: this.#term, timestampMicros: index, command };
    const [result] = this.machine.apply([entry]) as [ElectionResult];
    done(null, { index, result });
    for (const listener of this.#applied) listener.applied([]);
  }

  propose(command: Uint8Array, done: ProposeDone<ElectionResult>): void {
    this.#waiting.push({ command, done });
    if (this.commits) this.scheduler.schedule(1, () => this.commit());
  }

  /** Answered at once, unless `barriers` are kept. */
  readBarrier(done: ReadDone): void {
    if (this.barriers === null) done(null, this.#index);
    else this.barriers.push(done);
  }

  status(): GroupStatus {
    return {
      group: 1,
      node: 1,
      role: this.#role,
      term: this.#term,
      leader: this.#leader,
      lastIndex: this.#index,
      commitIndex: this.#index,
      appliedIndex: this.#index,
      configuration: majorityConfiguration([1, 2, 3]),
      configurationIndex: 0,
      repairing: false,
    };
  }

  leaseUntilMs(): number | null {
    return this.#role === 'leader' ? this.#leaseUntilMs : null;
  }

  transferLeadership(to: number | null, done: TransferDone): void {
    this.transfers.push({ to, done });
  }

  onLeadership(listener: (status: GroupStatus) => void): void {
    this.#leadership.push(listener);
  }

  onHandOver(listener: () => void): void {
    this.#handOver.push(listener);
  }

  onApplied(listener: AppliedListener): () => void {
    this.#applied.add(listener);
    return () => void this.#applied.delete(listener);
  }
}
