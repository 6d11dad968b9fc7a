import type { Clock, Timer, Timers } from '@quorate/base';
import type { GroupHandle } from '@quorate/runtime';
import type { Configuration, NodeId, Term } from '@quorate/schema';
import type { ElectionTiming } from '../election-timing.ts';
import { majorityOf, type RemovalRule, voterToRemove } from './dead-voter.ts';

/** What a keeper asks of its replica; `Host.group` gives it whole. */
export type KeptGroup = Pick<
  GroupHandle<unknown>,
  'status' | 'heardMs' | 'leaseUntilMs' | 'changeMembership' | 'onLeadership'
>;

/** A voter that was removed, for good until it asks to be taken in again. */
export interface Removal {
  readonly id: NodeId;
  /** For how long this leader had not heard it. */
  readonly silentMs: number;
  /** Those that are left. */
  readonly voters: readonly NodeId[];
}

/** What a keeper is made of: its replica, its rule, and how it asks others. */
export interface MemberKeeperOptions {
  readonly node: NodeId;
  /** With leader leases, and never asleep (`quiesceAfterMs: null`). */
  readonly group: KeptGroup;
  /** The one that the replica goes by. */
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Pick<Timers, 'after'>;
  readonly timing: Pick<ElectionTiming, 'electionTimeoutMs'>;
  readonly rule: RemovalRule;
  /**
   * Asks one voter whether another node answers it, as `Host.askAbout` does; null when that voter
   * does not say. `done` exactly once.
   */
  readonly askAbout: (
    voter: NodeId,
    about: NodeId,
    done: (answers: boolean | null) => void,
  ) => void;
  /** Told once a removal that was begun here is committed. */
  readonly removed?: (removal: Removal) => void;
}

/** After evidence was missing, or a change was refused: so many election timeouts. */
const retryTimeouts = 5;

/** Where a configuration was looked at; what was found out holds for no other. */
interface Moment {
  readonly term: Term;
  readonly configurationIndex: number;
}

/**
 * Has voters that are dead removed from the group while this node leads it, one at a time, by
 * ordinary changes of the configuration: so what decides is a committed set of voters, always.
 *
 * A voter is removed when this leader has not heard it for `afterMs` and a majority of the voters,
 * this one included, does not reach it either (rule 8: one bad link must not evict a healthy node);
 * see `voterToRemove` for the rest. The wait begins anew with each leadership, and nothing is
 * proposed without a lease: so a majority has just answered, and an entry of this term is
 * committed.
 */
