import { compareBytes, type Prng } from '@quorate/base';

/** A half-open interval of keys; an end of null: no end. */
export interface Interval {
  readonly start: Uint8Array;
  readonly end: Uint8Array | null;
}

interface Node<Item> extends Interval {
  readonly items: Set<Item>;
  readonly priority: number;
  left: Node<Item> | null;
  right: Node<Item> | null;
  /** The highest end in this subtree; null: none ends. */
  highest: Uint8Array | null;
}

/**
 * Finds the intervals that hold a key in logarithmic time and what it finds. A treap by start and
 * end whose subtrees know their highest end (Cormen et al., Introduction to Algorithms, 14.3).
 * Items of one interval share a node.
 */
export class IntervalTree<Item> {
  readonly #prng: Prng;
  #root: Node<Item> | null = null;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  add(interval: Interval, item: Item): void {
    const node = this.#find(interval);
    if (node !== null) {
      node.items.add(item);
      return;
    }
    this.#root = insert(this.#root, {
      start: interval.start,
      end: interval.end,
      items: new Set([item]),
      priority: this.#prng.uint32(),
      left: null,
      right: null,
      highest: interval.end,
    });
  }

  delete(interval: Interval, item: Item): void {
    const node = this.#find(interval);
    if (node === null) return;
    node.items.delete(item);
    if (node.items.size === 0) this.#root = remove(this.#root, node);
  }

  /** Visits the items of all intervals that hold `key`; what it visits must not change the tree. */
  visit(key: Uint8Array, visit: (item: Item) => void): void {
    stab(this.#root, key, visit);
  }

  #find(interval: Interval): Node<Item> | null {
    let node = this.#root;
    while (node !== null) {
      const order = compareIntervals(interval, node);
      if (order === 0) return node;
      node = order < 0 ? node.left : node.right;
    }
    return null;
  }
}

function compareIntervals(a: Interval, b: Interval): number {
  const order = compareBytes(a.start, b.start);
  return order === 0 ? compareEnds(a.end, b.end) : order;
}

function compareEnds(a: Uint8Array | null, b: Uint8Array | null): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
  return compareBytes(a, b);
}

function isBefore(key: Uint8Array, end: Uint8Array | null): boolean {
  return end === null || compareBytes(key, end) < 0;
}

function measure<Item>(node: Node<Item>): void {
  let highest = node.end;
  for (const child of [node.left, node.right]) {
    if (child !== null && compareEnds(child.highest, highest) > 0) highest = child.highest;
  }
  node.highest = highest;
}

function insert<Item>(node: Node<Item> | null, fresh: Node<Item>): Node<Item> {
  if (node === null) return fresh;
  if (compareIntervals(fresh, node) < 0) {
    node.left = insert(node.left, fresh);
    if (node.left.priority > node.priority) return rotateRight(node, node.left);
  } else {
    node.right = insert(node.right, fresh);
    if (node.right.priority > node.priority) return rotateLeft(node, node.right);
  }
  measure(node);
  return node;
}

function rotateRight<Item>(node: Node<Item>, left: Node<Item>): Node<Item> {
  node.left = left.right;
  left.right = node;
  measure(node);
  measure(left);
  return left;
}

function rotateLeft<Item>(node: Node<Item>, right: Node<Item>): Node<Item> {
  node.right = right.left;
  right.left = node;
  measure(node);
  measure(right);
  return right;
}

function remove<Item>(node: Node<Item> | null, gone: Node<Item>): Node<Item> | null {
  if (node === null) return null;
  if (node === gone) return merge(node.left, node.right);
  if (compareIntervals(gone, node) < 0) node.left = remove(node.left, gone);
  else node.right = remove(node.right, gone);
  measure(node);
  return node;
}

function merge<Item>(left: Node<Item> | null, right: Node<Item> | null): Node<Item> | null {
  if (left === null || right === null) return left ?? right;
  if (left.priority > right.priority) {
    left.right = merge(left.right, right);
    measure(left);
    return left;
  }
  right.left = merge(left, right.left);
  measure(right);
  return right;
}

function stab<Item>(node: Node<Item> | null, key: Uint8Array, visit: (item: Item) => void): void {
  if (node === null || !isBefore(key, node.highest)) return;
  stab(node.left, key, visit);
  if (compareBytes(node.start, key) > 0) return;
  if (isBefore(key, node.end)) for (const item of node.items) visit(item);
  stab(node.right, key, visit);
}
