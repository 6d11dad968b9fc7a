import type {
  Compare,
  CompareOperator,
  DeleteRangeRequest,
  Operation,
  PutRequest,
  RangeRequest,
  SortOrder,
  SortTarget,
  TxnRequest,
} from '@quorate/kv';
import { etcd } from '@quorate/schema';
import { type RpcError, rpcErrors, StatusCode } from './rpc-error.ts';

const noBytes = new Uint8Array(0);

// By their numbers on the wire.
const sortOrders: readonly SortOrder[] = ['none', 'ascend', 'descend'];
const sortTargets: readonly SortTarget[] = ['key', 'version', 'create', 'mod', 'value'];
const operators: readonly CompareOperator[] = ['equal', 'greater', 'less', 'notEqual'];

const compareTargetInvalid: RpcError = {
  code: StatusCode.invalidArgument,
  message: 'etcdserver: invalid compare target',
};

/** @returns why `wire` cannot be said in the store's words, or null: then `rangeFromWire` can */
export function refuseRange(wire: etcd.RangeRequest): RpcError | null {
  const known = sortOrders[wire.sortOrder] !== undefined;
  if (known && sortTargets[wire.sortTarget] !== undefined) return null;
  return rpcErrors.sortOptionInvalid;
}

/** As `refuseRange`, for a transaction and all inside it. */
export function refuseTxn(wire: etcd.TxnRequest): RpcError | null {
  for (const { target } of wire.compare) {
    if (target < 0 || target > etcd.CompareTarget.LEASE) return compareTargetInvalid;
  }
  return refuseOperations(wire.success) ?? refuseOperations(wire.failure);
}

function refuseOperations(operations: readonly etcd.RequestOp[]): RpcError | null {
  for (const { requestRange, requestTxn } of operations) {
    const refusal =
      (requestRange === null ? null : refuseRange(requestRange)) ??
      (requestTxn === null ? null : refuseTxn(requestTxn));
    if (refusal !== null) return refusal;
  }
  return null;
}

export function rangeFromWire(wire: etcd.RangeRequest): RangeRequest {
  return {
    kind: 'range',
    key: wire.key,
    rangeEnd: wire.rangeEnd,
    limit: wire.limit,
    revision: wire.revision,
    sortOrder: sortOrders[wire.sortOrder] ?? 'none',
    sortTarget: sortTargets[wire.sortTarget] ?? 'key',
    keysOnly: wire.keysOnly,
    countOnly: wire.countOnly,
    minModRevision: wire.minModRevision,
    maxModRevision: wire.maxModRevision,
    minCreateRevision: wire.minCreateRevision,
    maxCreateRevision: wire.maxCreateRevision,
  };
}

export function putFromWire(wire: etcd.PutRequest): PutRequest {
  const { key, value, lease, prevKv, ignoreValue, ignoreLease } = wire;
  return { kind: 'put', key, value, lease, prevKv, ignoreValue, ignoreLease };
}

export function deleteRangeFromWire(wire: etcd.DeleteRangeRequest): DeleteRangeRequest {
  return { kind: 'deleteRange', key: wire.key, rangeEnd: wire.rangeEnd, prevKv: wire.prevKv };
}

/** `refuseTxn` must have found nothing. */
export function txnFromWire(wire: etcd.TxnRequest): TxnRequest {
  return {
    kind: 'txn',
    compares: wire.compare.map(compareFromWire),
    success: wire.success.map(operationFromWire),
    failure: wire.failure.map(operationFromWire),
  };
}

function operationFromWire(wire: etcd.RequestOp): Operation {
  if (wire.requestRange !== null) return rangeFromWire(wire.requestRange);
  if (wire.requestPut !== null) return putFromWire(wire.requestPut);
  if (wire.requestTxn !== null) return txnFromWire(wire.requestTxn);
  if (wire.requestDeleteRange !== null) return deleteRangeFromWire(wire.requestDeleteRange);
  return { kind: 'empty' };
}

function compareFromWire(wire: etcd.Compare): Compare {
  const operator = operators[wire.result] ?? 'unknown';
  return { key: wire.key, rangeEnd: wire.rangeEnd, operator, operand: operandFromWire(wire) };
}

/** What is compared with when the union holds another member than the target's: nothing, or 0. */
function operandFromWire(wire: etcd.Compare): Compare['operand'] {
  switch (wire.target) {
    case etcd.CompareTarget.CREATE:
      return { target: 'create', value: wire.createRevision ?? 0 };
    case etcd.CompareTarget.MOD:
      return { target: 'mod', value: wire.modRevision ?? 0 };
    case etcd.CompareTarget.VALUE:
      return { target: 'value', value: wire.value ?? noBytes };
    case etcd.CompareTarget.LEASE:
      return { target: 'lease', value: wire.lease ?? 0n };
    default:
      return { target: 'version', value: wire.version ?? 0 };
  }
}

/** Whether every read in a read-only transaction may be answered from a state that is behind. */
export function isSerializable(wire: etcd.TxnRequest): boolean {
  return [...wire.success, ...wire.failure].every(
    ({ requestRange, requestTxn }) =>
      requestRange?.serializable === true || (requestTxn !== null && isSerializable(requestTxn)),
  );
}
