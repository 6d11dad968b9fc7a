/**
 * What the key-value store speaks, free of any wire. Revisions and versions are safe integers;
 * lease ids are 64-bit and therefore bigint. Semantics are those of the etcd v3 KV service.
 */

/** Where a range ends: exactly one key, every key before `end`, or every key there is. */
export interface KeyRange {
  readonly key: Uint8Array;
  /** Empty: only `key`. One zero byte: to the end of all keys. Else exclusive. */
  readonly rangeEnd: Uint8Array;
}

/**
 * A key with its value at one revision. `createRevision` is that of the put that made the key,
 * `modRevision` that of its last put; `version` counts puts since it was made, from 1.
 */
export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** 0n: none. */
  readonly lease: bigint;
}

/** `none` and `ascend` are the same. */
export type SortOrder = 'none' | 'ascend' | 'descend';

/**
 * What keys are sorted by: themselves, their count of puts, the revision that made them, that of
 * their last put, or their value's bytes. Ties stay in key order.
 */
export type SortTarget = 'key' | 'version' | 'create' | 'mod' | 'value';

/**
 * Reads keys, at one revision. With `keysOnly` values come empty; with `countOnly` no keys come at
 * all.
 */
export interface RangeRequest extends KeyRange {
  readonly kind: 'range';
  /** 0 or less: no limit. */
  readonly limit: number;
  /** 0 or less: the latest. */
  readonly revision: number;
  readonly sortOrder: SortOrder;
  readonly sortTarget: SortTarget;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
  /** 0: no bound, for all four. */
  readonly minModRevision: number;
  readonly maxModRevision: number;
  readonly minCreateRevision: number;
  readonly maxCreateRevision: number;
}

/**
 * Writes one key at the next revision. `ignoreValue` and `ignoreLease` keep what the key has, with
 * `value` empty or `lease` 0n, and are refused (`keyNotFound`) where there is none. With `prevKv`
 * the answer has what was there before.
 */
export interface PutRequest {
  readonly kind: 'put';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease: bigint;
  readonly prevKv: boolean;
  readonly ignoreValue: boolean;
  readonly ignoreLease: boolean;
}

/**
 * Deletes the keys of a range, all at one revision; none there is no error. With `prevKv` the
 * answer has what was deleted.
 */
export interface DeleteRangeRequest extends KeyRange {
  readonly kind: 'deleteRange';
  readonly prevKv: boolean;
}

/**
 * What is stored stands on the left: `greater` holds when it is greater than the operand. `unknown`
 * is one that this version does not know, and holds whatever is stored.
 */
export type CompareOperator = 'equal' | 'greater' | 'less' | 'notEqual' | 'unknown';

/**
 * Holds when it does for every live key of the range, by the state before the transaction. Without
 * any live key, numbers and lease count as 0, and a compare of values does not hold. Values are
 * compared as unsigned bytes.
 */
export interface Compare extends KeyRange {
  readonly operator: CompareOperator;
  readonly operand:
    | { readonly target: 'version' | 'create' | 'mod'; readonly value: number }
    | { readonly target: 'lease'; readonly value: bigint }
    | { readonly target: 'value'; readonly value: Uint8Array };
}

/**
 * Carries out `success` when all compares hold (so also without any), else `failure`; all at one
 * revision, all or nothing. A level may have so many compares or operations of a branch as the
 * server allows, usually 128, less what the levels above it use (`tooManyOperations`). No key is
 * written twice in one (`duplicateKey`).
 */
