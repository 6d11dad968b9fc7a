// For users: a replicated key-value store, what it speaks, and how that is written down.
export { decodeCommand } from './command-decoder.ts';
export { encodeCommand } from './command-encoder.ts';
export { KvError } from './kv-error.ts';
export { KvStateMachine, type KvStateMachineOptions } from './kv-state-machine.ts';
export { type KvStats, KvStore, type LeaseExists } from './kv-store.ts';
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
export { isReadOnly } from './txn.ts';
export { validate } from './validate.ts';
