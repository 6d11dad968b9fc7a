import type { Address, Logger, Prng } from '@quorate/base';
import type { Host } from '@quorate/host';
import { type OpenedMember, timers } from '@quorate/node';
import type { GroupHandle } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import { calledBack, unknownOutcome } from './called-back.ts';
import { CampaignWaiters } from './campaign-waiters.ts';
import type { OpenClaims } from './claims/open-election-claims.ts';
import { ElectionError } from './core/election-error.ts';
import type { ElectionMachine } from './core/election-machine.ts';
import type { ElectionResult } from './core/election-model.ts';
import type { ElectionTiming } from './core/election-timing.ts';
import { Elector } from './core/elector.ts';
import { checkValue, closedError, resignedError } from './core/elector-errors.ts';
import type { HandOverOptions, Leadership as LeadershipView } from './core/elector-model.ts';
import type { LossReason } from './core/loss-reason.ts';
import type {
  CallOptions,
  Election,
  ElectionEvents,
  ElectionHealth,
  ElectionMember,
  ElectionValue,
  Leader,
  Leadership,
  Work,
  WorkOptions,
} from './election.ts';
import { ElectionListeners } from './election-listeners.ts';
import { bytesOf, textOf } from './election-value.ts';
import { healthOf, membersOf } from './election-view.ts';
import { LeaderWatch } from './leader-watch.ts';
import type { ElectionMembers } from './members/election-members.ts';
import { checkId, refuse, shown } from './refuse-option.ts';
import { runWork } from './run-work.ts';
import { RunningLeadership } from './running-leadership.ts';
import { timingDiffers } from './timing-differs.ts';

export interface ElectionParts {
  readonly member: OpenedMember;
  readonly groupName: string;
  /** The state machine of that group's replica. */
  readonly machine: ElectionMachine;
  readonly prng: Prng;
  readonly logger: Logger;
  /** What this node says of itself where nothing else is given. */
  readonly value: Uint8Array;
  readonly timing: ElectionTiming;
  readonly generation: number;
  readonly workEndsWithinMs: number;
  readonly requestTimeoutMs: number;
  readonly members: ElectionMembers;
  /** Null: opened without option `claims`. */
  readonly claims: OpenClaims | null;
  /** Called once all is closed. */
  readonly closed: () => void;
  /** Called when this node has stopped itself. */
  readonly onHalt: (error: Error) => void;
}

/** The elector of a node, in promises. */
export class RunningElection implements Election {
  readonly #parts: ElectionParts;
  readonly #host: Host;
  readonly #groupId: GroupId;
  readonly #group: GroupHandle<ElectionResult>;
  readonly #elector: Elector;
  readonly #listeners = new ElectionListeners(timers);
  readonly #watch: LeaderWatch;
  readonly #waiters: CampaignWaiters;
  /** As it was begun; whether it still lasts the elector knows. */
  #leadership: RunningLeadership | null = null;
  /** Of a leadership that was given up: until the others were told. */
  readonly #resigning = new WeakMap<RunningLeadership, Promise<void>>();
  /** Of the leadership that was given up last: it has ended, or goes on for too long. */
  #workEnded: Promise<void> = Promise.resolve();
  #closing: Promise<void> | null = null;
  /** Of the group, by whoever leads it now. */
  #groupLedSinceMs: number;

