import type { Timer } from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import type { ServiceOptions } from '../service-context.ts';
import { memberCommand } from './member-command.ts';
import { isLasting } from './member-view.ts';
import type { AddressOf } from './membership-port.ts';
import { addressOfUrl } from './peer-url.ts';

/** While there is something to do, or there will be soon. */
const lookEveryMs = 1000;
/** Nobody tells of changes of the configuration: what these leave behind is found by looking. */
const idleLookEveryMs = 10_000;

/** What belongs to no member is let be so long: somebody may be about to take the member in. */
const graceMs = 20_000;

/** Of the leader's log, as where operators ask for it. */
const caughtUpShare = 0.9;

interface Needs {
  readonly moved: readonly AddressOf[];
  /** A learner that may be given a vote. */
  readonly ready: NodeId | null;
  /** Of whom something is written down that no one needs. */
  readonly leftOver: NodeId | null;
  /** There is more to do, or there will be soon. */
  readonly isAwaited: boolean;
}

/**
 * What the leader sees to by itself: that the addresses in Raft's configuration follow what is
 * written down of the members, that nothing stays written down of who is no member, and, if it is
 * wanted, that learners that have caught up get a vote.
 */
export class MemberKeeper {
  readonly #options: ServiceOptions;
  /** When a record was first seen that belongs to no member. */
  readonly #leftOver = new Map<NodeId, number>();
  #timer: Timer | null = null;
  #isAsked = false;
  #isBusy = false;
  #isStopped = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
    const { group, machine } = options;
    group.onLeadership(() => this.#ask());
    machine.members.onChange(() => this.#ask());
    this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Soon, for it is asked from within others' turns. */
  #ask(): void {
    if (this.#isAsked || this.#isStopped) return;
    this.#isAsked = true;
    this.#options.timers.defer(() => {
      this.#isAsked = false;
      this.#look();
    });
  }

  #look(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const { group, timers } = this.#options;
    if (this.#isStopped) return;
    const { role, appliedIndex, configurationIndex } = group.status();
    if (role !== 'leader') {
      this.#leftOver.clear();
      return;
    }
    // What is written down here may be older than the configuration until so much is applied: a new
    // leader would move members back to where they were before.
    const isCurrent = appliedIndex >= configurationIndex;
    const needs = isCurrent ? this.#needs() : null;
    if (needs !== null && !this.#isBusy) this.#meet(needs);
    const isSoon = needs === null || needs.isAwaited;
    this.#timer = timers.after(isSoon ? lookEveryMs : idleLookEveryMs, () => this.#look());
  }

  #needs(): Needs {
    const moved = this.#moved();
    const learners = this.#options.autoPromoteLearners === true ? this.#learners() : [];
    const leftOver = this.#oldestLeftOver();
    const isAwaited = moved.length > 0 || learners.length > 0 || this.#leftOver.size > 0;
    return { moved, ready: learners.find((id) => this.#isReady(id)) ?? null, leftOver, isAwaited };
  }

  #meet({ moved, ready, leftOver }: Needs): void {
    const { membership, group } = this.#options;
    const over = (): void => {
      this.#isBusy = false;
    };
    this.#isBusy = true;
    if (moved.length > 0) membership.describe(moved, over);
    else if (ready !== null) {
      membership.change([{ kind: 'addVoter', id: ready }], { caughtUp: ready }, over);
    } else if (leftOver !== null) {
      group.propose(memberCommand({ kind: 'forget', member: leftOver }), over);
    } else over();
  }

  /** Whose peers look for it elsewhere than it is said to be. */
  #moved(): readonly AddressOf[] {
    const { group, machine } = this.#options;
    const { configuration } = group.status();
    const described = new Map(configuration.members.map((one) => [one.id, one.address] as const));
    return this.#ids().flatMap((id) => {
      const address = addressOfUrl(machine.members.of(id)?.peerUrls[0] ?? '');
      return address === '' || described.get(id) === address ? [] : [{ id, address }];
    });
  }

  /** That have started, and are to stay learners unless they are given a vote. */
  #learners(): readonly NodeId[] {
    const { group, machine } = this.#options;
    const { configuration } = group.status();
    return configuration.learners.filter(
      (id) => isLasting(configuration, id) && (machine.members.of(id)?.name ?? '') !== '',
    );
  }

  #isReady(id: NodeId): boolean {
    const { group, membership } = this.#options;
    return (membership.progressOf(id) ?? 0) >= caughtUpShare * group.status().lastIndex;
  }

  #oldestLeftOver(): NodeId | null {
    const { machine, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const members = new Set(this.#ids());
    for (const id of this.#leftOver.keys()) {
      if (members.has(id) || machine.members.of(id) === undefined) this.#leftOver.delete(id);
    }
    for (const id of machine.members.all.keys()) {
      if (!members.has(id) && !this.#leftOver.has(id)) this.#leftOver.set(id, nowMs);
    }
    for (const [id, sinceMs] of this.#leftOver) if (nowMs >= sinceMs + graceMs) return id;
    return null;
  }

  #ids(): readonly NodeId[] {
    const { voters, votersOutgoing, learners, learnersNext } =
      this.#options.group.status().configuration;
    return [...new Set([...voters, ...votersOutgoing, ...learners, ...learnersNext])];
  }
}
