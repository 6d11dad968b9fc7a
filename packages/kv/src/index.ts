// For users: a replicated key-value store, what it speaks, and how that is written down.
export { type Change, ChangeFeed } from './change-feed.ts';
export { decodeCommand } from './command-decoder.ts';
export { encodeCommand } from './command-encoder.ts';
export { History, type HistoryRecord } from './history.ts';
export { HistoryLoader } from './history-loader.ts';
export { KvError } from './kv-error.ts';
export { KvStateMachine, type KvStateMachineOptions } from './kv-state-machine.ts';
export { type KvStats, KvStore } from './kv-store.ts';
export { MAX_LEASE_TTL_SECONDS } from './lease/lease.ts';
export { LeaseTicker, type LeaseTickerOptions } from './lease/lease-ticker.ts';
export type { LeaseSchedule, LeaseStatus } from './lease/lease-view.ts';
export type {
  CompactRequest,
  CompactResult,
  Compare,
  CompareOperator,
  DeleteRangeRequest,
  DeleteRangeResult,
  EmptyOperation,
  KeyRange,
  KeyValue,
  KvCommand,
  KvRefusal,
  KvResult,
  LeaseCommand,
  LeaseGrantRequest,
  LeaseGrantResult,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResult,
  LeaseRevokeRequest,
  LeaseRevokeResult,
  LeaseTickRequest,
  LeaseTickResult,
  Operation,
  OperationResult,
  PutRequest,
  PutResult,
  RangeRequest,
  RangeResult,
  RefusedResult,
  SortOrder,
  SortTarget,
  TxnRequest,
  TxnResult,
} from './model.ts';
export type { OperationCounts } from './operation-counts.ts';
export { isReadOnly } from './txn.ts';
export { validate } from './validate.ts';
