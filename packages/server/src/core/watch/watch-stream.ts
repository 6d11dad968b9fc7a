import { assert, type Timer } from '@quorate/base';
import type { KeyRange } from '@quorate/kv';
import { decodeMessage, etcd } from '@quorate/schema';
import type { AuthGuard } from '../auth/auth-guard.ts';
import type { StreamCall, StreamListener } from '../method.ts';
import { malformedRequest, type RpcError, rpcErrors, StatusCode } from '../rpc-error.ts';
import { encodeWatchId, type WatchAnswers, type WatchId } from './watch-answers.ts';
import type { WatchHub } from './watch-hub.ts';
import { isEmpty, watchedOf } from './watched.ts';
import { Watcher, type WatchReader } from './watcher.ts';

/** Of a watch that was not made, and of an answer that concerns all watches of a stream. */
const noWatch = -1n;

const maxWatchId = 2n ** 63n - 1n;

/** A reader that has so many times its share waiting asks without reading, and is cut off. */
const patience = 16;

/** What the streams of a service share. */
export interface WatchStreams {
  readonly hub: WatchHub;
  readonly guard: Pick<AuthGuard, 'readRefusal'>;
  readonly answers: WatchAnswers;
  readonly raftTerm: () => number;
  /** From here on, answers to those who want them so are split. */
  readonly fragmentBytes: number;
  /** So much is kept for a reader that is too slow; a single answer may be more. */
  readonly queueBytes: number;
  /** Calls back after the interval at which quiet watchers hear how far they are. */
  readonly afterProgressInterval: (callback: () => void) => Timer;
}

interface Watch {
  readonly watcher: Watcher;
  readonly encodedId: WatchId;
  /** As it was asked for; 0: now. */
  readonly startRevision: number;
  readonly fragment: boolean;
  readonly wantsProgress: boolean;
  /** It was sent events since the last time progress was due. */
  isProgressKnown: boolean;
}

/** One call of Watch: any number of watchers, made and cancelled by the client's messages. */
export class WatchStream implements StreamListener, WatchReader {
  behind = 0;
  readonly parked = new Set<Watcher>();
  readonly #call: StreamCall;
  readonly #shared: WatchStreams;
  readonly #watches = new Map<bigint, Watch>();
  /** Of watches that were cancelled as compacted and which the client may yet cancel itself. */
  readonly #compactedIds = new Set<bigint>();
  #nextId = 0n;
  #isRefused = false;
  /** Sent since the call refused more. */
  #queuedBytes = 0;
  /** Progress was asked for while the reader was blocked: one answer will do. */
  #owesProgress = false;
  #isOver = false;
  #progressTimer: Timer | null = null;

  constructor(call: StreamCall, shared: WatchStreams) {
    this.#call = call;
    this.#shared = shared;
  }

  get isBlocked(): boolean {
    return this.#isRefused && this.#queuedBytes >= this.#shared.queueBytes;
  }

  message(request: Uint8Array): void {
    const wire = decodeMessage(etcd.WatchRequest, request);
    if (wire === null) this.#end(malformedRequest);
    else if (wire.createRequest !== null) this.#create(wire.createRequest);
    else if (wire.cancelRequest !== null) this.#cancel(wire.cancelRequest.watchId);
    else if (wire.progressRequest !== null) this.#progress();
  }

  /** Who sends no more requests still reads. */
  halfClosed(): void {
    return undefined;
  }