export interface TxnRequest {
  readonly kind: 'txn';
  readonly compares: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

/**
 * An operation in which a client set nothing. Always refused, but only in its turn among the
 * checks.
 */
export interface EmptyOperation {
  readonly kind: 'empty';
}

/** What a branch of a transaction may hold. */
export type Operation =
  | RangeRequest
  | PutRequest
  | DeleteRangeRequest
  | TxnRequest
  | EmptyOperation;

/**
 * Gives up history before `revision`: from then on nothing older can be read (`compacted`). Live
 * keys stay.
 */
export interface CompactRequest {
  readonly kind: 'compact';
  readonly revision: number;
}

/**
 * Makes a lease: keys that are put with it live until it ends. It ends when it was not renewed for
 * `ttlSeconds` (1 to 9 000 000 000), and not before.
 */
export interface LeaseGrantRequest {
  readonly kind: 'leaseGrant';
  /** 0n: a positive one that is free is picked. */
  readonly id: bigint;
  readonly ttlSeconds: number;
}

/** Ends a lease: its keys are deleted, all at one revision. */
export interface LeaseRevokeRequest {
  readonly kind: 'leaseRevoke';
  readonly id: bigint;
}

/** Renews leases: each lives for its whole time from now on. */
export interface LeaseKeepAliveRequest {
  readonly kind: 'leaseKeepAlive';
  readonly ids: readonly bigint[];
}

/**
 * Moves the time that leases live by, and ends those whose time is over: at most 1000, and about
 * 10 000 keys; what is left ends with the next tick. Proposed by the leader's server, and never by
 * a client.
 */
export interface LeaseTickRequest {
  readonly kind: 'leaseTick';
  /** How many ticks the proposer had applied. Not the number there is: the tick does nothing. */
  readonly after: number;
  /**
   * How long it is, by the proposer's monotonic clock, that it applied the last of those. More than
   * a day counts as one.
   */
  readonly elapsedMs: number;
}

/** What may be proposed. */
export type KvCommand =
  | PutRequest
  | DeleteRangeRequest
  | TxnRequest
  | CompactRequest
  | LeaseCommand;

/** Those that are about leases. */
export type LeaseCommand =
  | LeaseGrantRequest
  | LeaseRevokeRequest
  | LeaseKeepAliveRequest
  | LeaseTickRequest;

/**
 * `count` is of all keys in the range, before bounds and limit; `more` says that the limit left
 * some out.
 */
export interface RangeResult {
  readonly kind: 'range';
  readonly keyValues: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
  /** The store's revision when it answered, not the one asked for. */
  readonly revision: number;
}

/**
 * `previous` is null where there was no such key, or it was not asked for. `revision` is the new
 * one.
 */
export interface PutResult {
  readonly kind: 'put';
  readonly previous: KeyValue | null;
  readonly revision: number;
}

/**
 * `deleted` counts keys; `previous` is empty unless asked for. `revision` is a new one only when
 * something was deleted.
 */
export interface DeleteRangeResult {
  readonly kind: 'deleteRange';
  readonly deleted: number;
  readonly previous: readonly KeyValue[];
  readonly revision: number;
}

/**
 * One response an operation of the branch that was taken, in order. `revision` is a new one only
 * when something was written.
 */
export interface TxnResult {
  readonly kind: 'txn';
  readonly succeeded: boolean;
  readonly responses: readonly OperationResult[];
  readonly revision: number;
}

/** `revision` is the store's, which a compaction does not change. */
export interface CompactResult {
  readonly kind: 'compact';
  readonly revision: number;
}

/** `revision` is the store's, which a grant does not change. */
export interface LeaseGrantResult {
  readonly kind: 'leaseGrant';
  readonly id: bigint;
  readonly ttlSeconds: number;
  readonly revision: number;
}

/** `revision` is a new one only when the lease had keys. */
export interface LeaseRevokeResult {
  readonly kind: 'leaseRevoke';
  readonly revision: number;
}

/** For each id in order what was granted, in seconds; 0: there is no such lease. */
export interface LeaseKeepAliveResult {
  readonly kind: 'leaseKeepAlive';
  readonly ttlSeconds: readonly number[];
  readonly revision: number;
}

/** The leases that ended, in order; the keys of each were deleted at a revision of their own. */
export interface LeaseTickResult {
  readonly kind: 'leaseTick';
  readonly expired: readonly bigint[];
  readonly revision: number;
}

/** What an operation of a transaction answers; a refusal is of the whole transaction. */
export type OperationResult = RangeResult | PutResult | DeleteRangeResult | TxnResult;

/** Why a command or a read was refused; the state is unchanged. Deterministic, every one. */
export type KvRefusal =
  | 'emptyKey'
  | 'keyNotFound'
  | 'valueProvided'
  | 'leaseProvided'
  | 'leaseNotFound'
  | 'leaseExists'
  | 'leaseTtlTooLarge'
  | 'tooManyOperations'
  | 'duplicateKey'
  | 'emptyOperation'
  | 'compacted'
  | 'futureRevision'
  | 'malformed';

/** Nothing was changed. `revision` is the store's, as it was. */
export interface RefusedResult {
  readonly kind: 'refused';
  readonly refusal: KvRefusal;
  readonly revision: number;
}

/** What `apply` answers for one command. */
export type KvResult =
  | PutResult
  | DeleteRangeResult
  | TxnResult
  | CompactResult
  | LeaseGrantResult
  | LeaseRevokeResult
  | LeaseKeepAliveResult
  | LeaseTickResult
  | RefusedResult;
