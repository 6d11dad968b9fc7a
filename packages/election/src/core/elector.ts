import type { Timer } from '@quorate/base';
import type { ProposeDone } from '@quorate/runtime';
import type { Term } from '@quorate/schema';
import { encodeElectionCommand } from './election-command.ts';
import type {
  ElectionCommand,
  ElectionRecord,
  ElectionResult,
  LeaseTerms,
} from './election-model.ts';
import { isSameLease, leaseMarginMs, leaseTermsOf } from './election-timing.ts';
import { checkValue, closedError, notLeaderError } from './elector-errors.ts';
import { ElectorEvents } from './elector-events.ts';
import type {
  ElectorDone,
  ElectorOptions,
  HandOverOptions,
  Leadership,
  LeadershipListener,
  RecordListener,
} from './elector-model.ts';
import { type Grant, HandOver, leadsIn, once } from './hand-over.ts';
import { LeadRequest } from './lead-request.ts';
import { LeaseWait } from './lease-wait.ts';
import type { LossReason } from './loss-reason.ts';

interface Holding extends Grant {
  value: Uint8Array;
  /** As it was at the last look: a leadership is over once it has passed, whatever comes later. */
  deadlineMs: number;
}

const never = Number.NEGATIVE_INFINITY;

/**
 * One node's part in an election: it campaigns, leads, and knows at each moment whether it does.
 *
 * A leadership begins when this node leads the Raft group, holds its lease, and has applied a
 * `lead` entry of its own of that very term. It ends for good when its deadline passes, when the
 * node leads another term or none, or when it is given up here; a campaign then begins another one,
 * with a larger token.
 */
export class Elector {
  readonly #options: ElectorOptions;
  readonly #marginMs: number;
  readonly #lease: LeaseTerms;
  readonly #events: ElectorEvents;
  readonly #leadRequest: LeadRequest;
  readonly #handOver: HandOver;
  readonly #leaseWait: LeaseWait;
  readonly #stopListening: () => void;
  /** What is told of this node once it leads; null: it is no candidate. */
  #campaign: Uint8Array | null = null;
  /** A `lead` entry is on its way. */
  #attempt: { readonly term: Term } | null = null;
  /** Granted, and begun as soon as there is a lease. */
  #grant: Grant | null = null;
  #holding: Holding | null = null;
  /** Nothing is proposed before. */
  #retryAtMs = never;
  #toldRecord: ElectionRecord | null;
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(options: ElectorOptions) {
    const { group, machine, timers, timing } = options;
    this.#options = options;
    this.#marginMs = leaseMarginMs(timing);
    this.#lease = leaseTermsOf(timing);
    this.#events = new ElectorEvents(timers);
    this.#leadRequest = new LeadRequest(options);
    this.#leaseWait = new LeaseWait(options);
    this.#handOver = new HandOver(group, () => this.#step());
    this.#toldRecord = machine.record;
    group.onLeadership(() => this.#step());
    group.onHandOver(() => this.#lose('transferred'));
    this.#stopListening = group.onApplied({
      applied: () => this.#applied(),
      restored: () => this.#applied(),
    });
  }

  /**
   * From now on, until `cancel`, `resign` or `close`, this node leads whenever it can: also again
   * after a leadership was lost. Another call replaces the value of what is elected from then on;
   * `proclaim` that of the leadership there is.
   *
   * @throws ElectionError ELECTION_VALUE_TOO_LARGE, ELECTION_CLOSED
   */
  campaign(value: Uint8Array): void {
    this.#checkOpen();
    checkValue(value);
    this.#campaign = value.slice();
    this.#step();
  }

  /** A leadership that there is goes on. */
  cancel(): void {
    this.#campaign = null;
    this.#step();
  }

  /** By the clock, at each call: ask before each act, and act at once. */
  isLeader(): boolean {
    return this.#look();
  }

  /** Null: this node does not lead. */
  leadership(): Leadership | null {
    return this.#look() && this.#holding !== null ? viewOf(this.#holding) : null;
  }

  /**
   * Until when this node leads by its clock, as `isLeader()` would find it, but without a look:
   * nothing is told to anybody. -Infinity: it does not lead.
   */
  get deadlineMs(): number {
    const holding = this.#holding;
    if (holding === null) return never;
    const untilMs = this.#untilMs(holding);
    return this.#nowMs < holding.deadlineMs ? untilMs : never;
  }

