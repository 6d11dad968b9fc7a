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

export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** 0n: none. */
  readonly lease: bigint;
}

export type SortOrder = 'none' | 'ascend' | 'descend';
export type SortTarget = 'key' | 'version' | 'create' | 'mod' | 'value';

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

export interface PutRequest {
  readonly kind: 'put';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease: bigint;
  readonly prevKv: boolean;
  readonly ignoreValue: boolean;
  readonly ignoreLease: boolean;
}

export interface DeleteRangeRequest extends KeyRange {
  readonly kind: 'deleteRange';
  readonly prevKv: boolean;
}

export type CompareOperator = 'equal' | 'greater' | 'less' | 'notEqual' | 'unknown';

export interface Compare extends KeyRange {
  readonly operator: CompareOperator;
  readonly operand:
    | { readonly target: 'version' | 'create' | 'mod'; readonly value: number }
    | { readonly target: 'lease'; readonly value: bigint }
    | { readonly target: 'value'; readonly value: Uint8Array };
}

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

export type Operation =
  | RangeRequest
  | PutRequest
  | DeleteRangeRequest
  | TxnRequest
  | EmptyOperation;

export interface CompactRequest {
  readonly kind: 'compact';
  readonly revision: number;
}

/** What may be proposed. */
export type KvCommand = PutRequest | DeleteRangeRequest | TxnRequest | CompactRequest;

export interface RangeResult {
  readonly kind: 'range';
  readonly keyValues: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
  /** The store's revision when it answered, not the one asked for. */
  readonly revision: number;
}

export interface PutResult {
  readonly kind: 'put';
  readonly previous: KeyValue | null;
  readonly revision: number;
}

export interface DeleteRangeResult {
  readonly kind: 'deleteRange';
  readonly deleted: number;
  readonly previous: readonly KeyValue[];
  readonly revision: number;
}

export interface TxnResult {
  readonly kind: 'txn';
  readonly succeeded: boolean;
  readonly responses: readonly OperationResult[];
  readonly revision: number;
}

export interface CompactResult {
  readonly kind: 'compact';
  readonly revision: number;
}

export type OperationResult = RangeResult | PutResult | DeleteRangeResult | TxnResult;

/** Why a command or a read was refused; the state is unchanged. Deterministic, every one. */
export type KvRefusal =
  | 'emptyKey'
  | 'keyNotFound'
  | 'valueProvided'
  | 'leaseProvided'
  | 'leaseNotFound'
  | 'tooManyOperations'
  | 'duplicateKey'
  | 'emptyOperation'
  | 'compacted'
  | 'futureRevision'
  | 'malformed';

export interface RefusedResult {
  readonly kind: 'refused';
  readonly refusal: KvRefusal;
  readonly revision: number;
}

/** What `apply` answers for one command. */
export type KvResult = PutResult | DeleteRangeResult | TxnResult | CompactResult | RefusedResult;
