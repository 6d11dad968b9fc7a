import type { Prng, Timers } from '@quorate/base';
import { type ElectionTiming, hostMembers, MemberKeeper, Rejoiner } from '@quorate/election/core';
import type { GroupId } from '@quorate/schema';
import type { SimulatedNode } from '@quorate/sim';
import type { MembersLog } from './members-log.ts';

export interface PartOfMembersOptions {
  readonly node: SimulatedNode;
  readonly host: NonNullable<SimulatedNode['host']>;
  readonly group: GroupId;
  readonly timing: ElectionTiming;
  readonly timers: Timers;
  readonly prng: Prng;
  readonly log: MembersLog;
}

/** Of one attempt to be taken in, and of leaving. */
const attemptMs = 2000;

/** One life of one node, as a member: removes the dead, comes back, and leaves. */
export class PartOfMembers {
  readonly #options: PartOfMembersOptions;

  constructor(options: PartOfMembersOptions) {
    this.#options = options;
    const { node, host, group, timing, timers, prng, log } = options;
    const common = {
      node: node.id,
      group: host.group(group),
      clock: node.world.clock,
      timers,
      timing,
      ...hostMembers(host, group, attemptMs),
    };
    new MemberKeeper({ ...common, rule: log.rule, removed: (removal) => log.removed(removal) });
    let wasOut = false;
    new Rejoiner({
      ...common,
      prng: prng.fork(),
      mayRejoin: () => !log.left.has(node.id),
      told: (membership) => {
        if (membership === 'member' && wasOut) log.cameBack();
        wasOut = membership !== 'member';
      },
    });
  }

  leave(): void {
    const { node, host, group, log } = this.#options;
    log.leaves(node.id);
    const steps = [{ kind: 'remove', id: node.id }] as const;
    host.changeMembers(group, steps, attemptMs, () => undefined);
  }

  /** From now on it asks to be taken in again where it has left. */
  stay(): void {
    this.#options.log.left.delete(this.#options.node.id);
  }
}
