import { unreachable } from '@quorate/base';
import type {
  DeleteRangeResult,
  KvRefusal,
  OperationResult,
  PutResult,
  RangeResult,
  TxnResult,
} from '@quorate/kv';
import type { etcd, Init } from '@quorate/schema';
import { type RpcError, rpcErrors, StatusCode } from './rpc-error.ts';

/** Of a nested transaction: there, but empty. */
const emptyHeader: Init<etcd.ResponseHeader> = {};

// The store's key-value pair has the names and types of the wire's, so pairs pass as they are.

export function rangeToWire(result: RangeResult): Init<etcd.RangeResponse> {
  return { kvs: result.keyValues, more: result.more, count: result.count };
}

export function putToWire(result: PutResult): Init<etcd.PutResponse> {
  return { prevKv: result.previous };
}

export function deleteRangeToWire(result: DeleteRangeResult): Init<etcd.DeleteRangeResponse> {
  return { deleted: result.deleted, prevKvs: result.previous };
}

export function txnToWire(result: TxnResult): Init<etcd.TxnResponse> {
  return { succeeded: result.succeeded, responses: result.responses.map(operationToWire) };
}

/** Inside a transaction a header says the revision and nothing of the server. */
function operationToWire(result: OperationResult): Init<etcd.ResponseOp> {
  const header = { revision: result.revision };
  switch (result.kind) {
    case 'range':
      return { responseRange: { header, ...rangeToWire(result) } };
    case 'put':
      return { responsePut: { header, ...putToWire(result) } };
    case 'deleteRange':
      return { responseDeleteRange: { header, ...deleteRangeToWire(result) } };
    case 'txn':
      return { responseTxn: { header: emptyHeader, ...txnToWire(result) } };
    default:
      return unreachable(result);
  }
}

/** The log holds something that this version cannot read. */
export const malformedCommand: RpcError = {
  code: StatusCode.internal,
  message: 'etcdserver: malformed command',
};

const refusals: Record<KvRefusal, RpcError> = {
  emptyKey: rpcErrors.keyNotProvided,
  keyNotFound: rpcErrors.keyNotFound,
  valueProvided: rpcErrors.valueProvided,
  leaseProvided: rpcErrors.leaseProvided,
  leaseNotFound: rpcErrors.leaseNotFound,
  leaseExists: rpcErrors.leaseExists,
  leaseTtlTooLarge: rpcErrors.leaseTtlTooLarge,
  tooManyOperations: rpcErrors.tooManyOperations,
  duplicateKey: rpcErrors.duplicateKey,
  emptyOperation: rpcErrors.keyNotFound,
  compacted: rpcErrors.compacted,
  futureRevision: rpcErrors.futureRevision,
  malformed: malformedCommand,
};

export function rpcErrorOfRefusal(refusal: KvRefusal): RpcError {
  return refusals[refusal];
}
