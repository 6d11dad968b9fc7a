import type { Logger, Prng } from '@quorate/base';
import { HostError } from '@quorate/host';
import { type OpenedMember, timers } from '@quorate/node';
import { RuntimeError } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import { calledBack } from '../called-back.ts';
import { ElectionError, type ElectionErrorMetadata } from '../core/election-error.ts';
import type { ElectionTiming } from '../core/election-timing.ts';
import type { RemovalRule } from '../core/members/dead-voter.ts';
import { hostMembers } from '../core/members/host-members.ts';
import { MemberKeeper, type Removal } from '../core/members/member-keeper.ts';
import { type Membership, Rejoiner } from '../core/members/rejoiner.ts';
import type { LeaveMark } from './leave-mark.ts';

export interface ElectionMembersParts {
  readonly member: OpenedMember;
  /** The election's first. */
  readonly groupNames: readonly string[];
  readonly prng: Prng;
  readonly logger: Logger;
  readonly timing: ElectionTiming;
  /** Null: dead nodes stay members. */
  readonly rule: RemovalRule | null;
  readonly rejoins: boolean;
  readonly mark: LeaveMark;
  /** Of leaving, and of one attempt to be taken in again. */
  readonly timeoutMs: number;
}

/** A new leader hears of who lives within so many election timeouts. */
const settleTimeouts = 10;

interface KeptMembers {
  readonly group: GroupId;
  readonly keeper: MemberKeeper | null;
  readonly rejoiner: Rejoiner;
}

/** Who is in the groups of an open election: removes the dead, comes back, and leaves. */
export class ElectionMembers {
  readonly #parts: ElectionMembersParts;
  readonly #groups: readonly KeptMembers[];
  #isLeaving = false;
  /** To leave has failed, and some of it may have been done. */
  #wantsBack = false;

  constructor(parts: ElectionMembersParts) {
    this.#parts = parts;
    this.#groups = parts.groupNames.map((name) => this.#keep(name));
  }

  /** As it is in the worst of the groups. */
  get membership(): Membership {
    const all = this.#groups.map(({ rejoiner }) => rejoiner.membership);
    return all.find((one) => one === 'out') ?? all.find((one) => one === 'rejoin') ?? 'member';
  }

  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Unless others would be left without a voter. @throws ElectionError ELECTION_LEAVE_REFUSED */
  checkLeave(): void {
    const { host, nodeId } = this.#parts.member;
    for (const { group } of this.#groups) {
      const { voters } = host.group(group).status().configuration;
      if (voters.length === 1 && voters[0] === nodeId) throw lastVoterError(nodeId);
    }
  }

