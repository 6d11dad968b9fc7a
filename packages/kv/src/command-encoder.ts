import { unreachable } from '@quorate/base';
import { ByteWriter } from './byte-writer.ts';
import * as format from './command-format.ts';
import { commandMalformed } from './kv-error.ts';
import type {
  Compare,
  DeleteRangeRequest,
  KvCommand,
  Operation,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from './model.ts';

// One writer for all: encoding is synchronous and never re-entered, and the result is a copy.
const writer = new ByteWriter();

/**
 * @param command numbers must be safe integers and leases fit 64 bits signed; it need not be valid
 * @returns its binary form in an array of exactly that size
 * @throws KvError KV_COMMAND_MALFORMED when transactions are nested deeper than any valid one
 * @see command-format.ts for the layout
 */
export function encodeCommand(command: KvCommand): Uint8Array {
  writer.clear();
  writer.byte(format.FORMAT_VERSION);
  writeCommand(command);
  return writer.take(writer.length);
}

function writeCommand(command: KvCommand): void {
  switch (command.kind) {
    case 'compact':
      writer.byte(format.KIND_COMPACT);
      return writer.signed(command.revision);
    case 'leaseGrant':
      writer.byte(format.KIND_LEASE_GRANT);
      writer.int64(command.id);
      return writer.varint(command.ttlSeconds);
    case 'leaseRevoke':
      writer.byte(format.KIND_LEASE_REVOKE);
      return writer.int64(command.id);
    case 'leaseKeepAlive':
      writer.byte(format.KIND_LEASE_KEEP_ALIVE);
      writer.varint(command.ids.length);
      for (const id of command.ids) writer.int64(id);
      return undefined;
    case 'leaseTick':
      writer.byte(format.KIND_LEASE_TICK);
      writer.varint(command.after);
      return writer.varint(command.elapsedMs);
    default:
      return writeOperation(command, 1);
  }
}

function writeOperation(operation: Operation, depth: number): void {
  switch (operation.kind) {
    case 'put':
      return writePut(operation);
    case 'deleteRange':
      return writeDeleteRange(operation);
    case 'range':
      return writeRange(operation);
    case 'txn':
      return writeTxn(operation, depth);
    case 'empty':
      return writer.byte(format.KIND_EMPTY);
    default:
      return unreachable(operation);
  }
}

function writePut(put: PutRequest): void {
  const leased = put.lease !== 0n;
  writer.byte(format.KIND_PUT);
  writer.byte(
    (put.prevKv ? format.FLAG_PREV_KV : 0) |
      (put.ignoreValue ? format.FLAG_IGNORE_VALUE : 0) |
      (put.ignoreLease ? format.FLAG_IGNORE_LEASE : 0) |
      (leased ? format.FLAG_LEASE : 0),
  );
  if (leased) writer.int64(put.lease);
  writer.blob(put.key);
  writer.blob(put.value);
}

function writeDeleteRange(request: DeleteRangeRequest): void {
  writer.byte(format.KIND_DELETE_RANGE);
  writer.byte(request.prevKv ? format.FLAG_PREV_KV : 0);
  writer.blob(request.key);
  writer.blob(request.rangeEnd);
}

function writeRange(range: RangeRequest): void {
  const bounded =
    range.minModRevision !== 0 ||
    range.maxModRevision !== 0 ||
    range.minCreateRevision !== 0 ||
    range.maxCreateRevision !== 0;
  writer.byte(format.KIND_RANGE);
  writer.byte(
    (range.keysOnly ? format.FLAG_KEYS_ONLY : 0) |
      (range.countOnly ? format.FLAG_COUNT_ONLY : 0) |
      (bounded ? format.FLAG_BOUNDS : 0),
  );
  writer.byte(
    format.SORT_ORDERS.indexOf(range.sortOrder) |
      (format.SORT_TARGETS.indexOf(range.sortTarget) << 4),
  );
  writer.blob(range.key);
  writer.blob(range.rangeEnd);
  writer.signed(range.limit);
  writer.signed(range.revision);
  if (!bounded) return;
  writer.signed(range.minModRevision);
  writer.signed(range.maxModRevision);
  writer.signed(range.minCreateRevision);
  writer.signed(range.maxCreateRevision);
}

function writeTxn(txn: TxnRequest, depth: number): void {
  if (depth > format.MAX_NESTING) {
    commandMalformed(`nested deeper than ${format.MAX_NESTING}`, writer.length);
  }
  writer.byte(format.KIND_TXN);
  writer.varint(txn.compares.length);
  for (const compare of txn.compares) writeCompare(compare);
  writer.varint(txn.success.length);
  for (const operation of txn.success) writeOperation(operation, depth + 1);
  writer.varint(txn.failure.length);
  for (const operation of txn.failure) writeOperation(operation, depth + 1);
}

function writeCompare(compare: Compare): void {
  const { operand } = compare;
  writer.byte(
    format.OPERATORS.indexOf(compare.operator) |
      (format.COMPARE_TARGETS.indexOf(operand.target) << 4),
  );
  writer.blob(compare.key);
  writer.blob(compare.rangeEnd);
  switch (operand.target) {
    case 'value':
      return writer.blob(operand.value);
    case 'lease':
      return writer.int64(operand.value);
    default:
      return writer.signed(operand.value);
  }
}
