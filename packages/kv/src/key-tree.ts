// Above 200 lines because the B-tree's insert, remove and rebalance are one invariant.
import { assert } from '@quorate/base';
import { KeyColumn } from './key-column.ts';
import type { KeyEntry } from './key-entry.ts';
import { isEmptyInterval, type KeyInterval } from './key-range.ts';
import type { StoredKey } from './stored-key.ts';

const MOST_MEMBERS = 64;
const FEWEST_MEMBERS = 24;

/** Has bytes of its own, for the key may be removed and the separator stay. */
class Separator implements StoredKey {
  readonly bytes: Uint8Array;
  readonly offset = 0;

  constructor(entry: KeyEntry) {
    this.bytes = new Uint8Array(entry.key);
  }

  get length(): number {
    return this.bytes.length;
  }
}

class Leaf {
  readonly entries = new KeyColumn<KeyEntry>(MOST_MEMBERS + 1);
  /** How many of `entries` are live. */
  live = 0;
  previous: Leaf | null = null;
  next: Leaf | null = null;
}

class Branch {
  /** At least two. */
  children: Node[] = [];
  /** Each is above every key in the child of its number and at or below every one in the next. */
  readonly separators = new KeyColumn<Separator>(MOST_MEMBERS + 1);
  /** How many entries below are live. */
  live = 0;
}

type Node = Leaf | Branch;

interface Position {
  readonly leaf: Leaf;
  readonly at: number;
}

/**
 * The keys in order: a B+ tree. Why not a skip list or a balanced binary tree: 64 keys side by side
 * make few, short hops through memory. Every node counts the live keys below it, so that counting a
 * range, which every ranged read must, does not walk it.
 *
 * Nodes other than the root hold 24 to 64 members, except a last leaf: keys that arrive in order
 * (a restored snapshot) fill leaves completely instead of by half.
 */
export class KeyTree {
  #root: Node = new Leaf();
  /** The way to the leaf of the last `#descend`, root first, and which child was taken. */
  #path: Branch[] = [];
  #slots: number[] = [];
  #size = 0;

  /** Keys, dead ones that still have history included. */
  get size(): number {
    return this.#size;
  }

  get live(): number {
    return this.#root.live;
  }

  get(key: Uint8Array): KeyEntry | undefined {
    const { leaf, at } = this.#seek(key);
    return leaf.entries.has(at, key) ? leaf.entries.at(at) : undefined;
  }

  /** The entry is live and its key new. */
  insert(entry: KeyEntry): void {
    const { key } = entry;
    const leaf = this.#descend(key);
    leaf.entries.insert(leaf.entries.lowerBound(key), entry);
    this.#size++;
    this.#addLive(leaf, 1);
    if (leaf.entries.length > MOST_MEMBERS) this.#splitLeaf(leaf, entry);
  }

  /** The entry is here and dead. */
  remove(entry: KeyEntry): void {
    const { key } = entry;
    const leaf = this.#descend(key);
    const at = leaf.entries.lowerBound(key);
    assert(leaf.entries.at(at) === entry && !entry.live, 'only a dead key of this tree is removed');
    leaf.entries.remove(at);
    this.#size--;
    let node: Node = leaf;
    for (let depth = this.#path.length - 1; depth >= 0; depth--) {
      if (memberCount(node) >= FEWEST_MEMBERS) return;
      const parent = this.#path[depth] as Branch;
      joinOrShare(parent, Math.max(0, (this.#slots[depth] as number) - 1));
      node = parent;
    }
    if (this.#root instanceof Branch && this.#root.children.length === 1) {
      this.#root = this.#root.children[0] as Node;
    }
  }

  /** @param change 1: the key has come to life; -1: it has died */
  changeLive(key: Uint8Array, change: 1 | -1): void {
    this.#addLive(this.#descend(key), change);
  }

  /** @returns how many live keys are in the interval, in logarithmic time */
  countLive(interval: KeyInterval): number {
    if (isEmptyInterval(interval)) return 0;
    const before = this.#rank(interval.start);
    return (interval.end === null ? this.live : this.#rank(interval.end)) - before;
  }

  /**
   * Visits the entries of an interval in key order until `visit` returns false. The tree must not
   * gain or lose keys meanwhile.
   *
   * @param skipDead leaves without a live key are passed over; others still show their dead ones
   */
  ascend(interval: KeyInterval, skipDead: boolean, visit: (entry: KeyEntry) => boolean): void {
    if (isEmptyInterval(interval)) return;
    const from = this.#seek(interval.start);
    const to = interval.end === null ? null : this.#seek(interval.end);
    let start = from.at;
    for (let leaf: Leaf | null = from.leaf; leaf !== null; leaf = leaf.next) {
      const end = leaf === to?.leaf ? to.at : leaf.entries.length;
      for (let at = skipDead && leaf.live === 0 ? end : start; at < end; at++) {
        if (!visit(leaf.entries.at(at))) return;
      }
      if (leaf === to?.leaf) return;
      start = 0;
    }
  }

  /** As `ascend`, from the last key to the first. */
  descend(interval: KeyInterval, skipDead: boolean, visit: (entry: KeyEntry) => boolean): void {
    if (isEmptyInterval(interval)) return;
    const from = interval.end === null ? this.#last() : this.#seek(interval.end);
    const to = this.#seek(interval.start);
    let end = from.at;
    for (let leaf: Leaf | null = from.leaf; leaf !== null; leaf = leaf.previous) {
      const start = leaf === to.leaf ? to.at : 0;
      for (let at = skipDead && leaf.live === 0 ? start : end; at > start; at--) {
        if (!visit(leaf.entries.at(at - 1))) return;
      }
      if (leaf === to.leaf) return;
      end = leaf.previous === null ? 0 : leaf.previous.entries.length;
    }
  }

  #descend(key: Uint8Array): Leaf {
    this.#path.length = 0;
    this.#slots.length = 0;
    let node = this.#root;
    while (node instanceof Branch) {
      const slot = node.separators.upperBound(key);
      this.#path.push(node);
      this.#slots.push(slot);
      node = node.children[slot] as Node;
    }
    return node;
  }

  #addLive(leaf: Leaf, change: 1 | -1): void {
    leaf.live += change;
    for (const branch of this.#path) branch.live += change;
  }

  #seek(key: Uint8Array): Position {
    let node = this.#root;
    while (node instanceof Branch) node = node.children[node.separators.upperBound(key)] as Node;
    return { leaf: node, at: node.entries.lowerBound(key) };
  }

  #last(): Position {
    let node = this.#root;
    while (node instanceof Branch) node = node.children.at(-1) as Node;
    return { leaf: node, at: node.entries.length };
  }

  /** @returns how many live keys are below `key` */
  #rank(key: Uint8Array): number {
    let rank = 0;
    let node = this.#root;
    while (node instanceof Branch) {
      const slot = node.separators.upperBound(key);
      for (let i = 0; i < slot; i++) rank += (node.children[i] as Node).live;
      node = node.children[slot] as Node;
    }
    const at = node.entries.lowerBound(key);
    for (let i = 0; i < at; i++) if (node.entries.at(i).live) rank++;
    return rank;
  }