  /**
   * Has this node removed from all groups. While that is under way it does not ask to come back.
   *
   * @throws ElectionError ELECTION_LEAVE_REFUSED; HostError HOST_CLUSTER_UNREACHABLE when nobody
   *   has confirmed it in time: it may be removed all the same, and then asks to come back
   */
  async leave(): Promise<void> {
    const { mark } = this.#parts;
    this.#isLeaving = true;
    try {
      mark.set('leaving');
      // The election's last: as long as it is in that, a part is a part.
      for (const { group } of [...this.#groups].reverse()) await this.#leaveGroup(group);
      mark.set('left');
    } catch (error) {
      this.#isLeaving = false;
      this.#wantsBack = true;
      mark.clear();
      throw error;
    }
  }

  /**
   * Has another node removed from all groups.
   *
   * @throws RuntimeError RUNTIME_CHANGE_REFUSED; HostError HOST_CLUSTER_UNREACHABLE
   */
  async remove(id: NodeId): Promise<void> {
    const { member, timeoutMs } = this.#parts;
    for (const { group } of [...this.#groups].reverse()) {
      await calledBack((done) => {
        member.host.changeMembers(group, [{ kind: 'remove', id }], timeoutMs, (error) =>
          done(error),
        );
      });
    }
  }

  /** Nothing is begun any more. Idempotent. */
  close(): void {
    for (const { keeper, rejoiner } of this.#groups) {
      keeper?.close();
      rejoiner.close();
    }
  }

  #keep(name: string): KeptMembers {
    const { member, prng, timing, rule, timeoutMs } = this.#parts;
    const { host, nodeId: node, clock } = member;
    const { group } = member.group(name).status();
    const questions = hostMembers(host, group, timeoutMs);
    const common = { node, group: host.group(group), clock, timers, timing, ...questions };
    const removed = (removal: Removal): void => this.#removed(name, removal);
    const keeper = rule === null ? null : new MemberKeeper({ ...common, rule, removed });
    const rejoiner = new Rejoiner({
      ...common,
      prng: prng.fork(),
      mayRejoin: () => this.#mayRejoin(),
      told: (membership, error) => this.#told(name, membership, error),
    });
    return { group, keeper, rejoiner };
  }

  #mayRejoin(): boolean {
    const { rejoins, mark } = this.#parts;
    return (rejoins || this.#wantsBack) && mark.state === null && !this.#isLeaving;
  }

  async #leaveGroup(group: GroupId): Promise<void> {
    const { member, timing, timeoutMs } = this.#parts;
    const { host, nodeId: id, clock } = member;
    const steps = [{ kind: 'remove', id }] as const;
    let untilMs: number | null = null;
    for (;;) {
      const left = Promise.withResolvers<Error | null>();
      host.changeMembers(group, steps, timeoutMs, left.resolve, { majorityHeard: true });
      const error = await left.promise;
      if (error === null) return;
      const nowMs = clock.monotonicMs();
      untilMs ??= nowMs + settleTimeouts * timing.electionTimeoutMs;
      if (!isUnsettled(error) || nowMs >= untilMs) throw leaveError(id, error);
      await new Promise<void>((fulfil) => {
        timers.after(timing.electionTimeoutMs, fulfil);
      });
    }
  }

  #removed(group: string, { id, silentMs, voters }: Removal): void {
    this.#parts.logger.warn('dead node removed', {
      group,
      node: id,
      silentMs: Math.round(silentMs),
      voters: voters.join(' '),
    });
  }

  #told(group: string, membership: Membership, error: Error | null): void {
    const { logger, member, mark } = this.#parts;
    if (this.#isLeaving) return;
    if (error !== null) {
      logger.warn('not taken in again yet', { group, reason: error.message });
    } else if (membership === 'member') {
      logger.info('has a part in the election again', { group });
    } else if (membership === 'rejoin') {
      logger.warn('was removed while it was away: asks to be taken in again', { group });
    } else {
      const { lastIndex } = member.group(group).status();
      logger.warn('is no member of the election', {
        group,
        advice: adviceOut(mark.state !== null, lastIndex === 0),
      });
    }
  }
}

function adviceOut(hasLeft: boolean, isEmpty: boolean): string {
  if (hasLeft) return 'it has left: open it with join to have it taken in again';
  if (isEmpty) {
    return (
      'its directory is new, and the others go on without it: open it with join instead of ' +
      'peers, under a new id if it ever voted from another directory'
    );
  }
  return 'it was removed: open it with join, or with rejoin, to have it taken in again';
}

type LeaveRefusal = ElectionErrorMetadata['ELECTION_LEAVE_REFUSED']['reason'];

/** Whoever leads has not heard enough of the others yet, or they are gone. */
function isUnsettled(error: Error): boolean {
  if (!(error instanceof HostError) || error.code !== 'HOST_REQUEST_REFUSED') return false;
  return (error as HostError<'HOST_REQUEST_REFUSED'>).metadata.code === 'VOTERS_SILENT';
}

function refusalOf(error: Error): LeaveRefusal | null {
  if (isUnsettled(error)) return 'quorumAtRisk';
  if (!(error instanceof RuntimeError) || error.code !== 'RUNTIME_CHANGE_REFUSED') return null;
  return (error as RuntimeError<'RUNTIME_CHANGE_REFUSED'>).metadata.reason;
}

function leaveError(id: number, error: Error): Error {
  const reason = refusalOf(error);
  if (reason === null) return error;
  if (reason === 'noVoters') return lastVoterError(id);
  const message =
    `node ${id} cannot leave now (${reason}): ${error.message} It stays a member. ` +
    'To stop it without leaving, close it.';
  return new ElectionError('ELECTION_LEAVE_REFUSED', message, { reason }, { cause: error });
}

function lastVoterError(id: number): ElectionError {
  const message =
    `node ${id} cannot leave: it is the only voter, so nobody could let it go. Close it instead, ` +
    'and remove its directory if the election is to end';
  return new ElectionError('ELECTION_LEAVE_REFUSED', message, { reason: 'noVoters' });
}
