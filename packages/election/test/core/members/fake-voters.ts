import type { MembershipChange, MembershipRefusalReason } from '@quorate/raft';
import { type ChangeDone, type GroupStatus, RuntimeError } from '@quorate/runtime';
import { majorityConfiguration } from '@quorate/schema';
import { Scheduler } from '@quorate/sim';
import { type KeptGroup, MemberKeeper, type RemovalRule } from '../../../src/core/index.ts';

export const electionTimeoutMs = 200;
export const afterMs = 10 * electionTimeoutMs;
const heartbeatMs = 40;

interface Proposed {
  readonly id: number;
  readonly done: ChangeDone;
  readonly atMs: number;
}

interface Asked {
  readonly voter: number;
  readonly about: number;
  readonly answer: (answers: boolean | null) => void;
}

/** Node 1 leads a group whose lot the test decides, in virtual time. */
export class FakeVoters implements KeptGroup {
  readonly scheduler = new Scheduler();
  readonly keeper: MemberKeeper;
  voters: readonly number[];
  learners: readonly number[] = [];
  votersOutgoing: readonly number[] = [];
  hasSizes = false;
  /** Those whose answers reach the leader. */
  readonly heard: Set<number>;
  /** Those that the other voters reach. */
  readonly reached: Set<number>;
  /** Answers of witnesses wait until `answer`, if not. */
  answersAtOnce = true;
  /** Changes are committed at once. */
  commits = true;
  hasLease = true;
  role: GroupStatus['role'] = 'leader';
  term = 1;
  /** All proposals, in order. */
  readonly removals: Proposed[] = [];
  /** As the keeper told them. */
  readonly told: string[] = [];
  readonly asked: Asked[] = [];
  /** Called at each proposal, before anything is changed. */
  proposed: (id: number) => void = () => undefined;
  readonly #heardMs = new Map<number, number>();
  readonly #listeners: ((status: GroupStatus) => void)[] = [];
  #configurationIndex = 1;
  #commitIndex = 1;

  constructor(count: number, rule: Partial<RemovalRule> = {}) {
    this.voters = Array.from({ length: count }, (_, at) => at + 1);
    this.heard = new Set(this.voters);
    this.reached = new Set(this.voters);
    this.#beat();
    this.keeper = new MemberKeeper({
      node: 1,
      group: this,
      clock: { monotonicMs: () => this.nowMs },
      timers: { after: (delayMs, callback) => this.scheduler.schedule(delayMs, callback) },
      timing: { electionTimeoutMs },
      rule: { afterMs, floor: 3, ...rule },
      askAbout: (voter, about, answer) => this.#ask(voter, about, answer),
      removed: ({ id, voters }) => void this.told.push(`${id} of ${voters.join(' ')}`),
    });
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  /** Those whose removal was asked for, in order. */
  get removed(): readonly number[] {
    return this.removals.map(({ id }) => id);
  }

  #beat(): void {
    for (const id of this.heard) this.#heardMs.set(id, this.nowMs);
    this.scheduler.schedule(heartbeatMs, () => this.#beat());
  }

  #ask(voter: number, about: number, answer: (answers: boolean | null) => void): void {
    this.asked.push({ voter, about, answer });
    if (!this.answersAtOnce) return;
    this.scheduler.schedule(1, () => {
      answer(this.heard.has(voter) ? this.reached.has(about) : null);
    });
  }

  run(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.scheduler.step(untilMs));
  }

  /** Nobody hears them any more. */
  kill(...ids: readonly number[]): void {
    for (const id of ids) {
      this.heard.delete(id);
      this.reached.delete(id);
    }
  }

  revive(...ids: readonly number[]): void {
    for (const id of ids) {
      this.heard.add(id);
      this.reached.add(id);
    }
  }

  lead(): void {
    this.term += 1;
    this.role = 'leader';
    this.#tell();
  }

  follow(): void {
    this.role = 'follower';
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.status());
  }

  /** Whether a configuration waits for its commit. */
  get isChanging(): boolean {
    return this.#configurationIndex > this.#commitIndex;
  }

  /** A configuration of somebody else, not committed yet. */
  append(): void {
    this.#configurationIndex += 1;
  }

  /** All that waits. */
  commit(): void {
    this.#commitIndex = this.#configurationIndex;
    for (const { done } of this.#open.splice(0)) done(null, this.#configurationIndex);
  }

  refuse(reason: MembershipRefusalReason): void {
    this.#commitIndex = this.#configurationIndex;
    const error = new RuntimeError('RUNTIME_CHANGE_REFUSED', 'not now', { reason });
    for (const { done, id } of this.#open.splice(0)) {
      this.voters = [...this.voters, id].sort((a, b) => a - b);
      done(error, null);
    }
  }

  readonly #open: Proposed[] = [];

  status(): GroupStatus {
    const { voters, votersOutgoing, learners, hasSizes } = this;
    const quorum = hasSizes ? { commit: voters.length, election: voters.length } : null;
    const configuration = majorityConfiguration(voters);
    return {
      group: 1,
      node: 1,
      role: this.role,
      term: this.term,
      leader: this.role === 'leader' ? 1 : 2,
      lastIndex: this.#configurationIndex,
      commitIndex: this.#commitIndex,
      appliedIndex: this.#commitIndex,
      configuration: { ...configuration, votersOutgoing, learners, quorum },
      configurationIndex: this.#configurationIndex,
      repairing: false,
    };
  }

  heardMs(id: number): number | null {
    return this.role === 'leader' ? (this.#heardMs.get(id) ?? null) : null;
  }

  /** For how long the leader has not heard it. */
  silentMs(id: number): number {
    return this.nowMs - (this.#heardMs.get(id) ?? 0);
  }

  leaseUntilMs(): number | null {
    return this.role === 'leader' && this.hasLease ? this.nowMs + 1 : null;
  }

  changeMembership({ steps }: MembershipChange, done: ChangeDone): void {
    const [step] = steps;
    if (step?.kind !== 'remove' || steps.length !== 1) throw new Error('one is removed');
    const { id } = step;
    this.proposed(id);
    const proposed = { id, done, atMs: this.nowMs };
    this.removals.push(proposed);
    this.#open.push(proposed);
    this.voters = this.voters.filter((voter) => voter !== id);
    this.#configurationIndex += 1;
    if (this.commits) this.scheduler.schedule(1, () => this.commit());
  }

  onLeadership(listener: (status: GroupStatus) => void): void {
    this.#listeners.push(listener);
  }
}
