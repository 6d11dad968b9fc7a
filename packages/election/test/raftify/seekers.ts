import { Prng } from '@quorate/base';
import { decide, type Round } from '../../src/raftify/decision.ts';
import { digestOf, type FoundingPlan, type FoundingSet } from '../../src/raftify/founding-plan.ts';
import type { Hello } from '../../src/raftify/hello.ts';
import { nodeIdOf } from '../../src/raftify/node-id.ts';

interface Node {
  readonly id: string;
  plan: FoundingPlan;
  accepted: FoundingSet | null;
  /** The digest of the set that founded its group; null: it is of none. */
  group: string | null;
  answers: Map<string, Hello>;
}

export interface SeekersOptions {
  readonly seed: number;
  readonly maxNodes: number;
  /** Drawn for each configuration. */
  readonly leastExpect: number;
}

/**
 * Nodes that look for each other, each with a configuration that was drawn by itself, in any order
 * of questions, answers that are looked at late, lost ones, restarts, and configurations that are
 * changed on the way.
 */
export class Seekers {
  /** The digests of all sets that a group was founded with. */
  readonly founded = new Set<string>();
  readonly #prng: Prng;
  readonly #options: SeekersOptions;
  readonly #addresses: readonly string[];
  readonly #nodes: readonly Node[];
  readonly #common: Pick<FoundingPlan, 'all' | 'expect'>;

  constructor(options: SeekersOptions) {
    this.#options = options;
    this.#prng = new Prng(options.seed);
    this.#addresses = Array.from({ length: options.maxNodes }, (_, at) => `a${at}:1`);
    const drawn = this.#drawnPlan(this.#addresses[0] ?? '');
    this.#common = { all: drawn.all, expect: drawn.expect };
    this.#nodes = this.#addresses.map((address, at) => ({
      id: `n${at}`,
      plan: this.#planFor(address),
      accepted: null,
      group: null,
      answers: new Map(),
    }));
  }

  get joined(): number {
    return this.#nodes.filter(({ group }) => group !== null).length;
  }

  step(): void {
    const node = this.#oneOf(this.#nodes);
    if (node.group !== null) return;
    const chance = this.#prng.float();
    if (chance < 0.7) this.#ask(node);
    else if (chance < 0.97) this.#act(node);
    else this.#restart(node);
  }

  #ask(node: Node): void {
    const asked = this.#oneOf([...node.plan.all, ...(node.accepted?.all ?? [])]);
    const other = this.#nodes.find(({ plan }) => plan.own === asked);
    if (other === undefined || other === node || this.#prng.float() < 0.1) return;
    node.answers.set(asked, this.#hello(other));
  }

  #act(node: Node): void {
    const { id, plan, accepted } = node;
    const round: Round = { answers: new Map(node.answers), silent: new Map() };
    const decision = decide({ id, plan, accepted }, round);
    if (this.#prng.float() < 0.3) node.answers.clear();
    if (decision.kind === 'accept') node.accepted = decision.set;
    if (decision.kind === 'found') {
      node.group = digestOf(decision.set);
      this.founded.add(node.group);
    }
    if (decision.kind === 'join') {
      node.accepted = null;
      const contact = this.#nodes.find(({ plan: { own } }) => own === decision.contacts[0]);
      // It may stop before it was taken in.
      if (this.#prng.float() < 0.7) node.group = contact?.group ?? null;
    }
  }

  #restart(node: Node): void {
    node.answers.clear();
    if (this.#prng.float() < 0.5) node.plan = this.#planFor(node.plan.own);
  }

  #hello(node: Node): Hello {
    const { plan, accepted, group } = node;
    const members = group === null ? [] : this.#nodes.filter((other) => other.group === group);
    const open = accepted === null ? 'gathering' : 'accepted';
    return {
      id: node.id,
      address: plan.own,
      all: plan.all,
      expect: plan.expect,
      maxNodes: plan.maxNodes,
      performance: 1,
      phase: group === null ? open : 'member',
      accepted: accepted === null ? null : digestOf(accepted),
      isLost: false,
      // Founders are members before they open their part.
      members: [...new Set([...members.map(({ id }) => id), ...this.#foundersOf(members)])].map(
        (id) => ({ node: nodeIdOf(id), id, address: `a${id.slice(1)}:1` }),
      ),
    };
  }

  #foundersOf(members: readonly Node[]): readonly string[] {
    const founder = members.find(({ accepted, group }) => {
      return accepted !== null && digestOf(accepted) === group;
    });
    return founder?.accepted?.founders.map(({ id }) => id) ?? [];
  }

  /** Mostly what all others have. */
  #planFor(own: string): FoundingPlan {
    if (this.#prng.float() < 0.3) return this.#drawnPlan(own);
    const all = [...new Set([...this.#common.all, own])].sort();
    const expect = Math.min(this.#common.expect, all.length);
    return this.#plan(own, all, expect);
  }

  #drawnPlan(own: string): FoundingPlan {
    const { leastExpect, maxNodes } = this.#options;
    const others = this.#addresses.filter((address) => address !== own);
    const size = leastExpect + Math.floor(this.#prng.float() * (maxNodes - leastExpect + 1));
    while (others.length > size - 1) {
      others.splice(Math.floor(this.#prng.float() * others.length), 1);
    }
    const all = [own, ...others].sort();
    const expect = leastExpect + Math.floor(this.#prng.float() * (all.length - leastExpect + 1));
    return this.#plan(own, all, expect);
  }

  #plan(own: string, all: readonly string[], expect: number): FoundingPlan {
    const founders = all.slice(0, expect);
    return { own, all, founders, expect, maxNodes: this.#options.maxNodes, performance: 1 };
  }

  #oneOf<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#prng.float() * items.length)];
    if (item === undefined) throw new Error('there is one to draw');
    return item;
  }
}
