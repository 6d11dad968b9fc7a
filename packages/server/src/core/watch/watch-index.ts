import type { Prng } from '@quorate/base';
import { IntervalTree } from './interval-tree.ts';
import type { Watched } from './watched.ts';

/** So many arguments a call takes anywhere. */
const stretchBytes = 4096;

/** A key as text, a character a byte: a map hashes that in a way nobody can foresee. */
function textOf(key: Uint8Array): string {
  if (key.length <= stretchBytes) return Reflect.apply(String.fromCharCode, null, key);
  let text = '';
  for (let at = 0; at < key.length; at += stretchBytes) {
    text += String.fromCharCode(...key.subarray(at, at + stretchBytes));
  }
  return text;
}

/** Finds who watches a key: single keys by a map, intervals by a tree. */
export class WatchIndex<Item extends { readonly watched: Watched }> {
  readonly #byKey = new Map<string, Set<Item>>();
  readonly #intervals: IntervalTree<Item>;

  constructor(prng: Prng) {
    this.#intervals = new IntervalTree(prng);
  }

  add(item: Item): void {
    const { watched } = item;
    if (!watched.isSingle) {
      this.#intervals.add(watched, item);
      return;
    }
    const key = textOf(watched.start);
    const items = this.#byKey.get(key);
    if (items === undefined) this.#byKey.set(key, new Set([item]));
    else items.add(item);
  }

  delete(item: Item): void {
    const { watched } = item;
    if (!watched.isSingle) {
      this.#intervals.delete(watched, item);
      return;
    }
    const key = textOf(watched.start);
    const items = this.#byKey.get(key);
    items?.delete(item);
    if (items?.size === 0) this.#byKey.delete(key);
  }

  /** What it visits must not change the index. */
  visit(key: Uint8Array, visit: (item: Item) => void): void {
    if (this.#byKey.size > 0) {
      const items = this.#byKey.get(textOf(key));
      if (items !== undefined) for (const item of items) visit(item);
    }
    this.#intervals.visit(key, visit);
  }
}
