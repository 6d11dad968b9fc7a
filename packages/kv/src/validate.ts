import { unreachable } from '@quorate/base';
import { MAX_OPERATIONS } from './command-format.ts';
import { MAX_LEASE_TTL_SECONDS } from './lease/lease.ts';
import type {
  KvCommand,
  KvRefusal,
  Operation,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from './model.ts';
import { hasWriteOverlap } from './txn-overlap.ts';

/**
 * Says what can be said against a request without looking at the store. Servers call it before they
 * propose; the state machine calls it again, because what is in a log must not be trusted either.
 *
 * The checks come in a fixed order, and the first that fails gives the answer: the shape of every
 * operation, depth first, and only then keys that are written twice.
 *
 * @param maxOperations in one list of a transaction
 * @returns the refusal, or null when the request may be tried
 */
export function validate(
  request: KvCommand | RangeRequest,
  maxOperations: number = MAX_OPERATIONS,
): KvRefusal | null {
  switch (request.kind) {
    case 'compact':
    case 'leaseRevoke':
    case 'leaseKeepAlive':
    case 'leaseTick':
      return null;
    case 'leaseGrant':
      return request.ttlSeconds > MAX_LEASE_TTL_SECONDS ? 'leaseTtlTooLarge' : null;
    default:
      return validateWhole(request, maxOperations);
  }
}

function validateWhole(request: Operation, maxOperations: number): KvRefusal | null {
  const refusal = validateOperation(request, maxOperations);
  if (refusal !== null || request.kind !== 'txn') return refusal;
  if (hasWriteOverlap(request.success) || hasWriteOverlap(request.failure)) return 'duplicateKey';
  return null;
}

function validateOperation(operation: Operation, operationsLeft: number): KvRefusal | null {
  switch (operation.kind) {
    case 'put':
      return validatePut(operation);
    case 'range':
    case 'deleteRange':
      return operation.key.length === 0 ? 'emptyKey' : null;
    case 'txn':
      return validateTxn(operation, operationsLeft);
    case 'empty':
      return 'emptyOperation';
    default:
      return unreachable(operation);
  }
}

function validatePut(put: PutRequest): KvRefusal | null {
  if (put.key.length === 0) return 'emptyKey';
  if (put.ignoreValue && put.value.length > 0) return 'valueProvided';
  if (put.ignoreLease && put.lease !== 0n) return 'leaseProvided';
  return null;
}

/** Each level uses up at least one of `operationsLeft`; how deep they nest the codecs bound. */
function validateTxn(txn: TxnRequest, operationsLeft: number): KvRefusal | null {
  const { compares, success, failure } = txn;
  const longest = Math.max(compares.length, success.length, failure.length);
  if (longest > operationsLeft) return 'tooManyOperations';
  for (const compare of compares) {
    if (compare.key.length === 0) return 'emptyKey';
  }
  for (const branch of [success, failure]) {
    for (const operation of branch) {
      const refusal = validateOperation(operation, operationsLeft - longest);
      if (refusal !== null) return refusal;
    }
  }
  return null;
}
