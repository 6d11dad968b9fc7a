import { ByteReader } from './byte-reader.ts';
import * as format from './command-format.ts';
import { commandMalformed } from './kv-error.ts';
import type {
  Compare,
  DeleteRangeRequest,
  EmptyOperation,
  KvCommand,
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  Operation,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from './model.ts';

const EMPTY_OPERATION: EmptyOperation = { kind: 'empty' };

/**
 * @param bytes never changed afterwards: the command's keys and values are views of it
 * @returns a well-formed command, not necessarily a valid one (see `validate`)
 * @throws KvError KV_COMMAND_MALFORMED, and nothing else, for any bytes
 * @see command-format.ts for the layout
 */
export function decodeCommand(bytes: Uint8Array): KvCommand {
  const reader = new ByteReader(bytes, commandMalformed);
  const version = reader.byte();
  if (version !== format.FORMAT_VERSION) reader.fail(`unknown format version ${version}`);
  const command = readCommand(reader);
  reader.expectEnd();
  return command;
}

function readCommand(reader: ByteReader): KvCommand {
  const kind = reader.byte();
  switch (kind) {
    case format.KIND_PUT:
      return readPut(reader);
    case format.KIND_DELETE_RANGE:
      return readDeleteRange(reader);
    case format.KIND_TXN:
      return readTxn(reader, 1);
    case format.KIND_COMPACT:
      return { kind: 'compact', revision: reader.signed() };
    case format.KIND_LEASE_GRANT:
      return readLeaseGrant(reader);
    case format.KIND_LEASE_REVOKE:
      return { kind: 'leaseRevoke', id: reader.int64() };
    case format.KIND_LEASE_KEEP_ALIVE:
      return readLeaseKeepAlive(reader);
    case format.KIND_LEASE_TICK:
      return { kind: 'leaseTick', after: reader.varint(), elapsedMs: reader.varint() };
    default:
      return reader.fail(`${kind} is no kind of command`);
  }
}

function readLeaseGrant(reader: ByteReader): LeaseGrantRequest {
  const id = reader.int64();
  const ttlSeconds = reader.varint();
  if (ttlSeconds === 0) reader.fail('a lease without time to live');
  return { kind: 'leaseGrant', id, ttlSeconds };
}

function readLeaseKeepAlive(reader: ByteReader): LeaseKeepAliveRequest {
  const ids: bigint[] = [];
  for (let left = readCount(reader); left > 0; left--) ids.push(reader.int64());
  return { kind: 'leaseKeepAlive', ids };
}

function readOperation(reader: ByteReader, depth: number): Operation {
  const kind = reader.byte();
  switch (kind) {
    case format.KIND_EMPTY:
      return EMPTY_OPERATION;
    case format.KIND_PUT:
      return readPut(reader);
    case format.KIND_DELETE_RANGE:
      return readDeleteRange(reader);
    case format.KIND_TXN:
      return readTxn(reader, depth);
    case format.KIND_RANGE:
      return readRange(reader);
    default:
      return reader.fail(`${kind} is no kind of operation`);
  }
}

function readFlags(reader: ByteReader, known: number): number {
  const flags = reader.byte();
  if ((flags & ~known) !== 0) reader.fail(`unknown flags ${flags & ~known}`);
  return flags;
}

const PUT_FLAGS =
  format.FLAG_PREV_KV | format.FLAG_IGNORE_VALUE | format.FLAG_IGNORE_LEASE | format.FLAG_LEASE;

function readPut(reader: ByteReader): PutRequest {
  const flags = readFlags(reader, PUT_FLAGS);
  const lease = flags & format.FLAG_LEASE ? reader.int64() : 0n;
  const key = reader.blob();
  return {
    kind: 'put',
    key,
    value: reader.blob(),
    lease,
    prevKv: (flags & format.FLAG_PREV_KV) !== 0,
    ignoreValue: (flags & format.FLAG_IGNORE_VALUE) !== 0,
    ignoreLease: (flags & format.FLAG_IGNORE_LEASE) !== 0,
  };
}

function readDeleteRange(reader: ByteReader): DeleteRangeRequest {
  const flags = readFlags(reader, format.FLAG_PREV_KV);
  return {
    kind: 'deleteRange',
    key: reader.blob(),
    rangeEnd: reader.blob(),
    prevKv: (flags & format.FLAG_PREV_KV) !== 0,
  };
}

const RANGE_FLAGS = format.FLAG_KEYS_ONLY | format.FLAG_COUNT_ONLY | format.FLAG_BOUNDS;

function readRange(reader: ByteReader): RangeRequest {
  const flags = readFlags(reader, RANGE_FLAGS);
  const sort = reader.byte();
  const sortOrder = format.SORT_ORDERS[sort & 15];
  const sortTarget = format.SORT_TARGETS[sort >>> 4];
  if (sortOrder === undefined || sortTarget === undefined) reader.fail(`unknown sort ${sort}`);
  const key = reader.blob();
  const rangeEnd = reader.blob();
  const limit = reader.signed();
  const revision = reader.signed();
  const bounded = (flags & format.FLAG_BOUNDS) !== 0;
  return {
    kind: 'range',
    key,
    rangeEnd,
    limit,
    revision,
    sortOrder,
    sortTarget,
    keysOnly: (flags & format.FLAG_KEYS_ONLY) !== 0,
    countOnly: (flags & format.FLAG_COUNT_ONLY) !== 0,
    minModRevision: bounded ? reader.signed() : 0,
    maxModRevision: bounded ? reader.signed() : 0,
    minCreateRevision: bounded ? reader.signed() : 0,
    maxCreateRevision: bounded ? reader.signed() : 0,
  };
}

function readTxn(reader: ByteReader, depth: number): TxnRequest {
  if (depth > format.MAX_NESTING) reader.fail(`nested deeper than ${format.MAX_NESTING}`);
  const compares: Compare[] = [];
  for (let left = readCount(reader); left > 0; left--) compares.push(readCompare(reader));
  const success = readOperations(reader, depth + 1);
  const failure = readOperations(reader, depth + 1);
  return { kind: 'txn', compares, success, failure };
}

function readOperations(reader: ByteReader, depth: number): Operation[] {
  const operations: Operation[] = [];
  for (let left = readCount(reader); left > 0; left--) {
    operations.push(readOperation(reader, depth));
  }
  return operations;
}

/** Every member takes a byte or more, so a count above what is left is a lie. */
function readCount(reader: ByteReader): number {
  const count = reader.varint();
  if (count > reader.remaining) {
    reader.fail(`a list of ${count} announced, ${reader.remaining} bytes left`);
  }
  return count;
}

function readCompare(reader: ByteReader): Compare {
  const packed = reader.byte();
  const operator = format.OPERATORS[packed & 15];
  const target = format.COMPARE_TARGETS[packed >>> 4];
  if (operator === undefined || target === undefined) reader.fail(`unknown compare ${packed}`);
  const key = reader.blob();
  const rangeEnd = reader.blob();
  return { key, rangeEnd, operator, operand: readOperand(reader, target) };
}

function readOperand(reader: ByteReader, target: Compare['operand']['target']): Compare['operand'] {
  switch (target) {
    case 'value':
      return { target, value: reader.blob() };
    case 'lease':
      return { target, value: reader.int64() };
    default:
      return { target, value: reader.signed() };
  }
}
