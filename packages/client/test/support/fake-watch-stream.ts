import type { StreamListener } from '@quorate/client';
import { decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import { isWithin } from './key-order.ts';

/** What the stream of a cluster's watches is told from. */
export interface WatchedStore {
  readonly revision: number;
  readonly compactRevision: number;
  readonly history: readonly etcd.Event[];
  readonly eventsPerAnswer: number;
}

interface Served {
  readonly request: etcd.WatchCreateRequest;
  next: number;
}

/** One call of Watch, served from a history. */
export class FakeWatchStream {
  readonly path = '/etcdserverpb.Watch/Watch';
  readonly address: string;
  readonly token: string;
  readonly listener: StreamListener;
  isHalfOpen = false;
  isOver = false;
  /** Answers of this stream wait here while it is held back. */
  isHeld = false;
  readonly held: Uint8Array[] = [];
  readonly created: etcd.WatchCreateRequest[] = [];
  readonly watches = new Map<bigint, Served>();
  progressRequests = 0;
  readonly #store: WatchedStore;

  constructor(store: WatchedStore, address: string, token: string, listener: StreamListener) {
    this.#store = store;
    this.address = address;
    this.token = token;
    this.listener = listener;
  }

  received(bytes: Uint8Array): void {
    const message = decodeMessage(etcd.WatchRequest, bytes);
    if (message === null) return;
    const { createRequest, cancelRequest, progressRequest } = message;
    if (createRequest !== null) this.#create(createRequest);
    if (cancelRequest !== null && this.watches.delete(cancelRequest.watchId)) {
      this.answer({ watchId: cancelRequest.watchId, canceled: true });
    }
    if (progressRequest !== null) {
      this.progressRequests += 1;
      this.answer({ watchId: -1n });
    }
  }

  answer(message: Init<etcd.WatchResponse>, revision = this.#store.revision): void {
    if (this.isHalfOpen) return;
    const bytes = encodeMessage(etcd.WatchResponse, { header: { revision }, ...message });
    if (this.isHeld) this.held.push(bytes);
    else if (!this.isOver) this.listener.message(bytes);
  }

  /** As servers tell those who were quiet how far they are. */
  tellProgress(): void {
    for (const [watchId, { next }] of this.watches) {
      if (next === this.#store.revision + 1) this.answer({ watchId });
    }
  }

  pump(): void {
    if (this.isOver) return;
    for (const [watchId, watch] of this.watches) this.#serve(watchId, watch);
  }

  #create(request: etcd.WatchCreateRequest): void {
    const { watchId, startRevision } = request;
    this.created.push(request);
    const { revision, compactRevision } = this.#store;
    this.answer({ watchId, created: true });
    if (startRevision !== 0 && startRevision < compactRevision) {
      this.answer({ watchId, canceled: true, compactRevision }, 0);
      return;
    }
    const watch = { request, next: startRevision === 0 ? revision + 1 : startRevision };
    this.watches.set(watchId, watch);
    this.#serve(watchId, watch);
  }

  #serve(watchId: bigint, watch: Served): void {
    const { key, rangeEnd, filters, prevKv } = watch.request;
    const { history, eventsPerAnswer, revision } = this.#store;
    const events = history
      .filter((event) => (event.kv?.modRevision ?? 0) >= watch.next)
      .filter((event) => isWithin(event.kv?.key ?? key, key, rangeEnd))
      .filter(({ type }) => !filters.includes(type))
      .map((event) => ({ ...event, prevKv: prevKv ? event.prevKv : null }));
    watch.next = Math.max(watch.next, revision + 1);
    for (let at = 0; at < events.length; at += eventsPerAnswer) {
      const part = events.slice(at, at + eventsPerAnswer);
      this.answer({ watchId, events: part, fragment: at + part.length < events.length });
    }
  }
}
