import type { Removal, RemovalRule } from '@quorate/election/core';
import type { Configuration, NodeId } from '@quorate/schema';
import { InvariantViolation } from '@quorate/sim';

/** Who is, was and wants to be a member, seen from above. */
export class MembersLog {
  readonly rule: RemovalRule;
  /** Those that have left by themselves, and are to stay away. */
  readonly left = new Set<NodeId>();
  /** Those that ever left, or wanted to: each may have made the set one smaller than the floor. */
  readonly #leavers = new Set<NodeId>();
  readonly #fail: (error: Error) => void;
  #removals = 0;
  #rejoined = 0;

  /** @param fail is told of an InvariantViolation */
  constructor(rule: RemovalRule, fail: (error: Error) => void) {
    this.rule = rule;
    this.#fail = fail;
  }

  /** Dead voters that were removed. */
  get removals(): number {
    return this.#removals;
  }

  /** How often a node that had been removed was a member again. */
  get rejoined(): number {
    return this.#rejoined;
  }

  leaves(node: NodeId): void {
    this.left.add(node);
    this.#leavers.add(node);
  }

  cameBack(): void {
    this.#rejoined += 1;
  }

  removed({ id, voters }: Removal): void {
    this.#removals += 1;
    if (voters.length >= this.rule.floor) return;
    const why = `node ${id} was removed and leaves ${voters.length} of at least ${this.rule.floor}`;
    this.#fail(new InvariantViolation('never below the floor', why));
  }

  /** @param configuration one that is committed */
  committed({ voters, votersOutgoing }: Configuration): void {
    const least = Math.max(1, this.rule.floor - this.#leavers.size);
    if (voters.length >= least || votersOutgoing.length > 0) return;
    const why = `the voters are ${voters.join(' ')}, at least ${least} have to be left`;
    this.#fail(new InvariantViolation('never below the floor', why));
  }
}
