import { compareBytes, equalBytes } from '@quorate/base';
import { ServerError } from '../server-error.ts';
import {
  boltMagic,
  boltVersion,
  bucketBytes,
  bucketElement,
  elementBytes,
  fnv1a64,
  maxPage,
  metaBytes,
  PageFlag,
  type PageHeader,
  pageHeaderBytes,
  readPageHeader,
  readU64,
  viewOf,
} from './bolt-format.ts';

/** A file that can be read anywhere. */
export interface ReadableFile {
  readonly bytes: number;
  /** Exactly `length` bytes; never asked for what lies beyond the end. */
  read(offset: number, length: number): Uint8Array;
}

export interface BoltEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface Page extends PageHeader {
  /** Of the whole page with what overflows it, header included. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

interface LeafElement extends BoltEntry {
  readonly isBucket: boolean;
}

/** Deeper than any tree of real pages: each level has at least two pages. */
const maxDepth = 64;

/** Each is looked up from the root. An etcd has about a dozen. */
const maxBuckets = 64;

/**
 * Reads a bbolt file that nobody is writing. Everything in it is checked as it is read: a damaged
 * or malicious file ends in an error, not in wrong data or an endless walk.
 */
export class BoltReader {
  readonly #file: ReadableFile;
  readonly #pageBytes: number;
  readonly #pages: number;
  readonly #root: number;
  readonly #freeList: number;

  /** @throws ServerError SERVER_SNAPSHOT_INVALID, here and from the methods */
  constructor(file: ReadableFile) {
    this.#file = file;
    const { pageBytes, pages, root, freeList } = newestMeta(file);
    this.#pageBytes = pageBytes;
    this.#pages = pages;
    this.#root = root;
    this.#freeList = freeList;
  }

  /** What the pages in use take; the file may be longer. */
  get bytes(): number {
    return this.#pages * this.#pageBytes;
  }

