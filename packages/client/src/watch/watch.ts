import type { ClientKeyValue } from '../kv/key-value.ts';

interface EventBase {
  readonly key: Uint8Array;
  /** Of the change, which may have several events. */
  readonly revision: number;
  /** No other event of this revision follows: from `revision` + 1 on nothing is missed. */
  readonly isLast: boolean;
  /** What was there before: only when it was asked for, was there, and is not compacted. */
  readonly previous: ClientKeyValue | null;
}

/** A key was put: created when `keyValue.version` is 1. */
export interface PutEvent extends EventBase {
  readonly type: 'put';
  readonly value: Uint8Array;
  readonly keyValue: ClientKeyValue;
}

/** A key was deleted, or its lease ended. */
export interface DeleteEvent extends EventBase {
  readonly type: 'delete';
}

/** Every event up to `revision` has been told; there may have been none. */
export interface WatchProgress {
  readonly type: 'progress';
  readonly revision: number;
}

/** One change of one key. */
export type WatchEvent = PutEvent | DeleteEvent;

/** What a watch tells, and from where on. */
export interface WatchSettings {
  /** All keys that begin with the given one. */
  readonly prefix?: boolean;
  /** The first revision that is told; left out, what changes after the watch has begun. */
  readonly fromRevision?: number;
  /** Tell with each event what was there before it. */
  readonly prevKv?: boolean;
  /** What is not told. */
  readonly filters?: readonly ('noPut' | 'noDelete')[];
  /** Tell also how far the watch is, now and then, when there are no events. */
  readonly progress?: boolean;
  /** Ends the watch: its iterator throws the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Events that wait to be read may take about so many bytes; default 1 MiB. With more the server
   * is told to stop, and asked again from the first event that is missing once they are read.
   */
  readonly bufferBytes?: number;
}

/**
 * Events in the order of their revisions, each once, through whatever happens to connections and
 * servers. It goes on until it is left, aborted, or cannot go on: then its iterator throws
 * ClientError CLIENT_COMPACTED, CLIENT_REFUSED or CLIENT_CLOSED, after the events that came before.
 * It begins when it is made, not when it is first read.
 */
export interface Watch<Item = WatchEvent> extends AsyncIterableIterator<Item>, AsyncDisposable {
  /** Fulfilled when a server has begun it, with the first revision it tells of. */
  begun(): Promise<number>;
  /** Ends it; what was not read is dropped. */
  return(): Promise<IteratorReturnResult<undefined>>;
}