  #splitLeaf(leaf: Leaf, added: KeyEntry): void {
    const inOrder = leaf.next === null && leaf.entries.at(leaf.entries.length - 1) === added;
    const right = new Leaf();
    const cut = inOrder ? MOST_MEMBERS : MOST_MEMBERS / 2;
    right.entries.assign(leaf.entries.cutFrom(cut));
    right.live = countLive(right.entries);
    leaf.live -= right.live;
    right.next = leaf.next;
    right.previous = leaf;
    if (leaf.next !== null) leaf.next.previous = right;
    leaf.next = right;
    this.#adopt(leaf, right, new Separator(right.entries.at(0)));
  }

  /** Puts `right` beside `left`, splitting branches up to the root as needed. */
  #adopt(left: Node, right: Node, separator: Separator): void {
    for (let depth = this.#path.length - 1; depth >= 0; depth--) {
      const parent = this.#path[depth] as Branch;
      const slot = this.#slots[depth] as number;
      parent.children.splice(slot + 1, 0, right);
      parent.separators.insert(slot, separator);
      if (parent.children.length <= MOST_MEMBERS) return;
      const half = MOST_MEMBERS / 2;
      const sibling = new Branch();
      sibling.children = parent.children.splice(half);
      sibling.separators.assign(parent.separators.cutFrom(half));
      separator = parent.separators.at(half - 1);
      parent.separators.remove(half - 1);
      sibling.live = sumLive(sibling.children);
      parent.live -= sibling.live;
      left = parent;
      right = sibling;
    }
    const root = new Branch();
    root.children = [left, right];
    root.separators.assign([separator]);
    root.live = left.live + right.live;
    this.#root = root;
  }
}

function memberCount(node: Node): number {
  return node instanceof Branch ? node.children.length : node.entries.length;
}

function countLive(entries: KeyColumn<KeyEntry>): number {
  let live = 0;
  for (let at = 0; at < entries.length; at++) if (entries.at(at).live) live++;
  return live;
}

function sumLive(children: readonly Node[]): number {
  let live = 0;
  for (const child of children) live += child.live;
  return live;
}

/** Makes one node of two neighbours, or when that is too full, gives each half. */
function joinOrShare(parent: Branch, slot: number): void {
  const left = parent.children[slot] as Node;
  const right = parent.children[slot + 1] as Node;
  const joins = memberCount(left) + memberCount(right) <= MOST_MEMBERS;
  const live = left.live + right.live;
  let separator: Separator | null;
  if (left instanceof Leaf && right instanceof Leaf) {
    separator = spreadLeaves(left, right, joins);
  } else {
    assert(left instanceof Branch && right instanceof Branch, 'all leaves are at one depth');
    separator = spreadBranches(left, right, parent.separators.at(slot), joins);
  }
  parent.separators.remove(slot);
  if (separator === null) {
    parent.children.splice(slot + 1, 1);
    left.live = live;
  } else {
    parent.separators.insert(slot, separator);
    right.live = live - left.live;
  }
}

/** @returns what separates them now; null when all are in the left one */
function spreadLeaves(left: Leaf, right: Leaf, joins: boolean): Separator | null {
  const entries = [...left.entries.keys(), ...right.entries.keys()];
  const cut = joins ? entries.length : entries.length >>> 1;
  left.entries.assign(entries.slice(0, cut));
  left.live = countLive(left.entries);
  if (joins) {
    left.next = right.next;
    if (right.next !== null) right.next.previous = left;
    return null;
  }
  right.entries.assign(entries.slice(cut));
  return new Separator(right.entries.at(0));
}

/**
 * @param between the separator of the two
 * @returns what separates them now; null when all are in the left one
 */
function spreadBranches(
  left: Branch,
  right: Branch,
  between: Separator,
  joins: boolean,
): Separator | null {
  const separators = [...left.separators.keys(), between, ...right.separators.keys()];
  const children = [...left.children, ...right.children];
  const cut = joins ? children.length : children.length >>> 1;
  left.separators.assign(separators.slice(0, cut - 1));
  left.children = children.slice(0, cut);
  left.live = sumLive(left.children);
  if (joins) return null;
  right.separators.assign(separators.slice(cut));
  right.children = children.slice(cut);
  return separators[cut - 1] as Separator;
}
