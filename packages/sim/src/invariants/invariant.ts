import type { Effects } from '@quorate/raft';
import type { RaftView } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';

/** What must always hold was seen not to hold. The run ends; its seed reproduces it. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

/** One turn of one replica, as every invariant sees it. */
export interface Turn {
  readonly node: NodeId;
  readonly group: GroupId;
  readonly raft: RaftView;
  readonly effects: Effects;
  /** The first since the process started: the replica is as its disk had it. */
  readonly first: boolean;
  /** The node's monotonic clock, also later. */
  readonly clockMs: () => number;
}

/** Checks one property after every turn of every replica, remembering what it needs between. */
export interface Invariant {
  readonly name: string;
  /** @throws InvariantViolation */
  check(turn: Turn): void;
  /** The process of the node is gone, and with it what it believed. */
  crashed?(node: NodeId): void;
  /** Another machine without data is the node from now on: what it had promised is void. */
  replaced?(node: NodeId): void;
}

/**
 * A map from (group, number from 0). Arrays, since groups, nodes, terms and indexes of a run are
 * small, and each turn asks several times.
 */
export class GroupMap<Value> {
  readonly #groups: (Value | undefined)[][] = [];

  get(group: GroupId, key: number): Value | undefined {
    return this.#groups[group]?.[key];
  }

  set(group: GroupId, key: number, value: Value): void {
    const values = this.#groups[group];
    if (values === undefined) this.#add(group)[key] = value;
    else values[key] = value;
  }

  /** Forgets the key in all groups. */
  forget(key: number): void {
    for (const values of this.#groups) {
      if (values !== undefined && key < values.length) values[key] = undefined;
    }
  }

  #add(group: GroupId): (Value | undefined)[] {
    const values: (Value | undefined)[] = [];
    this.#groups[group] = values;
    return values;
  }
}