export class MemberKeeper {
  readonly #options: MemberKeeperOptions;
  /** The leadership that the waits count from; null: this node does not lead the group. */
  #leading: { readonly term: Term; readonly sinceMs: number } | null = null;
  /** Others are being asked, or a change is under way. */
  #isBusy = false;
  /** When others said last that they reach a voter which this leader did not hear. */
  readonly #vouchedMs = new Map<NodeId, number>();
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(options: MemberKeeperOptions) {
    this.#options = options;
    options.group.onLeadership(() => this.#look());
    this.#look();
  }

  /** Nothing is begun any more; a change that is under way goes on. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #look(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#isClosed) return;
    const { role, term } = this.#options.group.status();
    if (role !== 'leader') {
      this.#leading = null;
      return;
    }
    if (this.#leading?.term !== term) {
      this.#leading = { term, sinceMs: this.#nowMs };
      this.#vouchedMs.clear();
    }
    if (!this.#isBusy && this.#nowMs >= this.#retryAtMs) {
      const suspect = this.#suspect();
      if (suspect !== null) this.#inquire(suspect);
    }
    this.#timer = this.#options.timers.after(this.#waitMs(), () => this.#look());
  }

  /** Whoever is to be removed, if others confirm it; null: nobody, or not now. */
  #suspect(): NodeId | null {
    const { group, rule, timing } = this.#options;
    const { configuration } = group.status();
    if (!this.#mayChange()) return null;
    const { electionTimeoutMs } = timing;
    const silentMs = (id: NodeId): number => this.#silentMs(id);
    const absentMs = (id: NodeId): number => this.#absentMs(id);
    const { voters } = configuration;
    return voterToRemove({ voters, silentMs, absentMs, electionTimeoutMs }, rule);
  }

  #mayChange(): boolean {
    const { group } = this.#options;
    const { role, term, configuration, configurationIndex, commitIndex } = group.status();
    if (role !== 'leader' || term !== this.#leading?.term) return false;
    if (configuration.votersOutgoing.length > 0 || configurationIndex > commitIndex) return false;
    // Sizes of its own somebody has chosen for these very voters.
    if (configuration.quorum !== null) return false;
    return (group.leaseUntilMs() ?? Number.NEGATIVE_INFINITY) > this.#nowMs;
  }

  #silentMs(id: NodeId): number {
    const { node, group } = this.#options;
    if (id === node) return 0;
    // What was heard under an earlier leadership is of no use: the wait begins anew.
    const sinceMs = this.#leading?.sinceMs ?? this.#nowMs;
    const heardMs = Math.max(group.heardMs(id) ?? sinceMs, sinceMs);
    return Math.max(0, this.#nowMs - heardMs);
  }

  /** That others reach it counts as a sign of life, and the wait begins anew. */
  #absentMs(id: NodeId): number {
    const vouchedMs = this.#vouchedMs.get(id) ?? Number.NEGATIVE_INFINITY;
    return Math.min(this.#silentMs(id), this.#nowMs - vouchedMs);
  }

  /** Asks the other voters about it, and has it removed if enough do not reach it either. */
  #inquire(suspect: NodeId): void {
    const { node, group, rule, askAbout } = this.#options;
    const { voters } = group.status().configuration;
    const needed = majorityOf(voters.length);
    const witnesses = voters.filter((id) => id !== node && this.#silentMs(id) < rule.afterMs);
    const moment = this.#moment();
    this.#isBusy = true;
    // This leader's own evidence is one of them.
    let missing = 1;
    let waiting = witnesses.length;
    let isVouchedFor = false;
    let isDecided = false;
    const decide = (): void => {
      if (isDecided || (missing < needed && waiting > 0)) return;
      isDecided = true;
      if (missing >= needed) {
        this.#remove(suspect, moment);
        return;
      }
      if (isVouchedFor) this.#vouchedMs.set(suspect, this.#nowMs);
      this.#rest();
    };
    for (const witness of witnesses) {
      askAbout(witness, suspect, (answers) => {
        waiting -= 1;
        if (answers === false) missing += 1;
        if (answers === true) isVouchedFor = true;
        decide();
      });
    }
    decide();
  }

  #moment(): Moment {
    const { term, configurationIndex } = this.#options.group.status();
    return { term, configurationIndex };
  }

  #remove(suspect: NodeId, asked: Moment): void {
    const { group, removed } = this.#options;
    const { term, configurationIndex } = this.#moment();
    const isSame = term === asked.term && configurationIndex === asked.configurationIndex;
    // It, or others, may have been heard in the meantime.
    if (this.#isClosed || !isSame || this.#suspect() !== suspect) {
      this.#rest();
      return;
    }
    const silentMs = this.#silentMs(suspect);
    const voters = votersWithout(group.status().configuration, suspect);
    group.changeMembership({ steps: [{ kind: 'remove', id: suspect }] }, (error) => {
      if (error === null) removed?.({ id: suspect, silentMs, voters });
      // Refused, or nobody knows: what is in the log is looked at before anything else is proposed.
      this.#rest(error === null ? 1 : retryTimeouts);
    });
  }

  #rest(timeouts = retryTimeouts): void {
    const { electionTimeoutMs } = this.#options.timing;
    this.#isBusy = false;
    this.#retryAtMs = this.#nowMs + timeouts * electionTimeoutMs;
    this.#look();
  }

  /** Until a voter may have been silent for long enough, but for what is tried again before. */
  #waitMs(): number {
    const { group, rule, timing } = this.#options;
    const { voters } = group.status().configuration;
    const longestMs = Math.max(0, ...voters.map((id) => this.#absentMs(id)));
    const dueMs = rule.afterMs - longestMs;
    const retryMs = this.#retryAtMs - this.#nowMs;
    return Math.max(timing.electionTimeoutMs, dueMs, retryMs);
  }
}

function votersWithout({ voters }: Configuration, id: NodeId): readonly NodeId[] {
  return voters.filter((voter) => voter !== id);
}
