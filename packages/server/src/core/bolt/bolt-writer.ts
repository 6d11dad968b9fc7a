import { assert, compareBytes } from '@quorate/base';
import {
  boltMagic,
  boltVersion,
  bucketBytes,
  bucketElement,
  elementBytes,
  fnv1a64,
  metaBytes,
  PageFlag,
  pageHeaderBytes,
  putPageHeader,
  putU64,
  viewOf,
} from './bolt-format.ts';

/** What every bbolt on a usual machine writes; readers take what the file says. */
const pageBytes = 4096;
/** Of a page's element count. */
const maxElements = 65_535;
/** Page 0 and 1 are meta data. */
const firstPage = 2;

interface Item {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly flags: number;
}

/** A page, by the least key in it. */
interface Below {
  readonly key: Uint8Array;
  readonly page: number;
}

/**
 * Writes a bbolt file from front to back: buckets in the order of their names, in each its keys in
 * order. Every page is full, as after a defragmentation. Holds one page of items and the least key
 * of each page, not the data.
 */
export class BoltWriter {
  readonly #emit: (bytes: Uint8Array) => void;
  readonly #buckets: Item[] = [];
  #nextPage = firstPage;
  #name: Uint8Array | null = null;
  #items: Item[] = [];
  #itemBytes = pageHeaderBytes;
  #leaves: Below[] = [];
  #lastKey: Uint8Array | null = null;

  /** @param emit given everything from page 2 on, in order; the bytes are its own */
  constructor(emit: (bytes: Uint8Array) => void) {
    this.#emit = emit;
  }

  /** What follows goes into this bucket, which comes after the one before in order. */
  bucket(name: Uint8Array): void {
    this.#endBucket();
    const before = this.#buckets.at(-1);
    assert(before === undefined || compareBytes(before.key, name) < 0, 'buckets come in order');
    this.#name = name;
  }

  /** @param key not empty; kept until the bucket's end, as `value` is until the page is full */
  put(key: Uint8Array, value: Uint8Array): void {
    assert(this.#name !== null, 'a key is put into a bucket');
    assert(key.length > 0, 'a key has at least one byte');
    assert(this.#lastKey === null || compareBytes(this.#lastKey, key) < 0, 'keys come in order');
    this.#lastKey = key;
    this.#add({ key, value, flags: 0 });
  }

  /** @returns what goes before everything that was emitted, and how long the file is then */
  finish(): { readonly head: Uint8Array; readonly bytes: number } {
    this.#endBucket();
    for (const item of this.#buckets) this.#add(item);
    const root = this.#endTree();
    const freeList = this.#writePage(PageFlag.freeList, 0, new Uint8Array(0));
    const head = new Uint8Array(firstPage * pageBytes);
    for (let page = 0; page < firstPage; page++) this.#putMeta(head, page, root, freeList);
    return { head, bytes: this.#nextPage * pageBytes };
  }

  #add(item: Item): void {
    const bytes = elementBytes + item.key.length + item.value.length;
    const isFull = this.#itemBytes + bytes > pageBytes || this.#items.length === maxElements;
    if (this.#items.length > 0 && isFull) this.#endLeaf();
    this.#items.push(item);
    this.#itemBytes += bytes;
  }

  #endBucket(): void {
    if (this.#name === null) return;
    const value = new Uint8Array(bucketBytes);
    putU64(viewOf(value), 0, this.#endTree());
    this.#buckets.push({ key: this.#name, value, flags: bucketElement });
    this.#name = null;
    this.#lastKey = null;
  }

  #endLeaf(): void {
    const items = this.#items;
    const body = new Uint8Array(this.#itemBytes - pageHeaderBytes);
    const view = viewOf(body);
    let data = items.length * elementBytes;
    for (const [at, { key, value, flags }] of items.entries()) {
      const element = at * elementBytes;
      view.setUint32(element, flags, true);
      view.setUint32(element + 4, data - element, true);
      view.setUint32(element + 8, key.length, true);
      view.setUint32(element + 12, value.length, true);
      body.set(key, data);
      body.set(value, data + key.length);
      data += key.length + value.length;
    }
    const page = this.#writePage(PageFlag.leaf, items.length, body);
    this.#leaves.push({ key: items[0]?.key ?? new Uint8Array(0), page });
    this.#items = [];
    this.#itemBytes = pageHeaderBytes;
  }

  /** @returns the root page of the tree over what was added since the last */
  #endTree(): number {
    if (this.#items.length > 0 || this.#leaves.length === 0) this.#endLeaf();
    let level = this.#leaves;
    this.#leaves = [];
    while (level.length > 1) level = this.#writeBranches(level);
    return (level[0] as Below).page;
  }

  #writeBranches(below: readonly Below[]): Below[] {
    const above: Below[] = [];
    let first = 0;
    let bytes = pageHeaderBytes;
    for (let at = 0; at <= below.length; at++) {
      const next = below[at];
      const more = next === undefined ? 0 : elementBytes + next.key.length;
      // Two at least, so that each level is smaller than the one below it.
      const isFull = bytes + more > pageBytes && at - first >= 2;
      if (next === undefined || isFull) {
        above.push(this.#writeBranch(below.slice(first, at)));
        first = at;
        bytes = pageHeaderBytes;
      }
      bytes += more;
    }
    return above;
  }

  #writeBranch(below: readonly Below[]): Below {
    let data = below.length * elementBytes;
    const body = new Uint8Array(below.reduce((sum, { key }) => sum + key.length, data));
    const view = viewOf(body);
    for (const [at, { key, page }] of below.entries()) {
      const element = at * elementBytes;
      view.setUint32(element, data - element, true);
      view.setUint32(element + 4, key.length, true);
      putU64(view, element + 8, page);
      body.set(key, data);
      data += key.length;
    }
    const page = this.#writePage(PageFlag.branch, below.length, body);
    return { key: (below[0] as Below).key, page };
  }

  #writePage(flags: number, count: number, body: Uint8Array): number {
    const id = this.#nextPage;
    const pages = Math.ceil((pageHeaderBytes + body.length) / pageBytes);
    const bytes = new Uint8Array(pages * pageBytes);
    putPageHeader(viewOf(bytes), 0, { id, flags, count, overflow: pages - 1 });
    bytes.set(body, pageHeaderBytes);
    this.#nextPage += pages;
    this.#emit(bytes);
    return id;
  }

  #putMeta(head: Uint8Array, id: number, root: number, freeList: number): void {
    const at = id * pageBytes;
    const view = viewOf(head);
    putPageHeader(view, at, { id, flags: PageFlag.meta, count: 0, overflow: 0 });
    const meta = at + pageHeaderBytes;
    view.setUint32(meta, boltMagic, true);
    view.setUint32(meta + 4, boltVersion, true);
    view.setUint32(meta + 8, pageBytes, true);
    putU64(view, meta + 16, root);
    putU64(view, meta + 32, freeList);
    putU64(view, meta + 40, this.#nextPage);
    putU64(view, meta + 48, id);
    const checked = head.subarray(meta, meta + metaBytes - 8);
    view.setBigUint64(meta + metaBytes - 8, fnv1a64(checked), true);
  }
}