  /**
   * Replaces what the leadership says of itself. `done` once that is committed; with
   * ELECTION_NOT_LEADER it never will be.
   *
   * @throws ElectionError ELECTION_VALUE_TOO_LARGE, ELECTION_CLOSED: `done` is not called
   */
  proclaim(value: Uint8Array, done: ElectorDone): void {
    this.#checkOpen();
    checkValue(value);
    if (!this.#look() || this.#holding === null) {
      this.#options.timers.defer(() => done(this.#notLeader()));
      return;
    }
    const { token } = this.#holding;
    this.#propose({ kind: 'proclaim', token, value }, (error, applied) => {
      const isRefused = applied?.result.outcome === 'refused';
      done(isRefused ? this.#notLeader() : error);
    });
  }

  /**
   * Ends the campaign, and the leadership if there is one: first here, then in the log, and at last
   * another node is given the group's lead.
   *
   * @throws ElectionError ELECTION_CLOSED
   */
  resign(options: HandOverOptions, done: ElectorDone): void {
    this.#checkOpen();
    this.#campaign = null;
    // That nobody could take over is no matter to who resigns.
    this.#giveUp('resigned', options, () => done(null));
  }

  /**
   * As `resign`, but the campaign goes on once the lead was handed over. Of a node that only leads
   * the group, that lead.
   *
   * @throws ElectionError ELECTION_CLOSED
   */
  transfer(options: HandOverOptions, done: ElectorDone): void {
    this.#checkOpen();
    this.#giveUp('transferred', options, done);
  }

  /** The leadership that was granted last, as far as this node has applied. */
  record(): ElectionRecord | null {
    return this.#options.machine.record;
  }

  /** The record, if whoever leads the group in this term holds it, as far as is known. */
  presentRecord(): ElectionRecord | null {
    const { term, leader } = this.#options.group.status();
    const { record } = this.#options.machine;
    const isPresent = record?.held === true && record.term === term && record.leader === leader;
    return isPresent ? record : null;
  }

  /** @returns stops listening */
  onLeadership(listener: LeadershipListener): () => void {
    return this.#events.onLeadership(listener);
  }

  /** Called after each change of `record()`. @returns stops listening */
  onRecord(listener: RecordListener): () => void {
    return this.#events.onRecord(listener);
  }

  /**
   * Ends a leadership as `closed`, without a word to the log: `resign` before, where others shall
   * not have to wait. Nothing is told afterwards. Idempotent.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#campaign = null;
    this.#lose('closed');
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#stopListening();
    this.#handOver.end(closedError());
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  /** Until when the grant may be acted on, were it begun: all that is state, and no clock. */
  #untilMs(grant: Grant): number {
    const { group } = this.#options;
    if (!leadsIn(grant.term, group) || !this.#isOfRecord(grant)) return never;
    return (group.leaseUntilMs() ?? never) - this.#marginMs;
  }

  /** State first and the clock last, with nothing awaited between (rule 1). */
  #look(): boolean {
    const holding = this.#holding;
    if (holding === null) return false;
    const untilMs = this.#untilMs(holding);
    const nowMs = this.#nowMs;
    if (nowMs < holding.deadlineMs && nowMs < untilMs) {
      holding.deadlineMs = untilMs;
      holding.value = this.#options.machine.record?.value ?? holding.value;
      return true;
    }
    const { node, group } = this.#options;
    const { term, leader } = group.status();
    const isDeposed = term !== holding.term || (leader !== 0 && leader !== node);
    this.#lose(isDeposed ? 'deposed' : 'expired');
    return false;
  }

  #lose(reason: LossReason): void {
    const holding = this.#holding;
    if (holding === null) return;
    this.#holding = null;
    this.#wakeIn(0);
    this.#events.lost(viewOf(holding), reason);
  }

  #applied(): void {
    const { record } = this.#options.machine;
    if (record === this.#toldRecord) return;
    this.#toldRecord = record;
    this.#events.record(record);
    this.#step();
  }

  /** Looks at where this node stands, and does what comes next. */
  #step(): void {
    if (this.#isClosed) return;
    this.#look();
    if (!this.#agrees()) return;
    const { role, term } = this.#options.group.status();
    const leads = role === 'leader';
    if (!leads || this.#attempt?.term !== term) this.#attempt = null;
    if (!leads || this.#grant?.term !== term) this.#grant = null;
    if (this.#grant === null) this.#leaseWait.rest();
    if (leads) this.#asLeader(term);
    else this.#asFollower();
    if (!this.#isClosed) this.#wakeIn(this.#waitMs());
  }

  /** A record of an earlier term says nothing: all may have been given other times since. */
  #agrees(): boolean {
    const record = this.presentRecord();
    if (record === null || isSameLease(record.lease, this.#lease)) return true;
    this.close();
    this.#options.leaseDiffers?.(record);
    return false;
  }

  #asLeader(term: Term): void {
    this.#leadRequest.rest();
    if (this.#holding !== null || this.#handOver.isUnderWay || this.#attempt !== null) return;
    if (this.#campaign === null) {
      this.#grant = null;
      this.#release(term);
    } else if (this.#grant !== null && this.#isOfRecord(this.#grant)) this.#begin(this.#grant);
    else if (this.#nowMs >= this.#retryAtMs) this.#lead(term, this.#campaign);
  }

  #isOfRecord({ token }: Grant): boolean {
    const { record } = this.#options.machine;
    return record !== null && record.token === token && record.held;
  }

  /** Unless there is no lease yet; then at a later step. */
  #begin(grant: Grant): void {
    const untilMs = this.#untilMs(grant);
    if (this.#nowMs >= untilMs) return this.#leaseWait.waits(this.#nowMs);
    const value = this.#options.machine.record?.value ?? new Uint8Array(0);
    const holding = { ...grant, value, deadlineMs: untilMs };
    this.#grant = null;
    this.#holding = holding;
    this.#events.elected(viewOf(holding));
  }

  #lead(term: Term, value: Uint8Array): void {
    const { node, generation } = this.#options;
    const attempt = { term };
    this.#attempt = attempt;
    const lease = this.#lease;
    this.#propose({ kind: 'lead', leader: node, term, generation, lease, value }, (_, applied) => {
      // Of another term: what it was granted is worth nothing any more.
      if (this.#attempt !== attempt) return;
      this.#attempt = null;
      const result = applied?.result;
      if (result?.outcome === 'led') this.#grant = { token: result.token, term };
      else this.#retryAtMs = this.#nowMs + this.#options.timing.heartbeatIntervalMs;
      this.#step();
    });
  }

  /** The log says that this node leads, and it will not: others need not wait. */
  #release(term: Term): void {
    const record = this.presentRecord();
    if (record?.leader !== this.#options.node || this.#nowMs < this.#retryAtMs) return;
    const attempt = { term };
    this.#attempt = attempt;
    this.#propose({ kind: 'resign', token: record.token }, () => {
      if (this.#attempt !== attempt) return;
      this.#attempt = null;
      this.#retryAtMs = this.#nowMs + this.#options.timing.heartbeatIntervalMs;
      this.#step();
    });
  }

  #asFollower(): void {
    const isFree = (): boolean => {
      const { role, leader } = this.#options.group.status();
      const mayAsk = this.#campaign !== null && !this.#handOver.isUnderWay && role !== 'leader';
      return mayAsk && leader !== 0 && this.presentRecord() === null;
    };
    const { term } = this.#options.group.status();
    const answered = (): void => this.#step();
    if (isFree()) this.#leadRequest.wait({ term, nowMs: this.#nowMs, isFree, answered });
    else this.#leadRequest.rest();
  }

  #giveUp(
    reason: 'resigned' | 'transferred',
    { to = null, workEnds = (then) => then() }: HandOverOptions,
    done: ElectorDone,
  ): void {
    const leads = this.#look();
    const grant = this.#holding;
    if (this.#handOver.isUnderWay) {
      this.#handOver.join(done);
    } else if (leads && grant !== null) {
      this.#handOver.join(done);
      this.#lose(reason);
      this.#events.afterwards(() => workEnds(once(() => this.#handOver.workEnded(grant, to))));
    } else {
      if (reason === 'transferred') this.#options.group.transferLeadership(to, done);
      else this.#options.timers.defer(() => done(null));
      this.#step();
    }
  }

  #propose(command: ElectionCommand, done: ProposeDone<ElectionResult>): void {
    this.#options.group.propose(encodeElectionCommand(command), done);
  }

  /** Until the next look at the latest; Infinity: something has to happen first. */
  #waitMs(): number {
    const { heartbeatIntervalMs } = this.#options.timing;
    const nowMs = this.#nowMs;
    // Half of what is left, so that a deadline that moves on is seen to, and one that does not, not
    // much later than it passes.
    if (this.#holding !== null) {
      return Math.min(heartbeatIntervalMs, Math.max(1, (this.#holding.deadlineMs - nowMs) / 2));
    }
    if (this.#grant !== null) return heartbeatIntervalMs / 4;
    const { role } = this.#options.group.status();
    if (role !== 'leader') return this.#leadRequest.dueMs - nowMs;
    const isIdle = this.#attempt !== null || this.#handOver.isUnderWay;
    return isIdle || this.#retryAtMs <= nowMs ? Number.POSITIVE_INFINITY : this.#retryAtMs - nowMs;
  }

  #wakeIn(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (delayMs === Number.POSITIVE_INFINITY || this.#isClosed) return;
    this.#timer = this.#options.timers.after(Math.max(0, delayMs), () => this.#step());
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closedError();
  }

  #notLeader(): Error {
    return notLeaderError(this.#options.node, this.presentRecord()?.leader ?? 0);
  }
}

function viewOf({ token, term, value, deadlineMs }: Holding): Leadership {
  return { token, term, value, deadlineMs };
}
