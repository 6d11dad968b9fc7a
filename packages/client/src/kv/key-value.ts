import type { BytesLike } from './key-range.ts';

/** What a client is told of one key; 64-bit ids are bigint, revisions are safe integers. */
export interface ClientKeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Of the put that created the key; a key that was deleted is created anew. */
  readonly createRevision: number;
  readonly modRevision: number;
  /** 1 after the key was created, one more with each put. */
  readonly version: number;
  /** 0n: none. */
  readonly lease: bigint;
}

/**
 * How a range is read; left out, one key is read as it is now, reflecting every acknowledged write.
 */
export interface GetOptions {
  /** All keys that begin with the given one. */
  readonly prefix?: boolean;
  /** Exclusive end; empty for one key; one zero byte for all keys from `key` on. */
  readonly rangeEnd?: BytesLike;
  /** 0 is no limit. */
  readonly limit?: number;
  /** As of this revision; 0 is now. */
  readonly revision?: number;
  /** Answer from the asked node's own state, which may be behind. */
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  /** Ascending unless `descending`; `key` when it is left out. */
  readonly sortBy?: 'key' | 'version' | 'createRevision' | 'modRevision' | 'value';
  readonly descending?: boolean;
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
}

/** What a range holds; `count` is of the whole range, `more` tells that `limit` cut it. */
export interface GetResult {
  readonly keyValues: ClientKeyValue[];
  readonly count: number;
  readonly more: boolean;
  /** Of the store when it answered; with it + 1 a watch misses nothing that came afterwards. */
  readonly revision: number;
}

/** How a key is put. */
export interface PutOptions {
  /** The key is deleted when this lease ends. */
  readonly lease?: bigint | { readonly id: bigint };
  /** Tell what was there before. */
  readonly prevKv?: boolean;
  /** Leave the value as it is; the key must be there. */
  readonly ignoreValue?: boolean;
  /** Leave the lease as it is; the key must be there. */
  readonly ignoreLease?: boolean;
}

/** A put that happened; `previous` only when it was asked for. */
export interface PutResult {
  readonly revision: number;
  readonly previous: ClientKeyValue | null;
}

/** Which keys are deleted. */
export interface DeleteOptions {
  /** All keys that begin with the given one. */
  readonly prefix?: boolean;
  /** Tell what was there before. */
  readonly prevKv?: boolean;
}

/** How many keys were deleted, in one revision; `previous` only when it was asked for. */
export interface DeleteResult {
  readonly deleted: number;
  readonly revision: number;
  readonly previous: ClientKeyValue[];
}

/** How a range is read page by page. */
export interface ScanOptions {
  readonly prefix?: boolean;
  /** Keys an answer; 1000 when it is left out. */
  readonly pageSize?: number;
  /** As of this revision; left out, as of the first answer's, which all pages then are of. */
  readonly revision?: number;
  readonly keysOnly?: boolean;
  readonly serializable?: boolean;
}