  constructor(parts: ElectionParts) {
    const { member, groupName, machine, prng, timing, generation } = parts;
    this.#parts = parts;
    this.#host = member.host;
    this.#groupId = member.group(groupName).status().group;
    this.#group = this.#host.group<ElectionResult>(this.#groupId);
    this.#elector = new Elector({
      node: member.nodeId,
      group: this.#group,
      machine,
      clock: member.clock,
      timers,
      prng,
      timing,
      generation,
      leaseDiffers: (record) => this.#halt(timingDiffers(this.id, timing, record)),
      askForLead: (done) =>
        this.#host.transferLeadership(this.#groupId, member.nodeId, parts.requestTimeoutMs, done),
    });
    this.#groupLedSinceMs = member.clock.monotonicMs();
    this.#waiters = new CampaignWaiters(() => this.#elector.cancel());
    this.#watch = new LeaderWatch(
      () => this.leader(),
      (leader) => this.#listeners.tell('leader', (listener) => listener(leader)),
    );
    this.#elector.onLeadership({
      elected: (view) => this.#elected(view),
      lost: (_, reason) => this.#lost(reason),
    });
    this.#elector.onRecord(() => this.#watch.refresh());
    this.#group.onLeadership(() => {
      this.#groupLedSinceMs = member.clock.monotonicMs();
      this.#watch.refresh();
    });
    this.#watch.refresh();
    parts.claims?.follow(
      () => this.isLeader(),
      (look) => this.on('elected', look),
    );
  }

  get claims(): OpenClaims | null {
    return this.#parts.claims;
  }

  get id(): NodeId {
    return this.#parts.member.nodeId;
  }

  get address(): Address {
    return this.#parts.member.address;
  }

  isLeader(): boolean {
    return this.#elector.isLeader();
  }

  leadership(): Leadership | null {
    return this.#present();
  }

  leader(): Leader | null {
    const record = this.#elector.presentRecord();
    if (record === null) return null;
    const { leader: id, token, term, value } = record;
    // The log does not know that a lease has run out; this node does, of its own.
    if (id === this.id && !this.isLeader()) return null;
    const address = this.#host.addressOf(this.#groupId, id);
    return { id, address, token, term, value: value.slice(), text: textOf(value) };
  }

  observe({ signal }: CallOptions = {}): AsyncIterableIterator<Leader | null> {
    return this.#watch.observe(signal);
  }

  async campaign(value?: ElectionValue, { signal }: CallOptions = {}): Promise<Leadership> {
    const leadership = await this.#campaign(value, signal);
    leadership.isKept = true;
    return leadership;
  }

  withLeadership<Result>(work: Work<Result>, options: WorkOptions = {}): Promise<Result> {
    return runWork(work, options, {
      logger: this.#parts.logger,
      campaign: ({ value, signal }) => this.#campaign(value, signal),
      resign: (leadership) => this.#resignOf(leadership),
    });
  }

  async proclaim(value: ElectionValue, { signal }: CallOptions = {}): Promise<void> {
    const bytes = bytesOf('value', value);
    try {
      const begin = (done: (error: Error | null) => void): void =>
        this.#elector.proclaim(bytes, done);
      await calledBack(begin, signal, unknownOutcome);
    } catch (error) {
      const isDeposed = error instanceof ElectionError && error.code === 'ELECTION_NOT_LEADER';
      throw isDeposed ? this.#notLeader() : error;
    }
  }

  async resign(): Promise<void> {
    if (this.#closing !== null) await this.#closing;
    this.#waiters.reject(resignedError());
    await this.#giveUp((options, done) => this.#elector.resign(options, done));
  }

  async transferLeadership(to?: NodeId): Promise<void> {
    if (to !== undefined) this.#checkTarget(to);
    if (!this.isLeader()) throw this.#notLeader();
    await this.#giveUp((options, done) =>
      this.#elector.transfer({ ...options, to: to ?? null }, done),
    );
  }

  async verifyLeader({ signal }: CallOptions = {}): Promise<Leadership> {
    const leadership = this.#present();
    if (leadership === null) throw this.#notLeader();
    signal?.throwIfAborted();
    const ends = signal === undefined ? [leadership.signal] : [leadership.signal, signal];
    await calledBack(
      (done) => this.#group.readBarrier((error) => done(error)),
      AbortSignal.any(ends),
      (reason) => (signal?.aborted === true ? reason : this.#notLeader()),
    );
    if (!leadership.isValid()) throw this.#notLeader();
    return leadership;
  }

  members(): readonly ElectionMember[] {
    const nowMs = this.#parts.member.clock.monotonicMs();
    const { role } = this.#group.status();
    const ledForMs = role === 'leader' ? nowMs - this.#groupLedSinceMs : null;
    return membersOf(this.#host, this.#groupId, this.leader()?.id ?? 0, ledForMs, nowMs);
  }

  health(): ElectionHealth {
    const isCandidate = this.#waiters.count > 0;
    const { membership } = this.#parts.members;
    const own = { leader: this.leader(), isLeader: this.isLeader(), isCandidate, membership };
    return healthOf(this.#host, this.#groupId, own);
  }

  on<Name extends keyof ElectionEvents>(name: Name, listener: ElectionEvents[Name]): () => void {
    if (!ElectionListeners.has(name)) {
      refuse('name', `is ${shown(name)}`, 'listen to elected, lost or leader');
    }
    if (typeof listener !== 'function') {
      refuse('listener', `is ${shown(listener)}`, 'give a function');
    }
    return this.#listeners.add(name, listener);
  }

  metricsText(): Promise<string> {
    return this.#parts.member.metricsText();
  }

  /** Of another node, which has lost its directory, say. @throws as `ElectionMembers.remove` */
  removeMember(id: NodeId): Promise<void> {
    return this.#parts.members.remove(id);
  }

  async leave(): Promise<void> {
    const { members } = this.#parts;
    if (this.#closing !== null || members.isLeaving) throw closedError();
    members.checkLeave();
    await this.resign();
    await members.leave();
    await this.close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** As a node that stops itself; in order, so that whoever works here is told. */
  #halt(error: ElectionError): void {
    const { logger, onHalt } = this.#parts;
    logger.error('node halted', { reason: error.message, code: error.code });
    this.#waiters.reject(error);
    void this.close().then(() => onHalt(error));
  }

  async #end(): Promise<void> {
    // A listener that is told of the loss may call `close` again.
    await Promise.resolve();
    this.#waiters.reject(closedError());
    const resign = this.#giveUp((options, done) => this.#elector.resign(options, done));
    const over = resign.catch(() => undefined);
    await this.#workEnded;
    // Then the lease has run out, and nobody needs a word of this node; a majority may be gone.
    await settledWithin(over, this.#parts.timing.electionTimeoutMs);
    this.#elector.close();
    this.#parts.members.close();
    this.#watch.close();
    this.#parts.claims?.stopFollowing();
    await this.#parts.member.close();
    await this.#parts.claims?.local.close();
    this.#parts.closed();
  }

  async #campaign(
    given: ElectionValue | undefined,
    signal: AbortSignal | undefined,
  ): Promise<RunningLeadership> {
    if (this.#closing !== null) throw closedError();
    if (this.#parts.members.isLeaving) throw resignedError();
    signal?.throwIfAborted();
    const value = given === undefined ? this.#parts.value : bytesOf('value', given);
    checkValue(value);
    const present = this.#present();
    if (present !== null) return present;
    // Waits before it campaigns: the elector may tell of the election at once.
    const elected = this.#waiters.wait(signal);
    this.#elector.campaign(value);
    return elected;
  }

  #present(): RunningLeadership | null {
    const leadership = this.#leadership;
    return leadership?.isValid() === true ? leadership : null;
  }

  #elected(view: LeadershipView): void {
    const { logger, member } = this.#parts;
    const leadership = new RunningLeadership(view, {
      elector: this.#elector,
      clock: member.clock,
      timers,
      election: this,
      resign: (own) => this.#resignOf(own),
    });
    this.#leadership = leadership;
    logger.info('elected', { token: view.token, term: view.term });
    // One campaign is one leadership; this one goes on.
    this.#elector.cancel();
    this.#listeners.tell('elected', (listener) => listener(leadership));
    this.#waiters.resolve(leadership);
    this.#watch.refresh();
  }

  #lost(reason: LossReason): void {
    const leadership = this.#leadership;
    this.#leadership = null;
    if (leadership === null) return;
    const { token, term } = leadership;
    this.#parts.logger.info('leadership lost', { token, term, reason });
    leadership.lost(reason);
    this.#listeners.tell('lost', (listener) => listener(leadership, reason));
    this.#watch.refresh();
  }

  #resignOf(leadership: RunningLeadership): Promise<void> {
    if (this.#present() === leadership && this.#closing === null) return this.resign();
    return this.#resigning.get(leadership) ?? Promise.resolve();
  }

  async #giveUp(
    begin: (options: HandOverOptions, done: (error: Error | null) => void) => void,
  ): Promise<void> {
    const leadership = this.#present();
    const workEnds = (then: () => void): void => {
      this.#workEnded = this.#workEnds(leadership);
      void this.#workEnded.then(then);
    };
    const over = calledBack((done) => begin({ workEnds }, done));
    if (leadership !== null) {
      // Whoever waits for it as well needs to know when, not how.
      const ended = over.catch(() => undefined);
      this.#resigning.set(leadership, ended);
    }
    await over;
  }

  /** Bounded: others wait for it as well. */
  async #workEnds(leadership: RunningLeadership | null): Promise<void> {
    const { workEndsWithinMs, logger } = this.#parts;
    const running = (await leadership?.workEnds(workEndsWithinMs)) ?? 0;
    if (running === 0) return;
    logger.warn('work goes on after its leadership has ended', {
      running,
      waitedMs: workEndsWithinMs,
      advice: 'end it when its signal is aborted; from now on another node may lead',
    });
  }

  #checkTarget(to: NodeId): void {
    checkId('to', to);
    if (to === this.id) refuse('to', 'is this node', 'name another voter, or leave it out');
    const { voters } = this.#group.status().configuration;
    if (voters.includes(to)) return;
    const others = voters.filter((id) => id !== this.id);
    refuse('to', `is ${to}, no voter`, `name one of ${others.join(', ')}`);
  }

  #notLeader(): ElectionError<'ELECTION_NOT_LEADER'> {
    const leader = this.leader();
    const other = leader === null || leader.id === this.id ? null : leader;
    const who = other === null ? 'nobody does, as far as it knows' : `node ${other.id} does`;
    const where = other === null || other.address === '' ? '' : ` (${other.address})`;
    return new ElectionError(
      'ELECTION_NOT_LEADER',
      `node ${this.id} does not lead: ${who}${where}. Nothing was changed.`,
      { leader: other?.id ?? 0, ...(where === '' ? {} : { address: other?.address ?? '' }) },
    );
  }
}

async function settledWithin(promise: Promise<void>, withinMs: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = timers.after(withinMs, late.resolve);
  await Promise.race([promise, late.promise]);
  timer.cancel();
}
