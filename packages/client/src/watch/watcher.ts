import { etcd, type Init } from '@quorate/schema';
import { ClientError } from '../client-error.ts';
import { keyValueOf } from '../kv/requests.ts';
import { ItemQueue } from './item-queue.ts';
import type { Watch, WatchEvent, WatchProgress, WatchSettings } from './watch.ts';

const defaultBufferBytes = 1024 * 1024;

/** What an item takes beside its keys and values, about. */
const overheadBytes = 128;

/** The keys of a watch, as requests have them. */
export interface WatchRange {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

/** Where a watcher gets its events from. */
export interface WatcherHost {
  /** It has more than it may keep: nothing more, until `resume`. */
  pause(watcher: Watcher): void;
  resume(watcher: Watcher): void;
  /** It wants nothing any more. */
  leave(watcher: Watcher): void;
}

/** One watch: how far it is, and what waits to be read. */
export class Watcher implements Watch<WatchEvent | WatchProgress> {
  readonly #host: WatcherHost;
  readonly #range: WatchRange;
  readonly #settings: WatchSettings;
  readonly #bufferBytes: number;
  readonly #queue: ItemQueue<WatchEvent | WatchProgress>;
  readonly #begun = Promise.withResolvers<number>();
  readonly #onAbort: () => void;
  /** The first revision that has not been told whole; 0: from now on. */
  #nextRevision: number;
  /** Events of one revision, of which more may come. */
  #partial: etcd.Event[] = [];
  #isPaused = false;
  #isOver = false;

  constructor(host: WatcherHost, range: WatchRange, settings: WatchSettings) {
    this.#host = host;
    this.#range = range;
    this.#settings = settings;
    this.#bufferBytes = settings.bufferBytes ?? defaultBufferBytes;
    this.#nextRevision = settings.fromRevision ?? 0;
    this.#queue = new ItemQueue(() => this.#resumeWhenRead());
    // Who does not ask whether it has begun is told by the iterator why it has not.
    this.#begun.promise.catch(() => undefined);
    const { signal } = settings;
    this.#onAbort = () => this.#abort(signal?.reason);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** What a server is asked for now; the id is left to who asks. */
  get request(): Init<etcd.WatchCreateRequest> {
    const { prevKv = false, filters = [] } = this.#settings;
    const { NOPUT, NODELETE } = etcd.WatchCreateRequestFilterType;
    return {
      ...this.#range,
      startRevision: this.#nextRevision,
      prevKv,
      filters: filters.map((filter) => (filter === 'noPut' ? NOPUT : NODELETE)),
      fragment: true,
      // Also when nobody wants to hear it: it moves on what a quiet watch is resumed from.
      progressNotify: true,
    };
  }

  /** The first revision that has not been told whole; 0 before there is one. */
  get nextRevision(): number {
    return this.#nextRevision;
  }

  /** A server tells from now on, and its store is at `revision`. */
  created(revision: number): void {
    if (this.#nextRevision === 0) this.#nextRevision = revision + 1;
    this.#begun.resolve(this.#nextRevision);
  }

  /** One answer with events. Whole revisions are handed on; of the last one more may come. */
  events(events: readonly etcd.Event[], isFragment: boolean): void {
    for (const event of events) {
      const revision = revisionOf(event);
      if (revision < this.#nextRevision) continue;
      const [first] = this.#partial;
      if (first !== undefined && revision > revisionOf(first)) this.#handOn();
      this.#partial.push(event);
    }
    if (!isFragment) this.#handOn();
    if (this.#isOver || this.#isPaused || this.#queue.bytes <= this.#bufferBytes) return;
    this.#isPaused = true;
    this.#partial = [];
    this.#host.pause(this);
  }

  /** Every event up to `revision` has been told. */
  progress(revision: number): void {
    if (this.#partial.length > 0 || revision < this.#nextRevision - 1) return;
    this.#nextRevision = revision + 1;
    if (this.#settings.progress !== true) return;
    this.#queue.push({ type: 'progress', revision }, overheadBytes);
  }

  /** The stream broke: what was not told whole will be told again. */
  interrupted(): void {
    this.#partial = [];
  }

  compacted(compactRevision: number): void {
    const fromRevision = this.#nextRevision;
    const message =
      `the events from revision ${fromRevision} on are compacted, up to ${compactRevision}: ` +
      'read the keys, then watch from the revision of that answer + 1';
    const metadata = { fromRevision, compactRevision };
    this.fail(new ClientError('CLIENT_COMPACTED', message, metadata));
  }

  /** Ends it, after what waits has been read. */
  fail(error: unknown): void {
    this.#finish(error);
    this.#queue.fail(error);
  }

  begun(): Promise<number> {
    return this.#begun.promise;
  }

  next(): Promise<IteratorResult<WatchEvent | WatchProgress, undefined>> {
    return this.#queue.next();
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#finish(new DOMException('the watch was left before it had begun', 'AbortError'));
    this.#queue.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #abort(reason: unknown): void {
    if (this.#isOver) return;
    this.#finish(reason);
    this.#queue.drop();
    this.#queue.fail(reason);
  }

  #finish(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#partial = [];
    this.#settings.signal?.removeEventListener('abort', this.#onAbort);
    this.#begun.reject(reason);
    this.#host.leave(this);
  }

  /** A revision is whole. */
  #handOn(): void {
    const events = this.#partial;
    const [first] = events;
    if (first === undefined) return;
    this.#partial = [];
    this.#nextRevision = revisionOf(first) + 1;
    for (const [at, event] of events.entries()) {
      const item = eventOf(event, at === events.length - 1);
      if (item !== null) this.#queue.push(item, bytesOfEvent(event));
    }
  }

  #resumeWhenRead(): void {
    if (!this.#isPaused || this.#queue.bytes > this.#bufferBytes / 2) return;
    this.#isPaused = false;
    this.#host.resume(this);
  }
}

function revisionOf({ kv }: etcd.Event): number {
  return kv?.modRevision ?? 0;
}

function bytesOfEvent({ kv, prevKv }: etcd.Event): number {
  let bytes = overheadBytes;
  for (const one of [kv, prevKv]) bytes += (one?.key.length ?? 0) + (one?.value.length ?? 0);
  return bytes;
}

function eventOf({ type, kv, prevKv }: etcd.Event, isLast: boolean): WatchEvent | null {
  if (kv === null) return null;
  const { key, modRevision: revision } = kv;
  const previous = prevKv === null ? null : keyValueOf(prevKv);
  if (type !== 0) return { type: 'delete', key, revision, isLast, previous };
  const keyValue = keyValueOf(kv);
  return { type: 'put', key, value: kv.value, keyValue, revision, isLast, previous };
}