  /**
   * Goes through all pages that are used: each by one parent only, and none that is free too.
   *
   * @returns how many there are
   */
  checkPages(): number {
    const used = new Set<number>();
    const use = (page: Pick<Page, 'id' | 'overflow'>): void => {
      for (let id = page.id; id <= page.id + page.overflow; id++) {
        if (used.has(id)) throw damaged(`page ${id} is used twice`);
        used.add(id);
      }
    };
    for (const element of this.#walk(this.#root, use)) this.#checkBucket(element, use, 1);
    // etcd saves no list of what is free.
    if (this.#freeList > maxPage) return used.size;
    const list = this.#page(this.#freeList);
    use(list);
    for (const id of freePages(list)) {
      if (used.has(id)) throw damaged(`page ${id} is used, and free`);
    }
    return used.size;
  }

  #checkBucket(element: LeafElement, use: (page: Page) => void, depth: number): void {
    if (!element.isBucket) return;
    if (depth > maxDepth) throw damaged('its buckets are too deep');
    for (const inner of this.#bucket(element.value, use)) this.#checkBucket(inner, use, depth + 1);
  }

  /** The names of the top level's buckets, in order. */
  *buckets(): Generator<Uint8Array, void> {
    let left = maxBuckets;
    for (const { key, isBucket } of this.#walk(this.#root)) {
      if (isBucket && left-- === 0) throw damaged(`it has more than ${maxBuckets} buckets`);
      if (isBucket) yield key;
    }
  }

  /** What is in a bucket, in the order of the keys, buckets inside it left out. */
  *entries(bucket: Uint8Array): Generator<BoltEntry, void> {
    for (const element of this.#walk(this.#root)) {
      if (!element.isBucket || !equalBytes(element.key, bucket)) continue;
      for (const { key, value, isBucket } of this.#bucket(element.value)) {
        if (!isBucket) yield { key, value };
      }
    }
  }

  #bucket(value: Uint8Array, use?: (page: Page) => void): Iterable<LeafElement> {
    if (value.length < bucketBytes) throw damaged('a bucket is cut short');
    const root = readU64(viewOf(value), 0);
    if (root !== 0) return this.#walk(root, use);
    const inline = value.slice(bucketBytes);
    if (inline.length < pageHeaderBytes) throw damaged('a bucket is cut short');
    const view = viewOf(inline);
    return leafElements({ ...readPageHeader(view, 0), bytes: inline, view });
  }

  /** In order, each page once. */
  *#walk(root: number, use?: (page: Page) => void): Generator<LeafElement, void> {
    const path: { readonly children: readonly number[]; next: number }[] = [
      { children: [root], next: 0 },
    ];
    let visited = 0;
    let lastKey: Uint8Array | null = null;
    for (let level = path.at(-1); level !== undefined; level = path.at(-1)) {
      const child = level.children[level.next++];
      if (child === undefined) {
        path.pop();
        continue;
      }
      // A page that is its own descendant, or has two parents, would be visited again and again.
      if (path.length > maxDepth) throw damaged('its tree has a cycle');
      const page = this.#page(child);
      visited += 1 + page.overflow;
      if (visited > this.#pages) throw damaged('its tree has a cycle');
      use?.(page);
      if ((page.flags & PageFlag.branch) !== 0) {
        path.push({ children: branchChildren(page), next: 0 });
        continue;
      }
      for (const element of leafElements(page)) {
        if (lastKey !== null && compareBytes(lastKey, element.key) >= 0) {
          throw damaged(`the keys of page ${child} are not in order`);
        }
        lastKey = element.key;
        yield element;
      }
    }
  }

  #page(id: number): Page {
    if (!(id >= 2 && id < this.#pages)) throw damaged(`it names page ${id} of ${this.#pages}`);
    const offset = id * this.#pageBytes;
    const head = readPageHeader(viewOf(this.#file.read(offset, pageHeaderBytes)), 0);
    if (head.id !== id) throw damaged(`page ${id} says that it is page ${head.id}`);
    if (id + head.overflow >= this.#pages) throw damaged(`page ${id} goes beyond the end`);
    const bytes = this.#file.read(offset, (1 + head.overflow) * this.#pageBytes);
    return { ...head, bytes, view: viewOf(bytes) };
  }
}

interface Meta {
  readonly pageBytes: number;
  readonly pages: number;
  readonly root: number;
  /** More than there can be pages: there is none. */
  readonly freeList: number;
  readonly transaction: bigint;
}

/** The second copy lies behind the first page, whose size only a valid copy tells. */
function newestMeta(file: ReadableFile): Meta {
  const found: Meta[] = [];
  for (let at = 0; at <= 2 ** 16; at = at === 0 ? 2 ** 9 : 2 * at) {
    const meta = at + pageHeaderBytes + metaBytes <= file.bytes ? metaAt(file, at) : null;
    if (meta !== null && (at === 0 || meta.pageBytes === at)) found.push(meta);
  }
  found.sort((a, b) => (a.transaction < b.transaction ? 1 : -1));
  const [newest] = found;
  if (newest === undefined) {
    throw damaged('neither copy of its meta data is valid; it may be no snapshot of etcd');
  }
  if (newest.pages * newest.pageBytes > file.bytes) {
    throw damaged(`it has ${file.bytes} bytes of ${newest.pages * newest.pageBytes}`);
  }
  return newest;
}

function metaAt(file: ReadableFile, at: number): Meta | null {
  const meta = file.read(at + pageHeaderBytes, metaBytes);
  const view = viewOf(meta);
  if (view.getUint32(0, true) !== boltMagic || view.getUint32(4, true) !== boltVersion) return null;
  const sum = view.getBigUint64(metaBytes - 8, true);
  if (fnv1a64(meta.subarray(0, metaBytes - 8)) !== sum) return null;
  const pageBytes = view.getUint32(8, true);
  const pages = readU64(view, 40);
  const isPowerOfTwo = (pageBytes & (pageBytes - 1)) === 0;
  if (pageBytes < 512 || pageBytes > 2 ** 16 || !isPowerOfTwo || pages > maxPage) return null;
  const transaction = view.getBigUint64(48, true);
  return { pageBytes, pages, root: readU64(view, 16), freeList: readU64(view, 32), transaction };
}

function freePages(list: Page): number[] {
  if ((list.flags & PageFlag.freeList) === 0) throw damaged(`page ${list.id} is no list of pages`);
  // A count that does not fit its field is the list's first number.
  const isLong = list.count === 0xffff;
  const start = pageHeaderBytes + (isLong ? 8 : 0);
  const room = Math.floor((list.bytes.length - start) / 8);
  const count = isLong ? readU64(list.view, pageHeaderBytes) : list.count;
  if (count > room) throw damaged(`the list of free pages has not room for ${count}`);
  return Array.from({ length: count }, (_, at) => readU64(list.view, start + 8 * at));
}

function branchChildren(page: Page): number[] {
  const children: number[] = [];
  for (let at = 0; at < page.count; at++) {
    children.push(readU64(page.view, elementAt(page, at) + 8));
  }
  return children;
}

function* leafElements(page: Page): Generator<LeafElement, void> {
  if ((page.flags & PageFlag.leaf) === 0) throw damaged(`page ${page.id} is no leaf`);
  // One behind the other, as they are written: bytes that several share could be read as many more.
  let least = pageHeaderBytes + page.count * elementBytes;
  for (let at = 0; at < page.count; at++) {
    const element = elementAt(page, at);
    const start = element + page.view.getUint32(element + 4, true);
    if (start < least) throw damaged(`elements of page ${page.id} overlap`);
    const keyEnd = start + page.view.getUint32(element + 8, true);
    const end = keyEnd + page.view.getUint32(element + 12, true);
    if (end > page.bytes.length) throw damaged(`an element of page ${page.id} goes beyond it`);
    least = end;
    const isBucket = (page.view.getUint32(element, true) & bucketElement) !== 0;
    const { bytes } = page;
    yield { key: bytes.subarray(start, keyEnd), value: bytes.subarray(keyEnd, end), isBucket };
  }
}

function elementAt(page: Page, at: number): number {
  const element = pageHeaderBytes + at * elementBytes;
  if (element + elementBytes > page.bytes.length) {
    throw damaged(`page ${page.id} has not room for its ${page.count} elements`);
  }
  return element;
}

function damaged(reason: string): ServerError<'SERVER_SNAPSHOT_INVALID'> {
  const message = `the file is no intact bbolt database: ${reason}; save the snapshot again`;
  return new ServerError('SERVER_SNAPSHOT_INVALID', message, { reason });
}