  drained(): void {
    this.#isRefused = false;
    this.#queuedBytes = 0;
    this.#shared.hub.drained(this);
    if (!this.#owesProgress) return;
    this.#owesProgress = false;
    this.#progress();
  }

  closed(): void {
    const { hub } = this.#shared;
    this.#isOver = true;
    this.#progressTimer?.cancel();
    for (const { watcher } of this.#watches.values()) hub.delete(watcher);
    this.#watches.clear();
    hub.forget(this);
  }

  deliver(watcher: Watcher, events: readonly Uint8Array[], revision: number): void {
    const { answers, raftTerm, fragmentBytes } = this.#shared;
    const watch = this.#watches.get(watcher.id);
    assert(watch?.watcher === watcher, 'only watchers that are here are served');
    watch.isProgressKnown = true;
    const head = { watchId: watch.encodedId, revision, raftTerm: raftTerm() };
    if (!watch.fragment) this.#send(answers.events(head, events));
    else for (const one of answers.fragments(head, events, fragmentBytes)) this.#send(one);
  }

  compacted({ id }: Watcher, compactRevision: number): void {
    this.#watches.delete(id);
    this.#compactedIds.add(id);
    this.#answer({ watchId: id, canceled: true, compactRevision }, 0);
  }

  #create(request: etcd.WatchCreateRequest): void {
    const { hub } = this.#shared;
    const { startRevision } = request;
    const watched = watchedOf(request.key, request.rangeEnd);
    const refusal = this.#refusal(request, isEmpty(watched));
    if (refusal !== null) {
      const cancelReason = refusal;
      const message = { watchId: noWatch, created: true, canceled: true, cancelReason };
      this.#answer(message, hub.revision);
      return;
    }
    const id = request.watchId === 0n ? this.#freeId() : request.watchId;
    const options = {
      watched,
      wantsPuts: !request.filters.includes(etcd.WatchCreateRequestFilterType.NOPUT),
      wantsDeletions: !request.filters.includes(etcd.WatchCreateRequestFilterType.NODELETE),
      wantsPrevious: request.prevKv,
    };
    const next = startRevision === 0 ? hub.revision + 1 : startRevision;
    const watcher = new Watcher(id, this, options, next);
    const { fragment, progressNotify: wantsProgress } = request;
    this.#compactedIds.delete(id);
    const encodedId = encodeWatchId(id);
    const isProgressKnown = false;
    const asked = { startRevision, fragment, wantsProgress };
    this.#watches.set(id, { watcher, encodedId, ...asked, isProgressKnown });
    this.#answer({ watchId: id, created: true }, hub.revision);
    if (this.#isOver) return;
    hub.add(watcher);
    if (wantsProgress) this.#armProgress();
  }

  #refusal(request: etcd.WatchCreateRequest, isRangeEmpty: boolean): string | null {
    if (request.startRevision < 0) return rpcErrors.compacted.message;
    const denied = this.#shared.guard.readRefusal(this.#call.context, keysOf(request));
    if (denied !== null) return whole(denied);
    if (isRangeEmpty) return 'mvcc: watcher range is empty';
    if (!this.#watches.has(request.watchId) || request.watchId === 0n) return null;
    return 'mvcc: duplicate watch ID provided on the WatchStream';
  }

  /** Ids count up, past those that the client has chosen. */
  #freeId(): bigint {
    while (this.#watches.has(this.#nextId)) this.#nextId++;
    const id = this.#nextId;
    this.#nextId = id === maxWatchId ? 0n : id + 1n;
    return id;
  }

  #cancel(id: bigint): void {
    const watch = this.#watches.get(id);
    if (watch === undefined && !this.#compactedIds.delete(id)) return;
    if (watch !== undefined) this.#shared.hub.delete(watch.watcher);
    this.#watches.delete(id);
    this.#answer({ watchId: id, canceled: true }, this.#shared.hub.revision);
  }

  /** A watch that waits for a revision of the future has no progress to tell of. */
  #progress(): void {
    const { hub } = this.#shared;
    if (this.#watches.size === 0) return;
    for (const { startRevision } of this.#watches.values()) {
      if (startRevision > hub.revision) return;
    }
    hub.whenInStep(this, (revision) => {
      if (this.isBlocked) this.#owesProgress = true;
      else this.#answer({ watchId: noWatch }, revision);
    });
  }

  #armProgress(): void {
    this.#progressTimer ??= this.#shared.afterProgressInterval(() => {
      this.#progressTimer = null;
      this.#tellProgress();
    });
  }

  #tellProgress(): void {
    const { position } = this.#shared.hub;
    let isWanted = false;
    for (const watch of [...this.#watches.values()]) {
      if (!watch.wantsProgress || this.#isOver) continue;
      isWanted = true;
      const { watcher, startRevision } = watch;
      const isQuiet = !watch.isProgressKnown;
      watch.isProgressKnown = false;
      const isBegun = startRevision <= position && watcher.next <= position + 1;
      const isHere = watcher.place === 'inStep' && isBegun;
      if (isQuiet && isHere && !this.isBlocked) this.#answer({ watchId: watcher.id }, position);
    }
    if (isWanted && !this.#isOver) this.#armProgress();
  }

  #answer(message: Partial<etcd.WatchResponse>, revision: number): void {
    const { answers, raftTerm } = this.#shared;
    this.#send(answers.answer(message, revision, raftTerm()));
    const mostBytes = patience * this.#shared.queueBytes;
    if (this.#isRefused && this.#queuedBytes > mostBytes) this.#end(rpcErrors.tooManyRequests);
  }

  #send(message: Uint8Array): void {
    if (this.#isOver) return;
    if (!this.#call.send(message)) this.#isRefused = true;
    if (this.#isRefused) this.#queuedBytes += message.length;
  }

  #end(error: Parameters<StreamCall['end']>[0]): void {
    this.closed();
    this.#call.end(error);
  }
}

/** Without a key the first there could be is meant, and it alone unless there is an end. */
function keysOf({ key, rangeEnd }: etcd.WatchCreateRequest): KeyRange {
  return { key: key.length === 0 ? Uint8Array.of(0) : key, rangeEnd };
}

const codeNames: Partial<Record<StatusCode, string>> = {
  [StatusCode.invalidArgument]: 'InvalidArgument',
  [StatusCode.permissionDenied]: 'PermissionDenied',
  [StatusCode.unauthenticated]: 'Unauthenticated',
};

/** An error as its text alone says it, where there is no code beside it. */
function whole({ code, message }: RpcError): string {
  return `rpc error: code = ${codeNames[code] ?? 'Unknown'} desc = ${message}`;
}
