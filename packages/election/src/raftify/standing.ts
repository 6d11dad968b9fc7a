import type { Logger } from '@quorate/base';
import type { Election } from '../election.ts';
import type { FoundingFile } from './founding-file.ts';
import { digestOf, type FoundingPlan } from './founding-plan.ts';
import { decodeHello, encodeHello, type Hello, type NamedMember, type Phase } from './hello.ts';
import type { Roster } from './roster.ts';

export interface StandingOptions {
  readonly id: string;
  readonly plan: FoundingPlan;
  readonly file: FoundingFile;
  readonly roster: Roster;
  readonly logger: Logger;
}

/** What this node tells others of itself at any moment. */
export class Standing {
  readonly #options: StandingOptions;
  readonly #toldOf = new Set<string>();
  /** From before it could vote for the first time, to the end. */
  isMember = false;
  election: Election | null = null;
  /** A group counts on votes that this node has lost. */
  isLost = false;
  /** Told of each question of a node that is lost. */
  onLost: ((asker: Hello) => void) | null = null;

  constructor(options: StandingOptions) {
    this.#options = options;
  }

  hello(): Hello {
    const { id, plan, file } = this.#options;
    const accepted = file.record?.accepted ?? null;
    return {
      id,
      address: plan.own,
      all: plan.all,
      expect: plan.expect,
      maxNodes: plan.maxNodes,
      performance: plan.performance,
      phase: this.#phase,
      accepted: accepted === null ? null : digestOf(accepted),
      isLost: this.isLost,
      members: this.#members(),
    };
  }

  /** @returns null: that was no question */
  answer(question: Uint8Array): Uint8Array | null {
    const asker = decodeHello(question);
    if (asker === null) return null;
    this.#options.roster.learn(asker);
    this.#compare(asker);
    if (asker.isLost) this.onLost?.(asker);
    return encodeHello(this.hello());
  }

  get #phase(): Phase {
    if (this.isMember) return 'member';
    return this.#options.file.record?.accepted == null ? 'gathering' : 'accepted';
  }

  #members(): readonly NamedMember[] {
    const members = this.election?.members() ?? [];
    return members.map(({ id, address }) => ({
      node: id,
      id: this.#options.roster.idOf(id),
      address,
    }));
  }

  /** It would be wrong to serve under two timings: a leader trusts the voters' patience. */
  #compare({ id, address, performance }: Hello): void {
    const { plan, logger } = this.#options;
    if (!this.isMember || performance === plan.performance || this.#toldOf.has(address)) return;
    if (this.#toldOf.size < plan.maxNodes) this.#toldOf.add(address);
    logger.error('performance differs', {
      node: id,
      address,
      there: performance,
      here: plan.performance,
      advice: 'stop all nodes, give them the same performance, and start them again',
    });
  }
}
