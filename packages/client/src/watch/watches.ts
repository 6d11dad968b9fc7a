import type { Timer } from '@quorate/base';
import { decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import { streamPaths } from '../calls/methods.ts';
import { ResumingStream, type StreamContext, type StreamOwner } from '../calls/resuming-stream.ts';
import { isTokenRefused } from '../calls/verdict.ts';
import { type ClientError, clientClosed, refused } from '../client-error.ts';
import type { WatchSettings } from './watch.ts';
import { Watcher, type WatcherHost, type WatchRange } from './watcher.ts';

/** Of a watch that was not made, and of an answer that concerns all watches of a stream. */
const noWatch = -1n;

/** After so long without a word the server is asked for one. */
const quietMs = 10_000;

/** Servers that catch up have nothing to say for long: each time they get twice as long. */
const mostPatience = 32;

interface Asked {
  readonly id: bigint;
  readonly watcher: Watcher;
}

/** What is known of a watch on the present stream. */
interface Served {
  readonly watcher: Watcher;
  readonly startRevision: number;
  /** Its start may lie ahead of the server's store, which then has no progress to tell. */
  isAhead: boolean;
}

/** All watches of a client, on one stream. */
export class Watches implements StreamOwner, WatcherHost {
  readonly #context: StreamContext;
  readonly #stream: ResumingStream;
  /** Those that are not over; some may be paused. */
  readonly #watchers = new Set<Watcher>();
  readonly #paused = new Set<Watcher>();
  /** Ids of the present stream, asked for or served. None is ever used again. */
  readonly #ids = new Map<Watcher, bigint>();
  readonly #served = new Map<bigint, Served>();
  /** In the order in which they were asked for, which is that of the answers. */
  #asked: Asked[] = [];
  #lastId = 0n;
  #isClosed = false;
  #timer: Timer | null = null;
  #wasHeard = false;
  #isWordAsked = false;
  #patience = 1;

  constructor(context: StreamContext) {
    this.#context = context;
    this.#stream = new ResumingStream(streamPaths.watch, context, this);
  }

  /** Begins a watch. */
  add(range: WatchRange, settings: WatchSettings): Watcher {
    const watcher = new Watcher(this, range, settings);
    if (this.#isClosed) watcher.fail(clientClosed());
    else if (settings.signal?.aborted === true) watcher.fail(settings.signal.reason);
    else {
      this.#watchers.add(watcher);
      this.#create(watcher);
      this.#stream.open();
    }
    return watcher;
  }

  close(): void {
    this.#isClosed = true;
    this.#failAll(clientClosed());
  }

  pause(watcher: Watcher): void {
    this.#paused.add(watcher);
    this.#cancel(watcher);
  }

  resume(watcher: Watcher): void {
    if (this.#paused.delete(watcher) && this.#watchers.has(watcher)) this.#create(watcher);
  }

  leave(watcher: Watcher): void {
    if (!this.#watchers.delete(watcher)) return;
    this.#paused.delete(watcher);
    this.#cancel(watcher);
    if (this.#watchers.size > 0) return;
    this.#forgetStream();
    this.#stream.close();
  }

  opened(): void {
    this.#forgetStream();
    for (const watcher of this.#watchers) if (!this.#paused.has(watcher)) this.#create(watcher);
    this.#armTimer();
  }

  lost(): void {
    this.#forgetStream();
  }

  failed(error: ClientError): void {
    this.#forgetStream();
    this.#failAll(error);
  }

  message(bytes: Uint8Array): void {
    this.#wasHeard = true;
    this.#isWordAsked = false;
    const answer = decodeMessage(etcd.WatchResponse, bytes);
    if (answer === null) this.#restart();
    else if (answer.created) this.#created(answer);
    else if (answer.watchId === noWatch) this.#patience = 1;
    else if (answer.canceled) this.#canceled(answer);
    else this.#told(answer);
  }

  #created(answer: etcd.WatchResponse): void {
    const asked = this.#asked.shift();
    const isRefused = answer.canceled && answer.watchId === noWatch;
    if (asked === undefined || (!isRefused && asked.id !== answer.watchId)) {
      this.#restart();
      return;
    }
    const { id, watcher } = asked;
    // Cancelled before it was made: another answer will say so, and nobody waits for it.
    if (this.#ids.get(watcher) !== id) return;
    if (answer.canceled) {
      this.#ids.delete(watcher);
      this.#ended(watcher, answer);
      return;
    }
    this.#stream.accepted();
    const revision = answer.header?.revision ?? 0;
    watcher.created(revision);
    const startRevision = watcher.nextRevision;
    this.#served.set(id, { watcher, startRevision, isAhead: startRevision > revision + 1 });
  }

  #canceled(answer: etcd.WatchResponse): void {
    const served = this.#served.get(answer.watchId);
    if (served === undefined) return;
    this.#served.delete(answer.watchId);
    this.#ids.delete(served.watcher);
    this.#ended(served.watcher, answer);
  }

  /** A server serves this watch no more, and was not asked to stop. */
  #ended(watcher: Watcher, { compactRevision, cancelReason }: etcd.WatchResponse): void {
    if (compactRevision > 0) {
      watcher.compacted(compactRevision);
      return;
    }
    const { code, reason } = parseReason(cancelReason);
    if (isTokenRefused(reason)) this.#stream.tokenRefused(code, reason);
    else if (reason === '') this.#restart();
    else watcher.fail(refused(this.#stream.address, code, reason));
  }

  #told(answer: etcd.WatchResponse): void {
    const served = this.#served.get(answer.watchId);
    if (served === undefined) return;
    served.isAhead = false;
    if (answer.events.length > 0 || answer.fragment) {
      served.watcher.events(answer.events, answer.fragment);
    } else {
      served.watcher.progress(answer.header?.revision ?? 0);
    }
  }

  #create(watcher: Watcher): void {
    if (!this.#stream.isOpen) return;
    const watchId = ++this.#lastId;
    this.#asked.push({ id: watchId, watcher });
    this.#ids.set(watcher, watchId);
    this.#send({ createRequest: { ...watcher.request, watchId } });
  }

  #cancel(watcher: Watcher): void {
    const watchId = this.#ids.get(watcher);
    if (watchId === undefined) return;
    this.#ids.delete(watcher);
    this.#served.delete(watchId);
    this.#send({ cancelRequest: { watchId } });
  }

  #send(request: Init<etcd.WatchRequest>): void {
    this.#stream.send(encodeMessage(etcd.WatchRequest, request));
  }

  #restart(): void {
    this.#stream.restart();
  }

  #forgetStream(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#asked = [];
    this.#ids.clear();
    this.#served.clear();
    this.#wasHeard = false;
    this.#isWordAsked = false;
    for (const watcher of this.#watchers) watcher.interrupted();
  }

  #failAll(error: ClientError): void {
    for (const watcher of [...this.#watchers]) watcher.fail(error);
    this.#stream.close();
  }

  #armTimer(): void {
    const delayMs = quietMs * this.#patience;
    this.#timer = this.#context.ports.timers.after(delayMs, () => this.#listen());
  }

  /** A stream can be open and lead nowhere: who says nothing when asked is left. */
  #listen(): void {
    if (this.#wasHeard) {
      this.#wasHeard = false;
    } else if (this.#isWordAsked && this.#mustAnswer) {
      this.#patience = Math.min(mostPatience, 2 * this.#patience);
      this.#restart();
      return;
    } else if (this.#ids.size > 0) {
      this.#isWordAsked = true;
      this.#send({ progressRequest: {} });
    }
    this.#armTimer();
  }

  get #mustAnswer(): boolean {
    if (this.#asked.length > 0) return true;
    for (const { isAhead } of this.#served.values()) if (isAhead) return false;
    return this.#served.size > 0;
  }
}

const codes: ReadonlyMap<string, number> = new Map([
  ['InvalidArgument', 3],
  ['PermissionDenied', 7],
  ['Unauthenticated', 16],
]);

/** A reason may be an error whole, with its code in words; alone it is of code 2, unknown. */
function parseReason(text: string): { readonly code: number; readonly reason: string } {
  const [, name = '', reason] = /^rpc error: code = (\w+) desc = (.*)$/s.exec(text) ?? [];
  if (reason === undefined) return { code: 2, reason: text };
  return { code: codes.get(name) ?? 2, reason };
}
