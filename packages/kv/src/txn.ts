import { assert, compareBytes, unreachable } from '@quorate/base';
import { isSingleKey, keyInterval } from './key-range.ts';
import type {
  Compare,
  KvRefusal,
  Operation,
  OperationResult,
  TxnRequest,
  TxnResult,
} from './model.ts';
import type { StoredVersion } from './stored-version.ts';
import { valueBytes } from './value-arena.ts';
import type { VersionStore } from './version-store.ts';
import type { WriteTransaction } from './write-transaction.ts';

/** Which way a transaction goes, and every nested one on that way. */
export interface TxnPlan {
  readonly succeeded: boolean;
  readonly operations: readonly Operation[];
  /** One for each nested transaction in `operations`, in order. */
  readonly nested: readonly TxnPlan[];
}

/** True when neither branch can write: such a transaction needs no place in the log. */
export function isReadOnly(txn: TxnRequest): boolean {
  return txn.success.every(isReadOnlyOperation) && txn.failure.every(isReadOnlyOperation);
}

function isReadOnlyOperation(operation: Operation): boolean {
  return operation.kind === 'range' || (operation.kind === 'txn' && isReadOnly(operation));
}

/** Evaluates all compares, nested ones too, against the state before the transaction. */
export function planTxn(versions: VersionStore, txn: TxnRequest): TxnPlan {
  const succeeded = txn.compares.every((compare) => holds(versions, compare));
  const operations = succeeded ? txn.success : txn.failure;
  const nested: TxnPlan[] = [];
  for (const operation of operations) {
    if (operation.kind === 'txn') nested.push(planTxn(versions, operation));
  }
  return { succeeded, operations, nested };
}

/** What a transaction's operations are checked against. */
export interface CheckContext {
  readonly versions: VersionStore;
  readonly revision: number;
  readonly leaseExists: (id: bigint) => boolean;
}

/**
 * Looks for an operation on the way that would be refused, before anything is written. Looking at
 * the state before the transaction is enough: no key is written twice in one (see txn-overlap.ts),
 * so no operation can create or remove the key that another one depends on.
 */
export function checkPlan(context: CheckContext, plan: TxnPlan): KvRefusal | null {
  // All puts, at any depth, come before all reads: clients are told of the first that fails.
  return checkKind('put', context, plan) ?? checkKind('range', context, plan);
}

function checkKind(kind: 'put' | 'range', context: CheckContext, plan: TxnPlan): KvRefusal | null {
  let nested = 0;
  for (const operation of plan.operations) {
    const refusal =
      operation.kind === 'txn'
        ? checkKind(kind, context, plan.nested[nested++] as TxnPlan)
        : operation.kind === kind
          ? checkOperation(context, operation)
          : null;
    if (refusal !== null) return refusal;
  }
  return null;
}

function checkOperation(context: CheckContext, operation: Operation): KvRefusal | null {
  if (operation.kind === 'range') {
    // Unlike in a read of its own, a negative revision here is a revision, and long gone.
    if (operation.revision === 0) return null;
    if (operation.revision > context.revision) return 'futureRevision';
    return operation.revision < context.versions.compactedRevision ? 'compacted' : null;
  }
  if (operation.kind !== 'put') return null;
  if (operation.ignoreValue || operation.ignoreLease) {
    if (!context.versions.find(operation.key)?.live) return 'keyNotFound';
  }
  const known = operation.lease === 0n || context.leaseExists(operation.lease);
  return known ? null : 'leaseNotFound';
}

export function runPlan(writes: WriteTransaction, plan: TxnPlan): TxnResult {
  const responses: OperationResult[] = [];
  let nested = 0;
  for (const operation of plan.operations) {
    switch (operation.kind) {
      case 'range':
        responses.push(writes.range(operation));
        break;
      case 'put':
        responses.push(writes.put(operation));
        break;
      case 'deleteRange':
        responses.push(writes.deleteRange(operation));
        break;
      case 'txn':
        responses.push(runPlan(writes, plan.nested[nested++] as TxnPlan));
        break;
      case 'empty':
        assert(false, 'an empty operation was refused before');
        break;
      default:
        unreachable(operation);
    }
  }
  return { kind: 'txn', succeeded: plan.succeeded, responses, revision: writes.revision };
}

function holds(versions: VersionStore, compare: Compare): boolean {
  if (isSingleKey(compare)) {
    const entry = versions.find(compare.key);
    return entry?.live ? holdsFor(compare, entry.latest) : holdsForMissing(compare);
  }
  let any = false;
  let all = true;
  const interval = keyInterval(compare);
  versions.scan({ interval, descending: false, skipDead: true }, (entry) => {
    if (!entry.live) return true;
    any = true;
    all = holdsFor(compare, entry.latest);
    return all;
  });
  return any ? all : holdsForMissing(compare);
}

function holdsFor(compare: Compare, version: StoredVersion): boolean {
  const { operand } = compare;
  switch (operand.target) {
    case 'version':
      return accepts(compare, version.version - operand.value);
    case 'create':
      return accepts(compare, version.createRevision - operand.value);
    case 'mod':
      return accepts(compare, version.modRevision - operand.value);
    case 'value':
      return accepts(compare, compareBytes(valueBytes(version), operand.value));
    case 'lease':
      return accepts(compare, compareLeases(version.lease, operand.value));
    default:
      return unreachable(operand);
  }
}

/** A missing key has zeros for numbers; there is no value that its value could be compared with. */
function holdsForMissing(compare: Compare): boolean {
  const { operand } = compare;
  if (operand.target === 'value') return false;
  if (operand.target === 'lease') return accepts(compare, compareLeases(0n, operand.value));
  return accepts(compare, 0 - operand.value);
}

function compareLeases(a: bigint, b: bigint): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** @param difference what is stored minus the operand */
function accepts(compare: Compare, difference: number): boolean {
  switch (compare.operator) {
    case 'equal':
      return difference === 0;
    case 'notEqual':
      return difference !== 0;
    case 'greater':
      return difference > 0;
    case 'less':
      return difference < 0;
    case 'unknown':
      return true;
    default:
      return unreachable(compare.operator);
  }
}
