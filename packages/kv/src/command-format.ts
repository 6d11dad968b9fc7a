/**
 * The binary form of a command: one byte of format version, then one operation. Primitives as in
 * `ByteWriter`; `lease` is an int64; a list is its length as a varint, then its members.
 *
 *     operation   = kind:byte body
 *     empty       (kind 0, in a txn only)
 *     put         (kind 1)  flags:byte [lease] key:blob value:blob
 *                 flags: 1 prevKv, 2 ignoreValue, 4 ignoreLease, 8 lease follows
 *     deleteRange (kind 2)  flags:byte key:blob rangeEnd:blob
 *                 flags: 1 prevKv
 *     txn         (kind 3)  compares:list success:list failure:list
 *     compact     (kind 4, at the top only)  revision:signed
 *     range       (kind 5, in a txn only)  flags:byte sort:byte key:blob rangeEnd:blob
 *                 limit:signed revision:signed [minMod maxMod minCreate maxCreate, each signed]
 *                 flags: 1 keysOnly, 2 countOnly, 4 the four bounds follow; the position of
 *                 the sort order in its list + 16 times that of the target
 *     leaseGrant     (kind 6, at the top only)  id:int64 ttlSeconds:varint, at least 1
 *     leaseRevoke    (kind 7, at the top only)  id:int64
 *     leaseKeepAlive (kind 8, at the top only)  ids:list of int64
 *     leaseTick      (kind 9, at the top only)  after:varint elapsedMs:varint
 *     compare     = operator:byte key:blob rangeEnd:blob operand
 *                 the position of the operator + 16 times that of the target; operand is signed
 *                 for version, create and mod, an int64 for lease, a blob for value
 *
 * Bits and positions without a meaning are refused, so that a later version may give them one. A
 * size limit is the log's business; here everything is bounded by the bytes there are.
 */
import type { Compare, CompareOperator, SortOrder, SortTarget } from './model.ts';

export const FORMAT_VERSION = 1;

export const KIND_EMPTY = 0;
export const KIND_PUT = 1;
export const KIND_DELETE_RANGE = 2;
export const KIND_TXN = 3;
export const KIND_COMPACT = 4;
export const KIND_RANGE = 5;
export const KIND_LEASE_GRANT = 6;
export const KIND_LEASE_REVOKE = 7;
export const KIND_LEASE_KEEP_ALIVE = 8;
export const KIND_LEASE_TICK = 9;

export const FLAG_PREV_KV = 1;
export const FLAG_IGNORE_VALUE = 2;
export const FLAG_IGNORE_LEASE = 4;
export const FLAG_LEASE = 8;

export const FLAG_KEYS_ONLY = 1;
export const FLAG_COUNT_ONLY = 2;
export const FLAG_BOUNDS = 4;

export const SORT_ORDERS: readonly SortOrder[] = ['none', 'ascend', 'descend'];
export const SORT_TARGETS: readonly SortTarget[] = ['key', 'version', 'create', 'mod', 'value'];
export const OPERATORS: readonly CompareOperator[] = [
  'equal',
  'greater',
  'less',
  'notEqual',
  'unknown',
];
export const COMPARE_TARGETS: readonly Compare['operand']['target'][] = [
  'version',
  'create',
  'mod',
  'value',
  'lease',
];

/**
 * The most operations in one list of a transaction, unless a server allows more. A nested
 * transaction may have what its parent's longest list leaves.
 */
export const MAX_OPERATIONS = 128;

/** What no server may go beyond: a log may hold as many. */
export const MOST_OPERATIONS = 65_536;

/** Checked by the codec, so that no input can exhaust the stack. */
export const MAX_NESTING = MAX_OPERATIONS + 1;

/** What one tick counts at most, a day: no log has so many that their sum is no safe integer. */
export const MAX_TICK_MS = 24 * 60 * 60 * 1000;
